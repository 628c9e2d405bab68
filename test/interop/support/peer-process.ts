/** Peers as processes: they write one JSON value per line, and those that serve end with their standard input. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** What a caller found about one thing; of several lines for one name all must be `ok`. */
export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly wanted?: string;
  readonly got?: string;
}

export interface PeerProcess extends AsyncDisposable {
  /** The first line, past or to come, that `wanted` accepts. */
  next(wanted: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** All lines so far. */
  readonly lines: readonly Record<string, unknown>[];
  /** Sends one line to its standard input. */
  send(line: string): void;
  /** What it wrote to its standard error so far. */
  errors(): string;
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>;
}

/** Longest wait for a line. */
const LINE_LIMIT_MS = 60_000;

export interface PeerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export function startPeer(
  program: string,
  args: readonly string[],
  { env = {}, cwd }: PeerOptions = {},
): PeerProcess {
  const child = spawn(program, args, { stdio: "pipe", env: { ...process.env, ...env }, cwd });
  const lines: Record<string, unknown>[] = [];
  const errors: string[] = [];
  const wakes = new Set<() => void>();
  const wake = (): void => Array.from(wakes).forEach((each) => each());
  child.stderr.setEncoding("utf8").on("data", (text: string) => void errors.push(text));
  const reader = createInterface(child.stdout);
  reader.on("line", (line) => {
    if (!line.startsWith("{")) return; // what SDKs print themselves
    lines.push(JSON.parse(line) as Record<string, unknown>);
    wake();
  });
  const ended = ending(child, reader);
  void ended.then(wake, wake);
  child.stdin.on("error", () => undefined); // it may end before it has read all
  return {
    lines,
    ended,
    errors: () => errors.join(""),
    send: (line) => void child.stdin.write(`${line}\n`),
    next: (wanted) => nextLine({ lines, wakes, ended, wanted, errors }),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended.catch(() => undefined);
      clearTimeout(late);
    },
  };
}

async function ending(
  child: ChildProcessWithoutNullStreams,
  reader: NodeJS.EventEmitter,
): Promise<number | null> {
  const allRead = once(reader, "close");
  const [code] = (await once(child, "close")) as [number | null];
  await allRead;
  return code;
}

interface Waiting {
  readonly lines: readonly Record<string, unknown>[];
  readonly wakes: Set<() => void>;
  readonly ended: Promise<number | null>;
  readonly wanted: (line: Record<string, unknown>) => boolean;
  readonly errors: readonly string[];
}

function nextLine({ lines, wakes, ended, wanted, errors }: Waiting) {
  return new Promise<Record<string, unknown>>((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      wakes.delete(look);
      settle();
    };
    const fail = (why: string): void =>
      finish(() =>
        reject(new Error(`${why}; said ${JSON.stringify(lines)}; errors: ${errors.join("")}`)),
      );
    const look = (): void => {
      const line = lines.find(wanted);
      if (line !== undefined) finish(() => resolve(line));
    };
    const timer = setTimeout(() => fail("the peer said nothing wanted in time"), LINE_LIMIT_MS);
    wakes.add(look);
    look();
    const over = (): void => {
      look();
      if (wakes.has(look)) fail("the peer ended");
    };
    ended.then(over, (error: unknown) => fail(String(error)));
  });
}

/** Runs a peer that calls to its end; resolves with what it found, by name. */
export async function runChecks(
  program: string,
  args: readonly string[],
  options?: PeerOptions,
): Promise<ReadonlyMap<string, readonly Check[]>> {
  const peer = startPeer(program, args, options);
  const code = await peer.ended;
  const checks = new Map<string, Check[]>();
  for (const line of peer.lines as unknown as readonly Check[]) {
    checks.set(line.check, [...(checks.get(line.check) ?? []), line]);
  }
  if (code !== 0) {
    const wanted = "exit code 0";
    checks.set("its end", [{ check: "its end", ok: false, wanted, got: peer.errors() }]);
  }
  return checks;
}

/**
 * {@link runChecks}, once more for what heard nothing: in wrpc-transport-nats 0.27 to 0.30 a busy client may take a message
 * before it has noted who waits for it, and drops it (bytecodealliance/wrpc b1e8d4f7, in 0.31).
 */
export async function runChecksAgain(
  program: string,
  args: readonly string[],
): Promise<ReadonlyMap<string, readonly Check[]>> {
  const silent = (checks: readonly Check[]): boolean =>
    checks.some(({ ok, got }) => !ok && got?.startsWith("nothing within") === true);
  const first = await runChecks(program, args);
  const lost = [...first].filter(([, checks]) => silent(checks)).map(([name]) => name);
  if (lost.length === 0) return first;
  console.log(`${lost.join(", ")} heard nothing, and are tried once more`);
  const second = await runChecks(program, args);
  return new Map(
    [...first].map(([name, checks]) => [
      name,
      lost.includes(name) ? (second.get(name) ?? []) : checks,
    ]),
  );
}

/** Starts a peer that serves; resolves when it is ready. */
export async function startServing(
  program: string,
  args: readonly string[],
  options?: PeerOptions,
): Promise<PeerProcess> {
  const peer = startPeer(program, args, options);
  await peer.next(({ ready }) => ready === true);
  return peer;
}
