/**
 * What travels apart from the values that it is part of: the contents of streams and futures, as bytes on the index path
 * of their place.
 *
 * A stream is chunks of one element or more, each a count in LEB128 and the elements, and ends with a count of 0. A future
 * is its value. What is deferred again within a future comes behind it in the same bytes if it has the same path
 * (bytecodealliance/wrpc `crates/transport/src/value.rs` at crates/transport/v0.28.4). Elements of streams are numbered
 * through all chunks.
 */
import { asLatticeError, LatticeError } from "../core/error.ts";
import type { WitType, WitValue } from "../core/wit.ts";
import type { ByteInput, DeferredPart, DeferredType, Feed, Intake } from "./bytes.ts";
import {
  byteInput,
  byteOutput,
  copyBytes,
  createFeed,
  MORE,
  type More,
  NOTHING,
  written,
} from "./bytes.ts";
import { readU32, writeU32 } from "./leb128.ts";
import { decoder } from "./value-decode.ts";
import { encoder } from "./value-encode.ts";
import { Misfit } from "./value-encode-primitives.ts";
import { MOST_COUNTED } from "./value-streams.ts";

/** Bytes to send in order, and what they left to be sent apart. */
export interface EncodedPart {
  readonly pieces: readonly Uint8Array[];
  readonly parts: readonly DeferredPart[];
}

/** The bytes behind the last chunk of a stream. */
export const STREAM_END: Uint8Array = Uint8Array.of(0);

/** The chunks of the stream at `path` as bytes; a chunk without elements, which would end the stream, gives none. */
export function streamEncoder(
  { element }: DeferredType,
  path: readonly number[],
): (chunk: WitValue) => EncodedPart {
  const encode = element && encoder(element);
  let count = 0;
  return (chunk) => {
    const items = element === undefined && typeof chunk === "number" ? { length: chunk } : chunk;
    if (!hasLength(items)) throw misfit(new Misfit("a chunk (an array)", chunk), path);
    if (items.length === 0) return { pieces: [], parts: [] };
    const outgo = { path: [...path], parts: [] };
    const output = byteOutput(undefined, outgo);
    writeU32(output, items.length);
    if (element?.kind === "u8" && items instanceof Uint8Array) {
      count += items.length;
      return { pieces: [written(output), items], parts: [] };
    }
    try {
      if (encode !== undefined) {
        for (let index = 0; index < items.length; index++) {
          outgo.path[path.length] = count + index;
          encode(output, Reflect.get(items, index));
        }
      }
    } catch (error) {
      throw misfit(error, path);
    }
    count += items.length;
    return { pieces: [written(output)], parts: outgo.parts };
  };
}

const hasLength = (value: unknown): value is { readonly length: number } =>
  typeof value === "object" &&
  value !== null &&
  "length" in value &&
  Number.isInteger(value.length);

/** The value of the future at `path` as bytes. */
export function encodeFuture(
  { element }: DeferredType,
  path: readonly number[],
  value: WitValue,
): EncodedPart {
  if (element === undefined) return { pieces: [], parts: [] };
  const outgo = { path: [...path], parts: [] };
  const output = byteOutput(undefined, outgo);
  // A promise of a promise does not exist: the inner future has settled with the outer one.
  const given = element.kind === "future" ? Promise.resolve(value) : value;
  try {
    encoder(element)(output, given);
  } catch (error) {
    throw misfit(error, path);
  }
  return { pieces: [written(output)], parts: outgo.parts };
}

/** The stream of a part that is one: the encoder has looked whether it is. */
export const streamIn = ({ value }: DeferredPart): ReadableStream<unknown> =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said above
  value as ReadableStream<unknown>;

/** The promise of a part that is a future. */
export const promiseIn = ({ value }: DeferredPart): Promise<unknown> => Promise.resolve(value);

/** Lets a part go that will not be sent: a stream's source hears of it. */
export function abandon(part: DeferredPart, reason: unknown): void {
  const done = part.type.kind === "future" ? promiseIn(part) : streamIn(part).cancel(reason);
  done.catch(() => undefined); // it failed by itself, or somebody else reads it
}

function misfit(error: unknown, path: readonly number[]): unknown {
  if (!(error instanceof Misfit)) return error;
  return new LatticeError("bad-input", `at path ${path.join(".")}${error.path}: ${error.message}`);
}

/** Given instead of a value where there are no more. */
export const END: unique symbol = Symbol("end");

/** Reads a stream's chunks, or the one value of a future. */
export interface DeferredDecoder {
  /** Takes the next bytes, which must not change any more. */
  push(piece: Uint8Array): void;
  /**
   * A chunk that is never empty, or the future's value; {@link MORE} when the bytes end first, {@link END} behind the last.
   *
   * @throws {LatticeError} `bad-message`, now and from then on.
   */
  next(): unknown;
  /** Bytes that were taken and not given out as values yet. */
  readonly size: number;
  /** What it gives has memory of its own, apart from the pieces. */
  readonly copies: boolean;
  /** Takes out what came behind the end. */
  rest(): Uint8Array;
}

/** Reads what comes on `path`, where a value has a part of `type`; what is deferred in it is asked of `intake`. */
export function createDeferredDecoder(
  type: DeferredType,
  path: readonly number[],
  intake: Pick<Intake, "open">,
): DeferredDecoder {
  const place = { path: [...path], open: intake.open };
  const feed = createFeed(byteInput(NOTHING, 0, place));
  const read =
    type.kind === "future"
      ? readFuture(feed, type.element)
      : type.element?.kind === "u8"
        ? readBytes(feed)
        : readElements(feed, type.element, place.path);
  let failure: Error | undefined;
  return {
    copies: type.kind === "stream" && type.element?.kind === "u8",
    push: (piece) => feed.push(piece),
    next() {
      if (failure !== undefined) throw failure;
      try {
        return read();
      } catch (error) {
        failure = asLatticeError(error);
        throw failure;
      }
    },
    get size() {
      return feed.size;
    },
    rest: () => feed.rest(),
  };
}

type Read = () => unknown;

function readFuture(feed: Feed, element: WitType | undefined): Read {
  const decode = element && decoder(element);
  let done = false;
  return () => {
    if (done) return END;
    const value = decode === undefined ? undefined : feed.read(decode);
    done = value !== MORE;
    return value;
  };
}

/** Bytes are given as they come: a chunk may be longer than what anybody wants to keep. */
function readBytes(feed: Feed): Read {
  let left: number | undefined;
  const take = (input: ByteInput): Uint8Array | More => {
    const size = Math.min(left ?? 0, input.bytes.length - input.at);
    if (size === 0) return MORE;
    const bytes = copyBytes(input.bytes, input.at, input.at + size);
    input.at += size;
    return bytes;
  };
  return () => {
    if (left === undefined) {
      const count = feed.read(readU32);
      if (count === MORE) return MORE;
      left = count;
    }
    if (left === 0) return END;
    const bytes = feed.read(take);
    if (bytes === MORE) return MORE;
    left -= bytes.length;
    if (left === 0) left = undefined;
    return bytes;
  };
}

/** Elements are given as they come too, so many at a time. */
function readElements(feed: Feed, element: WitType | undefined, path: number[]): Read {
  const decode = element && decoder(element);
  const depth = path.length;
  let index = 0;
  let left: number | undefined;
  return () => {
    if (left === undefined) {
      const count = feed.read(readU32);
      if (count === MORE) return MORE;
      left = count;
    }
    if (left === 0) return END;
    const chunk: WitValue[] = [];
    for (; left > 0 && chunk.length < MOST_COUNTED; left--, index++) {
      path[depth] = index;
      const value = decode === undefined ? undefined : feed.read(decode);
      if (value === MORE) break;
      chunk.push(value);
    }
    path.length = depth;
    if (left === 0) left = undefined;
    return chunk.length === 0 ? MORE : chunk;
  };
}
