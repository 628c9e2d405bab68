/**
 * Byte input that may end in the middle of a value, and byte output that grows: what the value codec works on.
 *
 * A reader that runs out of bytes gives {@link MORE} and leaves behind where to go on, so that input in pieces
 * is read once however many pieces there are.
 */

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
}

export interface ByteOutput {
  bytes: Uint8Array;
  /** Bytes written. */
  at: number;
}

export function byteInput(bytes: Uint8Array, at = 0): ByteInput {
  return { bytes, at, base: 0, wanted: 0, frames: [] };
}

/** Ends an attempt: the value that begins at `start` needs at least `size` bytes. */
export function wantMore(input: ByteInput, start: number, size: number): More {
  input.at = start;
  input.wanted = size;
  return MORE;
}

/** Most values of a call fit without growing. */
const FIRST_CAPACITY = 256;

export function byteOutput(capacity: number = FIRST_CAPACITY): ByteOutput {
  return { bytes: new Uint8Array(capacity), at: 0 };
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
