/**
 * When a command has to end: on SIGINT, SIGTERM, SIGHUP, and when npm or tsx above it died without passing anything on.
 */
import { readFileSync } from "node:fs";

const LOOK_MS = 500;

/** Aborts with the reason for the end. Listening for the signals lasts as long as the process. */
export function createLifetime(): AbortSignal {
  const lifetime = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => lifetime.abort(name));
  }
  const above = wrappers();
  // npm and tsx pass on SIGINT and SIGTERM, but not SIGHUP, and nobody can pass on SIGKILL.
  const watch = setInterval(() => {
    if (above.every((pid, index) => parentOf(above[index - 1]) === pid)) return;
    clearInterval(watch);
    lifetime.abort("the process that started this one is gone");
  }, LOOK_MS);
  watch.unref();
  return lifetime.signal;
}

/**
 * The processes between npm and this one, nearest first: our parent, and on Linux, if npm runs us, its parents up
 * to npm. Further up are shells, which may leave as they like.
 */
function wrappers(): readonly number[] {
  const above = [process.ppid];
  if (process.env["npm_lifecycle_event"] === undefined) return above;
  for (let pid = process.ppid; above.length < 5 && !isNpm(pid);) {
    const parent = parentOf(pid);
    if (parent === undefined || parent <= 1) break;
    above.push(parent);
    pid = parent;
  }
  return above.some(isNpm) ? above : [process.ppid];
}

function isNpm(pid: number): boolean {
  const [program = "", script = ""] = read(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
  return /^npm( |$)/.test(program) || /\bnpm(-cli\.js)?$/.test(script);
}

/** The parent of `pid`, or of this process. It changes when the parent ends, even if nobody buries that one. */
function parentOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return process.ppid;
  const text = /^PPid:\s*(\d+)$/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1];
  return text === undefined ? undefined : Number(text);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No such process, or no /proc on this system.
    return undefined;
  }
}
