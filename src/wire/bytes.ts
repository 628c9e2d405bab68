/**
 * Byte input that may end in the middle of a value, and byte output that grows: what the value codec works on.
 *
 * A reader that runs out of bytes gives {@link MORE} and leaves behind where to go on, so that input in pieces
 * is read once however many pieces there are.
 */
import type { WitType } from "../core/wit.ts";

/** The types whose values travel apart from the values that they are part of. */
export type DeferredType = Extract<WitType, { kind: "stream" | "future" }>;

/** Given by a reader instead of a value when the bytes so far end before the value does. */
export const MORE: unique symbol = Symbol("more bytes wanted");
export type More = typeof MORE;

/** Where a reader of a compound value stopped. */
export interface Frame {
  /** The parts that are read. */
  readonly parts: unknown[];
  /** What the reader learned before the parts: a list's length, a variant's case. */
  readonly head: number;
}

export interface ByteInput {
  bytes: Uint8Array;
  /** The next byte to read. */
  at: number;
  /** How many bytes of the whole came before `bytes`, for messages of errors. */
  base: number;
  /** After {@link MORE}: bytes that must be there, from `at` on, before another attempt makes sense. */
  wanted: number;
  /**
   * After {@link MORE}: the unfinished compound values, outermost last. Each reader pops its own when it is
   * entered again; it finds none if it never got past its first bytes.
   */
  readonly frames: Frame[];
  /** Where parts come from that travel apart; without, those are given as marks. */
  readonly intake: Intake | undefined;
}

/** The parts that a reader meets and that travel apart, under the index path of their place. */
export interface Intake {
  /** Where the reader is. */
  readonly path: number[];
  /** Gives the stream or promise of what will come. */
  open(type: DeferredType, path: readonly number[]): unknown;
}

export interface ByteOutput {
  bytes: Uint8Array;
  /** Bytes written. */
  at: number;
  /** Where parts go that travel apart; without, only marks of them can be written. */
  readonly outgo: Outgo | undefined;
}

/** The parts that a writer meets and that travel apart. */
export interface Outgo {
  /** Where the writer is. */
  readonly path: number[];
  readonly parts: DeferredPart[];
}

/** A stream or future, and the index path of its place. */
export interface DeferredPart {
  readonly path: readonly number[];
  readonly type: DeferredType;
  readonly value: unknown;
}

export function byteInput(bytes: Uint8Array, at = 0, intake?: Intake): ByteInput {
  return { bytes, at, base: 0, wanted: 0, frames: [], intake };
}

/** Ends an attempt: the value that begins at `start` needs at least `size` bytes. */
export function wantMore(input: ByteInput, start: number, size: number): More {
  input.at = start;
  input.wanted = size;
  return MORE;
}

/** Most values of a call fit without growing. */
const FIRST_CAPACITY = 256;

export function byteOutput(capacity: number = FIRST_CAPACITY, outgo?: Outgo): ByteOutput {
  return { bytes: new Uint8Array(capacity), at: 0, outgo };
}

/** Makes room for `size` more bytes. */
export function reserve(output: ByteOutput, size: number): void {
  const needed = output.at + size;
  if (needed <= output.bytes.length) return;
  const grown = new Uint8Array(Math.max(needed, output.bytes.length * 2));
  grown.set(output.bytes.subarray(0, output.at));
  output.bytes = grown;
}

export function writeByte(output: ByteOutput, byte: number): void {
  reserve(output, 1);
  output.bytes[output.at++] = byte;
}

export function writeBytes(output: ByteOutput, bytes: Uint8Array): void {
  reserve(output, bytes.length);
  output.bytes.set(bytes, output.at);
  output.at += bytes.length;
}

/** What was written. Shares memory with `output`, which is not to be used any more. */
export function written(output: ByteOutput): Uint8Array {
  return output.bytes.subarray(0, output.at);
}

/** A copy with a buffer of its own, also of a Node `Buffer`, whose `slice` only gives a view. */
export function copyBytes(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(to - from);
  copy.set(bytes.subarray(from, to));
  return copy;
}

/** `chunks` one after the other, as one. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Bytes that come in pieces, for readers that may give {@link MORE}. */
export interface Feed {
  /** Takes the next bytes, which must not change any more. */
  push(piece: Uint8Array): void;
  /** What `decode` reads from all bytes so far; not even tried before there are as many as it wanted. */
  read<T>(decode: (input: ByteInput) => T | More): T | More;
  /** Bytes that are not read yet. */
  readonly size: number;
  /** Takes out the bytes that are not read yet. */
  rest(): Uint8Array;
}

/** Goes on from `input`, which may have been read from. */
export function createFeed(input: ByteInput): Feed {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;

  const join = (): void => {
    if (waiting.length === 0) return;
    const left = input.bytes.subarray(input.at);
    input.base += input.at;
    input.bytes = left.length === 0 ? concatBytes(waiting) : concatBytes([left, ...waiting]);
    input.at = 0;
    waiting = [];
    waitingBytes = 0;
  };
  /** Holds nothing of what is read. */
  const leave = (): void => {
    input.base += input.at;
    input.bytes = NOTHING;
    input.at = 0;
  };
  const size = (): number => input.bytes.length - input.at + waitingBytes;
  return {
    push(piece) {
      if (piece.length === 0) return;
      waiting.push(piece);
      waitingBytes += piece.length;
    },
    read(decode) {
      if (size() < input.wanted) return MORE;
      join();
      const value = decode(input);
      if (value !== MORE) input.wanted = 0;
      if (input.at === input.bytes.length) leave();
      return value;
    },
    rest() {
      join();
      const left = input.bytes.subarray(input.at);
      input.bytes = NOTHING;
      input.at = 0;
      return left;
    },
    get size() {
      return size();
    },
  };
}

export const NOTHING: Uint8Array = new Uint8Array(0);
