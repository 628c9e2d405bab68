/**
 * The cost of a call: raw echo in the tab, wRPC in the same tab, and an echo in Node, in turns and over one client, so
 * that whatever the machine does meanwhile happens to all of them.
 */
import { type Ask, echoCaller, lengthPrefixed, openInbox, wrpcCaller } from "./callers.ts";
import { startNode } from "./children.ts";
import type { Stage } from "./stage.ts";
import { median, quantile, round } from "./statistics.ts";
import { type Traffic, trafficOf } from "./traffic.ts";

export interface CallsPlan {
  readonly rounds: number;
  /** Bytes of a payload, and how many calls one at a time and milliseconds of many at once a round has for them. */
  readonly sizes: readonly Size[];
}

interface Size {
  readonly bytes: number;
  readonly calls: number;
  readonly ms: number;
}

export const CANDIDATES = ["tab echo", "wrpc greet", "wrpc echo", "node echo"] as const;
export type Candidate = (typeof CANDIDATES)[number];

export interface CallsRow {
  readonly bytes: number;
  readonly candidate: Candidate;
  /** Round trip, one at a time: the median of the rounds' medians. */
  readonly p50Ms: number;
  /** Of all rounds together. */
  readonly p99Ms: number;
  /** With {@link IN_FLIGHT} calls under way: the median of the rounds. */
  readonly perSecond: number;
  /** To the tab's raw echo in the same round: medians over the rounds. */
  readonly p50Ratio: number;
  readonly throughputRatio: number;
  /** What one call costs the tab's connection; absent for Node. */
  readonly traffic?: Traffic;
}

export const IN_FLIGHT = 64;
const WARM_UP_CALLS = 200;
const STALL_LIMIT_MS = 20_000;
const GREETER = "inlay:demo/greeter";
const GREETING_BYTES = "Hello, !".length;

export interface Round {
  readonly latencies: readonly number[];
  readonly perSecond: number;
}

export async function measureCalls(
  stage: Stage,
  plan: CallsPlan,
  tell: (line: string) => void,
): Promise<readonly CallsRow[]> {
  const { client, images, nats } = stage;
  const subjects = { tab: "bench.echo.tab", node: "bench.echo.node" };
  await using node = await startNode(new URL("./echo.ts", import.meta.url), [nats, subjects.node]);
  await using tab = await stage.openTab({ echo: subjects.tab });
  const { lattice, hostId } = tab;
  await lattice.scale(hostId, "hello", images.url("hello.wasm"), IN_FLIGHT);
  const inbox = openInbox(client);
  await client.flush();
  tell(`calls: tab ${tab.pid}, node echo ${node.pid}, bridge ${tab.bridge}`);

  const callers = (bytes: number): Record<Candidate, Ask> => {
    const content = Buffer.alloc(bytes, "n");
    const params = lengthPrefixed(content);
    const greeting = lengthPrefixed(Buffer.alloc(bytes + GREETING_BYTES)).length;
    const wrpc = (func: string, resultBytes: number): Ask =>
      wrpcCaller(client, inbox, lattice.subjectOf("hello", GREETER, func), { params, resultBytes });
    return {
      "tab echo": echoCaller(client, inbox, subjects.tab, content),
      "wrpc greet": wrpc("greet", greeting),
      "wrpc echo": wrpc("echo", params.length),
      "node echo": echoCaller(client, inbox, subjects.node, content),
    };
  };
  const rows: CallsRow[] = [];
  for (const size of plan.sizes) {
    const asks = callers(size.bytes);
    for (const name of CANDIDATES) await oneByOne(asks[name], Math.min(WARM_UP_CALLS, size.calls));
    const rounds = await playRounds(asks, plan.rounds, size);
    const traffic = {
      "tab echo": await trafficOf(stage.monitoring, "bench tab echo", asks["tab echo"]),
      "wrpc greet": await trafficOf(stage.monitoring, "inlay bench", asks["wrpc greet"]),
      "wrpc echo": await trafficOf(stage.monitoring, "inlay bench", asks["wrpc echo"]),
      "node echo": undefined,
    };
    const raw = rounds["tab echo"];
    for (const name of CANDIDATES) {
      const own = traffic[name];
      rows.push({
        bytes: size.bytes,
        candidate: name,
        ...figures(rounds[name], raw),
        ...(own === undefined ? {} : { traffic: own }),
      });
    }
    tell(`calls: ${size.bytes} B done`);
  }
  return rows;
}

/** All candidates in each round, each round beginning with another one. */
async function playRounds(
  asks: Readonly<Record<Candidate, Ask>>,
  count: number,
  size: Size,
): Promise<Record<Candidate, readonly Round[]>> {
  const played: Record<Candidate, Round[]> = {
    "tab echo": [],
    "wrpc greet": [],
    "wrpc echo": [],
    "node echo": [],
  };
  for (let index = 0; index < count; index++) {
    const turn = index % CANDIDATES.length;
    for (const name of [...CANDIDATES.slice(turn), ...CANDIDATES.slice(0, turn)]) {
      const latencies = await oneByOne(asks[name], size.calls);
      const perSecond = await manyAtOnce(asks[name], size.ms);
      played[name].push({ latencies, perSecond });
    }
  }
  return played;
}

export function figures(
  rounds: readonly Round[],
  raw: readonly Round[],
): Omit<CallsRow, "bytes" | "candidate" | "traffic"> {
  const p50s = rounds.map(({ latencies }) => median(latencies));
  const rawP50s = raw.map(({ latencies }) => median(latencies));
  return {
    p50Ms: round(median(p50s)),
    p99Ms: round(
      quantile(
        rounds.flatMap(({ latencies }) => latencies),
        0.99,
      ),
    ),
    perSecond: Math.round(median(rounds.map(({ perSecond }) => perSecond))),
    p50Ratio: round(median(p50s.map((p50, index) => p50 / (rawP50s[index] ?? Number.NaN)))),
    throughputRatio: round(
      median(rounds.map(({ perSecond }, i) => perSecond / (raw[i]?.perSecond ?? Number.NaN))),
    ),
  };
}

/** Milliseconds of each of `count` calls, one after the other. */
export async function oneByOne(ask: Ask, count: number): Promise<readonly number[]> {
  const took: number[] = [];
  await inTime(
    (async () => {
      for (let call = 0; call < count; call++) {
        const started = performance.now();
        await ask();
        took.push(performance.now() - started);
      }
    })(),
  );
  return took;
}

/** Calls per second while {@link IN_FLIGHT} are under way, counted for `ms` after a first tenth that is not. */
export async function manyAtOnce(ask: Ask, ms: number): Promise<number> {
  const begin = performance.now() + ms / 10;
  const end = begin + ms;
  let done = 0;
  let lastMs = begin;
  const keepAsking = async (): Promise<void> => {
    while (performance.now() < end) {
      await ask();
      const now = performance.now();
      if (now < begin || now >= end) continue;
      done++;
      lastMs = now;
    }
  };
  await inTime(Promise.all(Array.from({ length: IN_FLIGHT }, keepAsking)));
  return (done / Math.max(lastMs - begin, ms / 2)) * 1000;
}

/** A call that nobody answers would keep the bench waiting for ever. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        const why = `calls took longer than ${STALL_LIMIT_MS} ms`;
        late = setTimeout(() => reject(new Error(why)), STALL_LIMIT_MS);
      }),
    ]);
  } finally {
    clearTimeout(late);
  }
}
