/** Bars of calls: which parts they have, where each stands on a scale of time, and what all of it means in words. */
import type { CallTimes, CallWay, WatchedCall } from "../../core/watched-calls.ts";
import type { CallRow } from "./call-list.ts";

/** In the order in which they happen. */
export const PART_WORDS = {
  decode: "reading what came",
  queue: "waiting in line",
  worker: "to the worker and back",
  guest: "in the guest",
  encode: "writing what goes",
  rest: "elsewhere, or not known",
} as const;

export type Part = keyof typeof PART_WORDS;

export const WAY_WORDS: Readonly<Record<CallWay, string>> = {
  served: "for the lattice",
  local: "within this node",
  outgoing: "to the lattice",
  companion: "beside its caller, in one worker",
  host: "answered by this host",
};

/** A piece of a bar: from the beginning of the call, in milliseconds. */
export interface Segment {
  readonly part: Part;
  readonly fromMs: number;
  readonly forMs: number;
}

/** The time of a call in its order. The way to the worker and the way back are taken for equal. */
export function segmentsOf({
  times,
  tookMs,
}: Pick<WatchedCall, "times" | "tookMs">): readonly Segment[] {
  const { decodeMs = 0, queueMs = 0, workerMs = 0, guestMs = 0, encodeMs = 0 } = times;
  const way = guestMs > 0 ? workerMs / 2 : workerMs;
  const parts: readonly (readonly [Part, number])[] = [
    ["decode", decodeMs],
    ["queue", queueMs],
    ["worker", way],
    ["guest", guestMs],
    ["worker", workerMs - way],
    ["encode", encodeMs],
    ["rest", tookMs - decodeMs - queueMs - workerMs - guestMs - encodeMs],
  ];
  const segments: Segment[] = [];
  let fromMs = 0;
  for (const [part, forMs] of parts) {
    if (forMs <= 0) continue;
    segments.push({ part, fromMs, forMs });
    fromMs += forMs;
  }
  return segments;
}

/** Parts with their times, for those who read. */
export function partsOf({ times, tookMs }: Pick<WatchedCall, "times" | "tookMs">): readonly {
  readonly words: string;
  readonly part: Part;
  readonly ms: number;
}[] {
  const known: readonly (readonly [Part, keyof CallTimes])[] = [
    ["decode", "decodeMs"],
    ["queue", "queueMs"],
    ["worker", "workerMs"],
    ["guest", "guestMs"],
    ["encode", "encodeMs"],
  ];
  const parts = known.flatMap(([part, name]) => {
    const ms = times[name];
    return ms === undefined ? [] : [{ part, words: PART_WORDS[part], ms }];
  });
  const rest = tookMs - parts.reduce((sum, { ms }) => sum + ms, 0);
  return rest > 0.005 ? [...parts, { part: "rest", words: PART_WORDS.rest, ms: rest }] : parts;
}

/** Lengths of scales that a person can choose, in milliseconds. */
export const SCALES_MS = [1, 10, 100, 1000, 10_000] as const;

/**
 * A scale on which nine of ten calls have all of their bar: 1, 2, 3 or 5 times a power of ten milliseconds. `before` stays while
 * it is not far off, so that bars do not change with each call.
 */
export function fitted(rows: readonly CallRow[], before: number): number {
  const took = rows.flatMap(({ call, depth }) => (depth === 0 ? [call.tookMs] : []));
  if (took.length === 0) return before;
  const most = took.toSorted((one, other) => one - other)[Math.floor((took.length - 1) * 0.9)] ?? 0;
  if (most <= before && most > before / 5) return before;
  return above(most);
}

function above(ms: number): number {
  const decade = 10 ** Math.floor(Math.log10(Math.max(ms, 0.01)));
  return (
    [1, 2, 3, 5, 10].map((times) => times * decade).find((step) => step >= ms * 0.999) ??
    decade * 10
  );
}

/** The last characters of a bar that is longer than its scale are not there. */
export interface Bar {
  readonly pieces: readonly {
    readonly part: Part;
    readonly from: number;
    readonly width: number;
  }[];
  /** It goes on past the end of the scale. */
  readonly torn: boolean;
}

/** Units of the whole scale. */
export const SCALE_UNITS = 1000;
/** So that the shortest call can be seen. */
const LEAST_UNITS = 3;

/** The bar of a row on a scale of `scaleMs` that begins with the call at the top. */
export function barOf({ call, root }: CallRow, scaleMs: number): Bar {
  const startMs = Math.max(0, call.at - root.at);
  const units = (ms: number): number => (ms / scaleMs) * SCALE_UNITS;
  const pieces = segmentsOf(call).flatMap(({ part, fromMs, forMs }) => {
    const from = units(startMs + fromMs);
    const width = Math.min(units(forMs), SCALE_UNITS - from);
    return from >= SCALE_UNITS ? [] : [{ part, from, width }];
  });
  const [first] = pieces;
  if (first !== undefined && units(call.tookMs) < LEAST_UNITS) {
    const widest = pieces.reduce((best, each) => (each.width > best.width ? each : best), first);
    const from = Math.min(first.from, SCALE_UNITS - LEAST_UNITS);
    return { pieces: [{ part: widest.part, from, width: LEAST_UNITS }], torn: false };
  }
  return { pieces, torn: startMs + call.tookMs > scaleMs * 1.001 };
}

/** Parts of a `traceparent`; `undefined` if it is none. */
export function traceOf(
  traceparent: string | undefined,
): { readonly traceId: string; readonly spanId: string } | undefined {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(traceparent ?? "");
  const [, traceId, spanId] = match ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}
