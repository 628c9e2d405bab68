/**
 * MessagePack as the peers of wasmCloud 0.82 write and read it (rmp-serde): structs as maps with names in the order of
 * their declaration, read from maps or from arrays in that order, bytes as `bin`.
 */
import type { Shape } from "./shape.ts";

import { Decoder, encode } from "@msgpack/msgpack";

import { LatticeError, messageOf } from "../core/error.ts";
import { record } from "./shape.ts";

const decoder = new Decoder();
/** Containers within containers that a message may have; those of 0.82 have four. */
const MAX_DEPTH = 32;

/** Fields that are `undefined` are left out. */
export function writeMsgpack(value: unknown): Uint8Array {
  return encode(value, { ignoreUndefined: true });
}

/** Reads one value of the given shape, which is all of `data`. */
export function readMsgpack<T>(data: Uint8Array, shape: Shape<T>): T {
  return shape(parse(data), "");
}

/** A struct: a map with these fields, others being ignored, or an array that begins with them in this order. */
export function struct<T extends object>(fields: {
  readonly [Name in keyof T]: Shape<T[Name]>;
}): Shape<T> {
  const named = record<T>(fields);
  const names = Object.keys(fields);
  return (value, path) => {
    if (!Array.isArray(value)) return named(value, path);
    return named(
      Object.fromEntries(value.slice(0, names.length).map((each, at) => [names[at], each])),
      path,
    );
  };
}

/** Bytes, also from text and from an array of numbers, as serde_bytes takes them. */
export const bytes: Shape<Uint8Array> = (value, path) => {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (Array.isArray(value) && value.every(isByte)) return Uint8Array.from(value);
  throw new LatticeError("bad-message", `${path === "" ? "the value" : `"${path}"`} must be bytes`);
};

function isByte(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
}

function parse(data: Uint8Array): unknown {
  const pairs = survey(data);
  let value: unknown;
  try {
    value = decoder.decode(data);
  } catch (cause) {
    throw malformed(messageOf(cause));
  }
  // Of two fields with one name the decoder keeps the last, another reader the first; serde's take neither.
  if (pairsOf(value) !== pairs) throw malformed("a map has a name twice");
  return value;
}

/** Names and values in all maps within `value`, which is no deeper than {@link MAX_DEPTH}. */
function pairsOf(value: unknown): number {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return 0;
  const within: readonly unknown[] = Object.values(value);
  let pairs = Array.isArray(value) ? 0 : within.length;
  for (const each of within) pairs += pairsOf(each);
  return pairs;
}

/**
 * Refuses what would cost more than its bytes: the decoder makes each array as long as it claims to be before it looks for
 * what is in it. Refuses extensions as well, which 0.82 has none of. Gives how many pairs of name and value all maps claim.
 */
function survey(data: Uint8Array): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  /** Values still to come, by container, outermost first. */
  const missing: number[] = [1];
  /** The sum of {@link missing}: each of them takes a byte or more. */
  let owed = 1;
  let at = 0;
  let pairs = 0;
  while (owed > 0) {
    if (owed > data.length - at) throw malformed("it claims more than it holds");
    const depth = missing.length - 1;
    const left = missing[depth] ?? 0;
    if (left === 0) {
      missing.pop();
      continue;
    }
    missing[depth] = left - 1;
    owed--;
    const { head, body, values, map } = measure(view, at);
    at += head + body;
    if (map) pairs += values / 2;
    if (values === 0) continue;
    if (missing.push(values) > MAX_DEPTH) throw malformed(`more than ${MAX_DEPTH} levels`);
    owed += values;
  }
  if (at !== data.length) throw malformed("bytes behind its end, or too few of them");
  return pairs;
}

interface Measure {
  /** Bytes of the mark and of the length behind it. */
  readonly head: number;
  /** Bytes of what is no container. */
  readonly body: number;
  /** Values within a container. */
  readonly values: number;
  /** Every other of them is a name. */
  readonly map: boolean;
}

const flat = (head: number, body: number): Measure => ({ head, body, values: 0, map: false });
const holding = (head: number, values: number): Measure => ({ head, body: 0, values, map: false });
const mapping = (head: number, count: number): Measure => ({
  head,
  body: 0,
  values: 2 * count,
  map: true,
});

/** The value at `at`, by the table of the MessagePack specification. */
function measure(view: DataView, at: number): Measure {
  const mark = view.getUint8(at);
  if (mark < 0x80 || mark >= 0xe0) return flat(1, 0);
  if (mark < 0x90) return mapping(1, mark & 15);
  if (mark < 0xa0) return holding(1, mark & 15);
  if (mark < 0xc0) return flat(1, mark & 31);
  const fixed = FIXED_BODIES.get(mark);
  if (fixed !== undefined) return flat(1, fixed);
  const sized = SIZED.get(mark);
  if (sized === undefined) throw malformed("it has an extension, or a byte that is never used");
  const { width, kind } = sized;
  if (at + 1 + width > view.byteLength) throw malformed("it ends within a length");
  const length =
    width === 1
      ? view.getUint8(at + 1)
      : width === 2
        ? view.getUint16(at + 1)
        : view.getUint32(at + 1);
  if (kind === "array") return holding(1 + width, length);
  if (kind === "map") return mapping(1 + width, length);
  return flat(1 + width, length);
}

/** nil, false, true, floats, integers: bytes behind the mark. */
const FIXED_BODIES: ReadonlyMap<number, number> = new Map([
  [0xc0, 0],
  [0xc2, 0],
  [0xc3, 0],
  [0xca, 4],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
]);

interface Sized {
  /** Bytes of the length. */
  readonly width: 1 | 2 | 4;
  readonly kind: "bytes" | "array" | "map";
}

const SIZED: ReadonlyMap<number, Sized> = new Map<number, Sized>([
  [0xc4, { width: 1, kind: "bytes" }],
  [0xc5, { width: 2, kind: "bytes" }],
  [0xc6, { width: 4, kind: "bytes" }],
  [0xd9, { width: 1, kind: "bytes" }],
  [0xda, { width: 2, kind: "bytes" }],
  [0xdb, { width: 4, kind: "bytes" }],
  [0xdc, { width: 2, kind: "array" }],
  [0xdd, { width: 4, kind: "array" }],
  [0xde, { width: 2, kind: "map" }],
  [0xdf, { width: 4, kind: "map" }],
]);

function malformed(why: string): LatticeError {
  return new LatticeError("bad-message", `expected MessagePack: ${why}`);
}
