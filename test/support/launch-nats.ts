/** A real nats-server for tests: loopback, ports of its own, a store of its own, gone with the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

export interface LaunchOptions {
  /** Entries of `authorization.users`, in the server's own words; without any, everybody may do everything. */
  readonly users?: readonly NatsUser[];
  /** Serves `wss:` with these PEM files instead of `ws:`. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Pages of these origins alone may connect (a client without an origin may always); default all. */
  readonly origins?: readonly string[];
  /** Default true. */
  readonly jetstream?: boolean;
  /** Name of the JetStream domain. */
  readonly domain?: string;
  /** How soon the server gives up a silent client: this twice. Default `20s`. */
  readonly pingInterval?: string;
  readonly maxPayload?: number;
  /** Operator mode: accounts and users by JWT. */
  readonly operator?: {
    readonly jwt: string;
    readonly systemAccount?: string;
    /** Account JWTs by public key. */
    readonly accounts: Readonly<Record<string, string>>;
  };
  /** Takes leaf nodes, on a port of their own and at `/leafnode` of the WebSocket port. */
  readonly leafListen?: boolean;
  /** URLs of the hubs to join as a leaf node. */
  readonly leafRemotes?: readonly string[];
  /** Text added to the configuration. */
  readonly config?: string;
}

export interface NatsUser {
  readonly user?: string;
  readonly password?: string;
  readonly nkey?: string;
  readonly permissions?: {
    readonly publish?: Permission;
    readonly subscribe?: Permission;
  };
}

type Permission =
  | string
  | readonly string[]
  | { readonly allow?: readonly string[]; readonly deny?: readonly string[] };

export interface NatsServer extends AsyncDisposable {
  /** `nats://127.0.0.1:port` */
  readonly nats: string;
  /** `ws://127.0.0.1:port`, or `wss:` with TLS. */
  readonly ws: string;
  /** `nats-leaf://127.0.0.1:port`, with {@link LaunchOptions.leafListen}. */
  readonly leaf: string;
  readonly port: number;
  readonly wsPort: number;
  readonly pid: number;
  /** The server's log so far. */
  log(): string;
  /** Ends it without a goodbye. */
  kill(): Promise<void>;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** Starts it again, killed first if it runs: same ports, same store. Resolves when it takes connections. */
  restart(): Promise<void>;
}

const READY_LIMIT_MS = 60_000;
const ATTEMPTS = 5;

/** Starts one and resolves when it takes connections. */
export async function launchNats(options: LaunchOptions = {}): Promise<NatsServer> {
  const binary = findNatsServer();
  const directory = await mkdtemp(join(tmpdir(), "inlay-nats-"));
  for (let attempt = 1; ; attempt++) {
    const ports = { nats: await freePort(), ws: await freePort(), leaf: await freePort() };
    const file = join(directory, "nats.conf");
    await writeFile(file, configText(options, ports, directory));
    try {
      const first = await start(binary, file);
      return handle(first, () => start(binary, file), options, ports, directory);
    } catch (thrown) {
      const taken = String(thrown).includes("address already in use");
      if (taken && attempt < ATTEMPTS) continue; // somebody was faster at that port
      await rm(directory, { recursive: true, force: true });
      throw thrown;
    }
  }
}

/** @throws if there is none: these tests fail rather than skip. */
export function findNatsServer(): string {
  const named = process.env["INLAY_NATS_SERVER"];
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin", // Debian's place, which is not in everybody's PATH
    "/usr/local/bin",
    "/opt/homebrew/bin",
  ];
  const candidates =
    named === undefined ? folders.map((folder) => join(folder, "nats-server")) : [named];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    "nats-server was not found: install it (Debian: apt-get install nats-server) or name it in INLAY_NATS_SERVER",
  );
}

interface Ports {
  readonly nats: number;
  readonly ws: number;
  readonly leaf: number;
}

interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
}

async function start(binary: string, file: string): Promise<Running> {
  const child = spawn(binary, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  const lines: string[] = [];
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.removeListener("exit", end));
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      end();
      reject(new Error(`nats-server ${why}:\n${lines.join("\n")}`));
    };
    const timer = setTimeout(() => fail("was not ready in time"), READY_LIMIT_MS);
    child.once("error", (error) => fail(error.message));
    child.once("close", () => fail("ended before it was ready"));
    createInterface(child.stderr).on("line", (line) => {
      lines.push(line);
      if (!line.includes("Server is ready")) return;
      clearTimeout(timer);
      resolve();
    });
  });
  return { child, lines };
}

function handle(
  first: Running,
  startAgain: () => Promise<Running>,
  { tls }: LaunchOptions,
  ports: Ports,
  directory: string,
): NatsServer {
  let running = first;
  const earlier: string[] = [];
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
    const { child } = running;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    child.kill(signal);
    await ended;
  };
  return {
    nats: `nats://127.0.0.1:${ports.nats}`,
    ws: `${tls === undefined ? "ws" : "wss"}://127.0.0.1:${ports.ws}`,
    leaf: `nats-leaf://127.0.0.1:${ports.leaf}`,
    port: ports.nats,
    wsPort: ports.ws,
    get pid() {
      return running.child.pid ?? 0;
    },
    log: () => [...earlier, ...running.lines].join("\n"),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    async restart() {
      await end("SIGKILL");
      earlier.push(...running.lines);
      running = await startAgain();
    },
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function configText(options: LaunchOptions, ports: Ports, directory: string): string {
  const { domain, jetstream = true, leafRemotes, maxPayload, operator, tls, users } = options;
  const entries: Record<string, unknown> = {
    server_name: `inlay-${ports.nats}`,
    listen: `127.0.0.1:${ports.nats}`,
    ping_interval: options.pingInterval ?? "20s",
    ping_max: 2,
    max_payload: maxPayload,
    websocket: {
      listen: `127.0.0.1:${ports.ws}`,
      ...(tls === undefined
        ? { no_tls: true }
        : { tls: { cert_file: tls.certFile, key_file: tls.keyFile } }),
      allowed_origins: options.origins,
    },
    jetstream: jetstream
      ? { store_dir: directory, max_mem: 64 * 2 ** 20, max_file: 256 * 2 ** 20, domain }
      : undefined,
    authorization: users === undefined ? undefined : { users },
    operator: operator?.jwt,
    system_account: operator?.systemAccount,
    resolver: operator === undefined ? undefined : "MEMORY",
    resolver_preload: operator?.accounts,
    leafnodes: leafnodes(options, ports, leafRemotes),
  };
  // The server's format takes JSON as values.
  const lines = Object.entries(entries)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return [...lines, options.config ?? ""].join("\n");
}

function leafnodes(
  { leafListen = false }: LaunchOptions,
  ports: Ports,
  remotes: readonly string[] | undefined,
): Record<string, unknown> | undefined {
  if (!leafListen && remotes === undefined) return undefined;
  return {
    ...(leafListen ? { listen: `127.0.0.1:${ports.leaf}` } : {}),
    ...(remotes === undefined
      ? {}
      : { reconnect: 1, remotes: remotes.map((url) => ({ urls: [url] })) }),
  };
}

/**
 * A port of one's own until this process ends, though nobody listens there now: a server may go and come back, and tests in
 * other processes are given others. It is below Linux's range for outgoing connections (32768 and up): in that range a dial
 * to the port of a server that is down can take the port itself, and even connect to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
}

/** Takes the UDP port of that number, which nobody here uses: whoever else is about to choose it sees that it is taken. */
function reserve(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => {
      socket.unref();
      resolve(true);
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there or not ours to run: the next place
  }
}
