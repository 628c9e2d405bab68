/**
 * Bytes per second of a stream of wRPC, against the same bytes as raw messages of NATS: from one Node process to another,
 * each with the client library and the socket that a tab has.
 */
import type { WitStream } from "../../src/core/wit.ts";

import { openWrpcNode, worldOf, type WrpcNode } from "../support/wrpc-node.ts";
import { startNode } from "./children.ts";
import type { Stage } from "./stage.ts";
import { median, round } from "./statistics.ts";

export interface StreamsPlan {
  readonly rounds: number;
  readonly bytes: number;
}

export const STREAM_CANDIDATES = ["raw chunks", "wrpc, credit", "wrpc, other peer"] as const;
type Candidate = (typeof STREAM_CANDIDATES)[number];

export interface StreamsRow {
  readonly candidate: Candidate;
  /** Millions of bytes per second: the median of the rounds. */
  readonly mbPerSecond: number;
  /** To the raw chunks of the same round: the median of the rounds. */
  readonly ratio: number;
}

/** Of a raw message, and of a chunk of the stream. */
export const CHUNK_BYTES: number = 64 * 1024;
/** Raw messages between two round trips to the server. */
export const RAW_AHEAD = 16;

const API = "bench:bulk/source";
/** What the source serves. */
export const BULK = {
  world: worldOf({ [API]: { take: "func(size: u32) -> stream<u8>" } }),
  func: `${API}#take`,
};
export const rawSubject = (id: string): string => `bench.raw.${id}`;

const ID = "bulk";
const LIMIT_MS = 60_000;

export async function measureStreams(
  { wsPort }: Stage,
  { rounds, bytes }: StreamsPlan,
  tell: (line: string) => void,
): Promise<readonly StreamsRow[]> {
  const url = `ws://127.0.0.1:${wsPort}`;
  await using source = await startNode(new URL("./stream-source.ts", import.meta.url), [url, ID]);
  await using sink = await openWrpcNode(url);
  tell(`streams: source ${source.pid}`);
  const takes: Readonly<Record<Candidate, () => Promise<number>>> = {
    "raw chunks": () => takeRaw(sink, bytes),
    "wrpc, credit": () => takeStream(sink, bytes),
    "wrpc, other peer": () => takeAsOther(sink, bytes),
  };
  const rates: Record<Candidate, number[]> = {
    "raw chunks": [],
    "wrpc, credit": [],
    "wrpc, other peer": [],
  };
  for (let index = -1; index < rounds; index++) {
    for (const name of STREAM_CANDIDATES) {
      const started = performance.now();
      const taken = await takes[name]();
      if (taken !== bytes) throw new Error(`${name}: ${taken} bytes of ${bytes}`);
      // The first round warms up.
      if (index >= 0) rates[name].push(bytes / 1000 / (performance.now() - started));
    }
  }
  return STREAM_CANDIDATES.map((candidate) => {
    const own = rates[candidate];
    const ratios = own.map((rate, index) => rate / (rates["raw chunks"][index] ?? Number.NaN));
    return { candidate, mbPerSecond: round(median(own)), ratio: round(median(ratios)) };
  });
}

function takeRaw({ bus }: WrpcNode, bytes: number): Promise<number> {
  return received(bus, bytes, (inbox) => {
    bus.publish(rawSubject(ID), new TextEncoder().encode(String(bytes)), { reply: inbox });
    return "";
  });
}

async function takeStream(sink: WrpcNode, bytes: number): Promise<number> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const [stream] = await sink.call(ID, BULK.world, BULK.func, [bytes], { signal });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the world has it
  const reader = (stream as WitStream).getReader();
  let taken = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    taken += next.value.length;
  }
  return taken;
}

/** By hand, without the header that offers credit; what frames the chunks is not counted. */
async function takeAsOther({ bus }: WrpcNode, bytes: number): Promise<number> {
  const size: number[] = [];
  for (let rest = bytes; ; rest >>>= 7) {
    size.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  const taken = await received(bus, bytes, (inbox) => {
    const subject = `default.${ID}.wrpc.0.0.1.${API}.take`;
    bus.publish(subject, Uint8Array.from(size), { reply: inbox });
    return ".results.0";
  });
  // Each chunk has its length in three bytes, and the last is followed by the end mark.
  return taken - (bytes / CHUNK_BYTES) * 3 - 1;
}

/** The bytes that come until an empty message does, on what `ask` gives behind a new inbox. */
function received(
  bus: WrpcNode["bus"],
  bytes: number,
  ask: (inbox: string) => string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const inbox = bus.newInbox();
    let taken = 0;
    let path = "";
    const late = setTimeout(
      () => finish(() => reject(new Error(`${taken} of ${bytes} bytes came in time`))),
      LIMIT_MS,
    );
    const receive = ({ subject, data }: { subject: string; data: Uint8Array }): void => {
      if (subject !== inbox + path) return;
      taken += data.length;
      if (data.length === 0) finish(() => resolve(taken));
    };
    const subscriptions = [bus.subscribe(inbox, receive), bus.subscribe(`${inbox}.>`, receive)];
    const finish = (settle: () => void): void => {
      clearTimeout(late);
      for (const each of subscriptions) each.unsubscribe();
      settle();
    };
    path = ask(inbox);
  });
}
