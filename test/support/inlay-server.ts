/** `npm start` as a newcomer runs it, for tests: its own process, any free port, a store of its own; all gone with the test. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const ROOT = resolve(import.meta.dirname, "../..");

export interface InlayServer extends AsyncDisposable {
  /** Base address of the page, ending in `/`. */
  readonly page: string;
  /** TCP address of the NATS server. */
  readonly nats: string;
  /** The pass-through on the page's port. */
  readonly ws: string;
  /** The server's own WebSocket listener. */
  readonly wsDirect: string;
  /** The port for HTTP to workloads of v2, if there is one. */
  readonly workloads: string | null;
  readonly pid: number;
}

const READY_LIMIT_MS = 120_000;

/** Runs `npm start -- --port 0 --json --store … …args`; resolves when it has printed its line. */
export async function startInlay(args: readonly string[] = []): Promise<InlayServer> {
  const folder = await mkdtemp(join(tmpdir(), "inlay-store-"));
  // No lattice of another run, and none that the checkout's own `npm start` keeps.
  const store = args.includes("--servers") ? [] : ["--store", join(folder, "jetstream")];
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "src/cli/start.ts", "--port", "0", "--json", ...store, ...args],
    {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, INLAY_NO_INSTALL: "1" },
    },
  );
  const errors: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  const exited = once(child, "exit");
  const { promise: late, cancel } = after(READY_LIMIT_MS);
  const line = await Promise.race([
    firstJsonLine(child.stdout),
    exited.then(() => undefined),
    late,
  ]);
  cancel();
  if (line === undefined) {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
    throw new Error(`npm start printed no addresses: ${errors.join("")}`);
  }
  const addresses: Pick<InlayServer, "page" | "nats" | "ws" | "wsDirect" | "workloads"> =
    JSON.parse(line);
  return {
    ...addresses,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await exited;
      clearTimeout(late);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function after(ms: number): { readonly promise: Promise<undefined>; readonly cancel: () => void } {
  let cancel = (): void => undefined;
  const promise = new Promise<undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    cancel = () => clearTimeout(timer);
  });
  return { promise, cancel };
}

async function firstJsonLine(stdout: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface({ input: stdout }))
    if (line.startsWith("{")) return line;
  return undefined;
}
