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
  const pids = [process.pid];
  const write = (): void => writeFileSync(mine, pids.join("\n"));
  write();
  try {
    if (!claim(path, mine)) return undefined;
  } finally {
    rmSync(mine, { force: true });
  }
  return {
    alsoFor(pid) {
      pids.push(pid);
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
    if (holders.some(isAlive)) return false;
    putAside(path, `${mine}.stale`, holders);
  }
  return false;
}

/** Removes a stale lock, but not a fresh one that took its place since it was read. */
function putAside(path: string, aside: string, holders: readonly number[]): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  const moved = readHolders(aside);
  if (moved !== undefined && moved.join() !== holders.join()) linked(aside, path);
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

function readHolders(path: string): readonly number[] | undefined {
  try {
    return readFileSync(path, "utf8").split("\n").map(Number);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
