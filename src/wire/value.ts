/**
 * The value encoding of wRPC: parameters and results of a function as bytes, types known from outside.
 *
 * It is the component model's binary form of values with additions for handles, streams and futures
 * (bytecodealliance/wrpc `SPEC.md` at v0.14.0; `crates/transport/src/value.rs` at crates/transport/v0.28.4). Values
 * are in jco's JavaScript mapping, streams and futures are {@link Deferred}.
 */
import { asLatticeError, LatticeError } from "../core/error.ts";
import type { FuncType, WitType, WitValue } from "../core/wit.ts";
import { byteInput, byteOutput, concatBytes, MORE, written } from "./bytes.ts";
import type { Decode } from "./value-decode-primitives.ts";
import { decodeTuple as tupleDecoder, decoder } from "./value-decode.ts";
import { type Encode, Misfit } from "./value-encode-primitives.ts";
import { encoder, encodeTuple as tupleEncoder } from "./value-encode.ts";

/** The types of a function's parameters; the very same array for the same function. */
export const paramTypes: (func: FuncType) => readonly WitType[] = memo((func: FuncType) =>
  func.params.map(({ type }) => type),
);

/** The types of a function's results, none or one; the very same array for the same function. */
export const resultTypes: (func: FuncType) => readonly WitType[] = memo((func: FuncType) =>
  func.result === undefined ? [] : [func.result],
);

/**
 * `values`, one after the other. Keep `types`: what they compile to is kept with that array.
 *
 * @throws {LatticeError} `bad-input` for a value that is not of its type, with its path, which begins with `name`;
 * `unsupported` for streams and futures that are not pending.
 */
export function encodeTuple(
  types: readonly WitType[],
  values: readonly WitValue[],
  name = "args",
): Uint8Array {
  const encode = encoderOf(types);
  const output = byteOutput();
  try {
    encode(output, values);
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

export function createTupleDecoder(types: readonly WitType[]): TupleDecoder {
  const decode = decoderOf(types);
  const input = byteInput(NOTHING);
  let values: readonly WitValue[] | undefined;
  let failure: Error | undefined;
  let surplus = 0;
  let waiting: Uint8Array[] = [];
  let available = 0;

  const attempt = (): void => {
    const rest = input.bytes.subarray(input.at);
    input.base += input.at;
    input.bytes = rest.length === 0 ? concatBytes(waiting) : concatBytes([rest, ...waiting]);
    input.at = 0;
    waiting = [];
    const read = decode(input);
    if (read === MORE) available = input.bytes.length - input.at;
    else {
      values = read;
      surplus = input.bytes.length - input.at;
      input.bytes = NOTHING;
    }
  };

  if (types.length === 0) values = [];
  return {
    push(chunk) {
      if (failure !== undefined) throw failure;
      if (values !== undefined) {
        surplus += chunk.length;
        return values;
      }
      if (chunk.length === 0) return undefined;
      waiting.push(chunk);
      available += chunk.length;
      if (available < input.wanted) return undefined;
      try {
        attempt();
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

const NOTHING = new Uint8Array(0);

const encoderOf: (types: readonly WitType[]) => Encode = memo((types: readonly WitType[]) =>
  tupleEncoder(types.map(encoder)),
);

const decoderOf: (types: readonly WitType[]) => ReturnType<typeof tupleDecoder> = memo(
  (types: readonly WitType[]) => tupleDecoder(types.map((type): Decode => decoder(type))),
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
