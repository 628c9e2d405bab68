/**
 * A lock file that names the processes behind it. It counts while one of them lives, so that a process that was
 * killed leaves nothing that has to be removed by hand.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export interface Lock extends Disposable {
  /** Keeps the lock held for as long as `pid` lives, too. */
  alsoFor(pid: number): void;
}

/** The lock at `path`, or `undefined` while a living process holds it. */
export function tryLock(path: string): Lock | undefined {
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${path}.${process.pid}`;
  const holders = [holderOf(process.pid)];
  const write = (): void =>
    writeFileSync(mine, holders.map(({ pid, since }) => `${pid} ${since}`).join("\n"));
  write();
  try {
    if (!claim(path, mine)) return undefined;
  } finally {
    rmSync(mine, { force: true });
  }
  return {
    alsoFor(pid) {
      holders.push(holderOf(pid));
      write();
      renameSync(mine, path);
    },
    [Symbol.dispose]() {
      rmSync(path, { force: true });
    },
  };
}

/** Whether a process of that id runs, ours or another user's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** A hard link appears with its content in one step, and fails if the name is taken. */
function claim(path: string, mine: string): boolean {
  for (let attempt = 0; attempt < 3; attempt++) {
    if (linked(mine, path)) return true;
    const holders = readHolders(path);
    if (holders === undefined) continue; // released in between
    if (holders.some(holds)) return false;
    putAside(path, `${mine}.stale`, holders);
  }
  return false;
}

/** Removes a stale lock, but not a fresh one that took its place since it was read. */
function putAside(path: string, aside: string, holders: readonly Holder[]): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  const moved = readHolders(aside);
  if (moved !== undefined && JSON.stringify(moved) !== JSON.stringify(holders)) linked(aside, path);
  rmSync(aside, { force: true });
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** What cannot be read holds nothing: a process that was killed may leave an empty file. */
function readHolders(path: string): readonly Holder[] | undefined {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(" "))
      .map(([pid = "", since = ""]) => ({ pid: Number.parseInt(pid, 10), since }))
      .filter(({ pid }) => pid > 0);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Ids of processes come again, in containers after each start: the time of the start tells them apart. */
interface Holder {
  readonly pid: number;
  /** In ticks since the machine started; empty where there is no `/proc`. */
  readonly since: string;
}

function holderOf(pid: number): Holder {
  return { pid, since: startOf(pid) };
}

function holds({ pid, since }: Holder): boolean {
  if (!isAlive(pid)) return false;
  const now = startOf(pid);
  return since === "" || now === "" || since === now;
}

/** Field 22 of `/proc/PID/stat` (proc(5)), counted behind the name, which may hold anything. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return ""; // no such process, or no /proc
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
