/** A process and all that it has started, from Linux's `/proc`: their memory, and their end. */
import { readdirSync, readFileSync } from "node:fs";

/** `root` and its descendants. */
export function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent === undefined) continue;
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** Proportional set size of the whole tree, in bytes: shared pages count once, split among those who share them. */
export function treeMemory(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + proportionalSet(pid), 0);
}

/**
 * As {@link treeMemory}, without pages of files: those are shared with every other browser of the machine, so that their
 * share changes when others come and go.
 */
export function treeOwnMemory(root: number): number {
  return processTree(root).reduce(
    (sum, pid) => sum + proportionalSet(pid, "Pss_Anon") + proportionalSet(pid, "Pss_Shmem"),
    0,
  );
}

/** Most memory of the tree of `pid`, as {@link treeOwnMemory} counts it, while `work` lasts. */
export async function peakDuring(pid: number, work: Promise<unknown>): Promise<number> {
  let peak = 0;
  let over = false;
  const ended = work.finally(() => (over = true));
  while (!over) {
    peak = Math.max(peak, treeOwnMemory(pid));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS))]);
  }
  await ended;
  return peak;
}

const BETWEEN_LOOKS_MS = 250;

function proportionalSet(pid: number, field = "Pss"): number {
  const text = ifThere(() => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text ?? "")?.[1];
  return kilobytes === undefined ? 0 : Number(kilobytes) * 1024;
}

/** When `pid` was started, in the kernel's ticks: with it, a number that was given anew is told from the old one. */
export function startOf(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** The fields after the name, which stands in parentheses and may hold anything; proc(5) counts them from 3. */
function statOf(pid: number): readonly string[] | undefined {
  const text = ifThere(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Processes come and go while they are counted. */
function ifThere(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return undefined;
    throw error;
  }
}
