/** Whether `dist/` is what the sources would give now, and the build that `npm start` runs if it is not. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { LatticeError } from "../core/error.ts";
import { tryLock } from "./locks.ts";
import { DATA, DIST, ROOT } from "./project.ts";

/** Written when a build is complete; its time is that of the build's start. */
const STAMP = join(DIST, ".built");
const SOURCES = ["src", "public", "package-lock.json", "vite.config.ts", "tsconfig.json"];
/** Runs in Node and is no part of the build's output. */
const NOT_BUILT = resolve(ROOT, "src/cli");

const LOOK_MS = 200;

export function isStale(): boolean {
  if (!existsSync(STAMP) || !existsSync(join(DIST, "index.html"))) return true;
  const built = statSync(STAMP).mtimeMs;
  return SOURCES.some((name) => newest(join(ROOT, name)) > built);
}

/** Call before a build; its result marks the build as complete. */
export function beginBuild(): { complete(): void } {
  const started = new Date();
  rmSync(STAMP, { force: true });
  return {
    complete() {
      writeFileSync(STAMP, "");
      utimesSync(STAMP, started, started);
    },
  };
}

const OTHER_BUILD_LIMIT_MS = 300_000;

/**
 * Builds if need be, everything that is said going to stderr. Two at a time would delete each other's files, so the
 * second waits and then looks again.
 *
 * @throws {LatticeError} `internal` if the build fails, or the reason of `signal`.
 */
export async function refreshDist(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  let waiting = false;
  const file = join(DATA, "build.lock");
  const until = performance.now() + OTHER_BUILD_LIMIT_MS;
  while (isStale()) {
    using lock = tryLock(file);
    if (lock !== undefined) {
      if (!isStale()) return;
      say(existsSync(DIST) ? "dist/ is older than its sources: building" : "building dist/");
      // oxlint-disable-next-line no-await-in-loop -- the lock is held over the build
      await build(signal);
      return;
    }
    if (!waiting) say("another build is under way: waiting for it");
    waiting = true;
    if (performance.now() > until) {
      const minutes = OTHER_BUILD_LIMIT_MS / 60_000;
      throw new LatticeError(
        "internal",
        `another build did not end within ${minutes} minutes; ${file} names its process`,
      );
    }
    // oxlint-disable-next-line no-await-in-loop -- waits between looks
    await sleep(LOOK_MS, undefined, { signal });
  }
}

async function build(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const script = resolve(import.meta.dirname, "build.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script], {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
  });
  const end = (): unknown => child.kill("SIGTERM");
  signal.addEventListener("abort", end, { once: true });
  try {
    const [code]: unknown[] = await once(child, "close");
    signal.throwIfAborted();
    if (code !== 0) throw new LatticeError("internal", "the build failed; see above");
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** The latest modification of a file, or of a folder and all below it. */
function newest(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || path === NOT_BUILT) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  const below = readdirSync(path).filter((name) => name !== "node_modules");
  return Math.max(stats.mtimeMs, ...below.map((name) => newest(join(path, name))));
}
