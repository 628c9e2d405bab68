/** The nats-server that `npm start` runs: found, checked, launched on loopback with random ports, and ended. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { LatticeError, messageOf } from "../core/error.ts";
import { bring, type Machine, type Tool } from "./tools.ts";

export const NATS_SERVER: Tool = {
  name: "nats-server",
  commands: ["nats-server"],
  variable: "INLAY_NATS_SERVER",
  debianPackage: "nats-server",
  brew: "brew install nats-server",
  elsewhere: "go install github.com/nats-io/nats-server/v2@latest",
};

export interface LaunchOptions {
  readonly binary: string;
  /** JetStream keeps its files here; absent: in a folder that goes when the server does. */
  readonly storeDir: string | undefined;
  /** Origins of pages that may connect to the WebSocket listener; at most one per host name is told apart. */
  readonly origins: readonly string[];
  readonly signal: AbortSignal;
}

export interface NatsServer extends AsyncDisposable {
  readonly pid: number;
  /** `nats://127.0.0.1:4222` */
  readonly tcp: string;
  /** `ws://127.0.0.1:8222` */
  readonly ws: string;
  /** Resolves when the process has ended, with why. */
  readonly ended: Promise<string>;
}

/** Time for JetStream to recover its store and for the listeners to open. */
const READY_MS = 20_000;
/** A server that ignores SIGTERM for this long is killed. */
const END_MS = 5_000;

/**
 * A nats-server of 2.9 or later: the first with direct reads of JetStream (`allow_direct`), which the KV buckets use.
 *
 * @throws {LatticeError} `not-found`, `bad-input` or, for an old one, `unsupported`.
 */
export function findNatsServer(machine: Machine): string {
  const binary = bring(NATS_SERVER, machine);
  const said = spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout ?? "";
  const [, major, minor] = /v(\d+)\.(\d+)\./.exec(said) ?? [];
  if (major === undefined || minor === undefined) {
    throw new LatticeError(
      "bad-input",
      `${binary} does not say a version, so it is no nats-server`,
    );
  }
  if (Number(major) * 1000 + Number(minor) >= 2009) return binary;
  throw new LatticeError("unsupported", `${binary} is ${said.trim()}, but 2.9 or later is needed`);
}

/** @throws {LatticeError} `internal` with the server's last words if it does not come up. */
export async function launchNatsServer(options: LaunchOptions): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), "inlay-nats-"));
  const config = join(folder, "nats-server.conf");
  // nats-server's configuration language takes JSON.
  writeFileSync(config, JSON.stringify(configuration(options, folder), undefined, 2));
  // A process group of its own: Ctrl-C in the terminal is ours to hear, and we end the server in order.
  const child = spawn(options.binary, ["-c", config], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const lastWords = keepLastLines(child);
  const ended = endOf(child, lastWords).finally(() =>
    rmSync(folder, { recursive: true, force: true }),
  );
  const guard = child.pid === undefined ? undefined : guardOf(child.pid, folder);
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), END_MS);
      await ended;
      clearTimeout(late);
    }
    guard?.kill("SIGKILL");
  };
  try {
    const ports = await readPorts(folder, ended, options.signal);
    return { pid: child.pid ?? 0, ...ports, ended, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

function configuration({ storeDir, origins }: LaunchOptions, folder: string): object {
  return {
    host: "127.0.0.1",
    port: -1,
    ports_file_dir: folder,
    // A frozen tab answers no pings: with these it is out of its queue groups in half a minute instead of minutes.
    ping_interval: "10s",
    ping_max: 2,
    jetstream: { store_dir: storeDir ?? join(folder, "jetstream") },
    websocket: { host: "127.0.0.1", port: -1, no_tls: true, allowed_origins: origins },
  };
}

/** The server writes a file of its listeners' addresses when they are open. */
async function readPorts(
  folder: string,
  ended: Promise<string>,
  signal: AbortSignal,
): Promise<{ readonly tcp: string; readonly ws: string }> {
  const state = { reason: "" };
  void ended.then((reason) => (state.reason = reason)); // `ended` never rejects
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    if (state.reason !== "") throw new LatticeError("internal", state.reason);
    const name = readdirSync(folder).find((file) => file.endsWith(".ports"));
    const ports =
      name === undefined ? undefined : parsePorts(readFileSync(join(folder, name), "utf8"));
    if (ports !== undefined) return ports;
    // oxlint-disable-next-line no-await-in-loop -- waits between looks
    await sleep(20, undefined, { signal });
  }
  throw new LatticeError("internal", `nats-server opened no listeners within ${READY_MS / 1000} s`);
}

/** `undefined` while the file is not yet written whole. */
function parsePorts(text: string): { readonly tcp: string; readonly ws: string } | undefined {
  const address = (key: string): string | undefined =>
    new RegExp(`"${key}":\\s*\\[\\s*"([^"]+)"`).exec(text)?.[1];
  const [tcp, ws] = [address("nats"), address("websocket")];
  return tcp === undefined || ws === undefined || !text.trimEnd().endsWith("}")
    ? undefined
    : { tcp, ws };
}

function keepLastLines(child: ChildProcess): () => string {
  let kept = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    kept = (kept + text).slice(-2_000);
  });
  return () => kept.trim().split("\n").slice(-5).join("\n");
}

function endOf(child: ChildProcess, lastWords: () => string): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`nats-server could not be run: ${messageOf(error)}`));
    child.once("close", (code, signal) => {
      resolve(`nats-server ended with ${signal ?? `code ${code}`}\n${lastWords()}`);
    });
  });
}

/**
 * A small process that ends the server when this one is gone without a word (SIGKILL, a crash): the pipe between
 * them closes then. It is in a session of its own, out of reach of what is sent to our process group.
 */
function guardOf(pid: number, folder: string): ChildProcess {
  const script =
    'cat >/dev/null; kill -TERM "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.1; done; rm -rf "$2"';
  const guard = spawn("/bin/sh", ["-c", script, "inlay-guard", `${pid}`, folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.on("error", () => {
    // Without a shell the server only outlives us when we are killed; npm itself needs one, so there is one.
  });
  guard.unref();
  return guard;
}
