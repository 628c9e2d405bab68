/** Programs that the bench starts beside itself, so that what they do does not cost the one who measures. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { CHROMIUM_FLAGS } from "../support/chromium.ts";
import { processTree, startOf } from "./process-tree.ts";

const READY_LIMIT_MS = 30_000;
const EXIT_LIMIT_MS = 5_000;

export interface Child extends AsyncDisposable {
  readonly pid: number;
}

/** Runs the file at `url` in Node; resolves with the first line that it prints. */
export async function startNode(
  url: URL,
  args: readonly string[],
): Promise<Child & { readonly line: string }> {
  const file = fileURLToPath(url);
  const child = spawn(process.execPath, ["--import", "tsx", file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const owned = own(child);
  const lines = createInterface({ input: child.stdout });
  try {
    const [line] = await once(lines, "line", { signal: AbortSignal.timeout(READY_LIMIT_MS) });
    return { ...owned, line: String(line) };
  } catch (cause) {
    await owned[Symbol.asyncDispose]();
    throw new Error(`${file} printed nothing in time`, { cause });
  }
}

/** Opens `url` in a Chromium of its own, with a fresh profile and nobody listening in. */
export async function openChromium(url: string): Promise<Child> {
  const profile = await mkdtemp(join(tmpdir(), "inlay-bench-profile-"));
  const flags = ["--headless=new", ...CHROMIUM_FLAGS, `--user-data-dir=${profile}`];
  const child = spawn("/usr/bin/chromium", [...flags, url], { stdio: "ignore" });
  const owned = own(child);
  return {
    ...owned,
    async [Symbol.asyncDispose]() {
      await owned[Symbol.asyncDispose]();
      // Its processes may still write while they end.
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

function own(child: ChildProcess): Child {
  const { pid } = child;
  if (pid === undefined) throw new Error(`${child.spawnfile} could not be started`);
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  return {
    pid,
    async [Symbol.asyncDispose]() {
      process.off("exit", kill);
      const family = processTree(pid).map((member) => ({ member, start: startOf(member) }));
      if (running()) {
        const exited = once(child, "exit");
        child.kill("SIGTERM");
        const late = setTimeout(kill, EXIT_LIMIT_MS);
        await exited;
        clearTimeout(late);
      }
      for (const { member, start } of family) {
        if (start !== undefined && startOf(member) === start) end(member);
      }
    },
  };
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself, as it should.
  }
}
