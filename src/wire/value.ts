/**
 * The value encoding of wRPC: parameters and results of a function as bytes, types known from outside.
 *
 * It is the component model's binary form of values with additions for handles, streams and futures
 * (bytecodealliance/wrpc `SPEC.md` at v0.14.0; `crates/transport/src/value.rs` at crates/transport/v0.28.4). Values
 * are in jco's JavaScript mapping. Streams and futures leave a mark in the bytes and travel apart (`value-deferred.ts`).
 */
import { asLatticeError, LatticeError } from "../core/error.ts";
import type { FuncType, WitType, WitValue } from "../core/wit.ts";
import {
  byteInput,
  byteOutput,
  createFeed,
  type Feed,
  type Intake,
  MORE,
  written,
} from "./bytes.ts";
import type { ByteOutput, DeferredPart } from "./bytes.ts";
import type { Decode } from "./value-decode-primitives.ts";
import { abandon } from "./value-deferred.ts";
import { decodeTuple as tupleDecoder, decoder, placed as placedDecoder } from "./value-decode.ts";
import { type Encode, Misfit } from "./value-encode-primitives.ts";
import { encoder, encodeTuple as tupleEncoder, placed as placedEncoder } from "./value-encode.ts";
import { defers } from "./value-types.ts";

/** The types of a function's parameters; the very same array for the same function. */
export const paramTypes: (func: FuncType) => readonly WitType[] = memo((func: FuncType) =>
  func.params.map(({ type }) => type),
);

/** The types of a function's results, none or one; the very same array for the same function. */
export const resultTypes: (func: FuncType) => readonly WitType[] = memo((func: FuncType) =>
  func.result === undefined ? [] : [func.result],
);

/** Whether values of `types` may have parts that travel apart: {@link encodeParts} is for those. */
export const anyDefers: (types: readonly WitType[]) => boolean = memo((types) =>
  types.map(defers).includes(true),
);

/**
 * `values`, one after the other. Keep `types`: what they compile to is kept with that array.
 *
 * @throws {LatticeError} `bad-input` for a value that is not of its type, with its path, which begins with `name`;
 * `unsupported` for streams and futures that are more than a mark.
 */
export function encodeTuple(
  types: readonly WitType[],
  values: readonly WitValue[],
  name = "args",
): Uint8Array {
  return encodeInto(byteOutput(), types, values, name);
}

export interface EncodedTuple {
  readonly bytes: Uint8Array;
  /** The streams and futures in the values, in their order, which are to be sent apart. */
  readonly parts: readonly DeferredPart[];
}

/** As {@link encodeTuple}, for values with streams and futures. */
export function encodeParts(
  types: readonly WitType[],
  values: readonly WitValue[],
  name = "args",
): EncodedTuple {
  const parts: DeferredPart[] = [];
  try {
    const output = byteOutput(undefined, { path: [], parts });
    return { bytes: encodeInto(output, types, values, name), parts };
  } catch (cause) {
    for (const part of parts) abandon(part, cause);
    throw cause;
  }
}

function encodeInto(
  output: ByteOutput,
  types: readonly WitType[],
  values: readonly WitValue[],
  name: string,
): Uint8Array {
  try {
    encoderOf(types)(output, values);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw new LatticeError("bad-input", `${name}${error.path}: ${error.message}`);
  }
  return written(output);
}

export interface DecodedTuple {
  readonly values: readonly WitValue[];
  /** The first byte behind the values. */
  readonly end: number;
}

/**
 * The values that begin at `start`; `undefined` when `bytes` ends before they do.
 *
 * @throws {LatticeError} `bad-message` for bytes that no continuation could make values of these types.
 */
export function decodeTuple(
  types: readonly WitType[],
  bytes: Uint8Array,
  start = 0,
): DecodedTuple | undefined {
  const input = byteInput(bytes, start);
  const values = decoderOf(types)(input);
  return values === MORE ? undefined : { values, end: input.at };
}

/** Reads values whose bytes come in pieces, each byte once or twice however many pieces there are. */
export interface TupleDecoder {
  /**
   * Takes the next bytes, which must not change any more, and gives the values once they are complete. Bytes behind them
   * are ignored.
   *
   * @throws {LatticeError} `bad-message`, now and from then on.
   */
  push(chunk: Uint8Array): readonly WitValue[] | undefined;
  /** The values; `undefined` until they are complete. Of no types, they are so from the start. */
  readonly values: readonly WitValue[] | undefined;
  /** Bytes behind the values that were pushed and ignored. */
  readonly surplus: number;
}

/** Streams and futures are asked of `open`; without, they are marks. */
export function createTupleDecoder(types: readonly WitType[], open?: Intake["open"]): TupleDecoder {
  const decode = decoderOf(types);
  let feed: Feed | undefined;
  let values: readonly WitValue[] | undefined;
  let failure: Error | undefined;
  let surplus = 0;

  if (types.length === 0) values = [];
  /** Most values come in one piece, for which nothing else is made. */
  const first = (chunk: Uint8Array): void => {
    const input = byteInput(chunk, 0, open && { path: [], open });
    const read = decode(input);
    if (read === MORE) feed = createFeed(input);
    else {
      values = read;
      surplus = chunk.length - input.at;
    }
  };
  const more = (from: Feed, chunk: Uint8Array): void => {
    from.push(chunk);
    const read = from.read(decode);
    if (read === MORE) return;
    values = read;
    surplus = from.rest().length;
    feed = undefined;
  };
  return {
    push(chunk) {
      if (failure !== undefined) throw failure;
      if (values !== undefined) {
        surplus += chunk.length;
        return values;
      }
      if (chunk.length === 0) return undefined;
      try {
        if (feed === undefined) first(chunk);
        else more(feed, chunk);
      } catch (error) {
        failure = asLatticeError(error);
        throw failure;
      }
      return values;
    },
    get values() {
      return values;
    },
    get surplus() {
      return surplus;
    },
  };
}

const encoderOf: (types: readonly WitType[]) => Encode = memo((types: readonly WitType[]) =>
  tupleEncoder(types.map((type, index) => placedEncoder(type, encoder(type), index))),
);

const decoderOf: (types: readonly WitType[]) => ReturnType<typeof tupleDecoder> = memo(
  (types: readonly WitType[]) =>
    tupleDecoder(types.map((type, index): Decode => placedDecoder(type, decoder(type), index))),
);

/** Keeps what `make` gave for an object for as long as the object lives: on the path of every call. */
function memo<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new WeakMap<Key, Value>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
