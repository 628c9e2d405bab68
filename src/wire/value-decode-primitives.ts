/** Bytes to the WIT values that have no parts, and to lists of those that have one size. */
import { LatticeError } from "../core/error.ts";
import type { PrimitiveKind, WitType } from "../core/wit.ts";
import { type ByteInput, copyBytes, MORE, type More, wantMore } from "./bytes.ts";
import { readS16, readS32, readS64, readU16, readU32, readU64 } from "./leb128.ts";

/** Reads a value at `input.at`, or gives `MORE` and leaves the input as `ByteInput` says. */
export type Decode = (input: ByteInput) => unknown;

/** A reader of `size` bytes that `value` makes a value of. */
export const fixed =
  (size: number, value: (bytes: Uint8Array, at: number, input: ByteInput) => unknown): Decode =>
  (input) => {
    const { bytes, at } = input;
    if (at + size > bytes.length) return wantMore(input, at, size);
    const result = value(bytes, at, input);
    input.at = at + size;
    return result;
  };

/** `size` bytes at `at`; the caller knows that they are there. */
const viewOf = (bytes: Uint8Array, at: number, size: number): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset + at, size);

export const PRIMITIVE_DECODERS: Readonly<Record<PrimitiveKind, Decode>> = {
  bool: (input) => {
    const status = readStatus(input, "bool");
    return status === MORE ? MORE : status === 1;
  },
  u8: fixed(1, (bytes, at) => bytes[at]),
  s8: fixed(1, (bytes, at) => ((bytes[at] ?? 0) << 24) >> 24),
  u16: readU16,
  s16: readS16,
  u32: readU32,
  s32: readS32,
  u64: readU64,
  s64: readS64,
  f32: fixed(4, (bytes, at) => viewOf(bytes, at, 4).getFloat32(0, true)),
  f64: fixed(8, (bytes, at) => viewOf(bytes, at, 8).getFloat64(0, true)),
  char: readChar,
  string: readString,
};

/** A byte that is 0 or 1. */
export function readStatus(input: ByteInput, what: string): number | More {
  const byte = input.bytes[input.at];
  if (byte === undefined) return wantMore(input, input.at, 1);
  if (byte > 1) throw bad(input, `${what} is ${byte}, wanted 0 or 1`);
  input.at++;
  return byte;
}

function readChar(input: ByteInput): string | More {
  const { bytes, at } = input;
  const first = bytes[at];
  if (first === undefined) return wantMore(input, at, 1);
  const size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (size === 0 || first > 0xf4) throw bad(input, `char begins with ${first}, not UTF-8`);
  if (at + size > bytes.length) return wantMore(input, at, size);
  const char = decodeUtf8(input, at, at + size);
  input.at = at + size;
  return char;
}

function readString(input: ByteInput): string | More {
  const start = input.at;
  const size = readU32(input);
  if (size === MORE) return MORE;
  const from = input.at;
  const end = from + size;
  if (end > input.bytes.length) return wantMore(input, start, end - start);
  const text = decodeUtf8(input, from, end);
  input.at = end;
  return text;
}

/** Strict, and without dropping a byte order mark. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(input: ByteInput, from: number, to: number): string {
  try {
    return UTF8.decode(input.bytes.subarray(from, to));
  } catch (cause) {
    throw bad(input, "text is not UTF-8", cause);
  }
}

export function readByteList(input: ByteInput): Uint8Array<ArrayBuffer> | More {
  return readRaw(input, 1);
}

/** The bytes of a list of elements of `size` bytes each. */
function readRaw(input: ByteInput, size: number): Uint8Array<ArrayBuffer> | More {
  const start = input.at;
  const count = readU32(input);
  if (count === MORE) return MORE;
  const from = input.at;
  const end = from + count * size;
  if (end > input.bytes.length) return wantMore(input, start, end - start);
  input.at = end;
  return copyBytes(input.bytes, from, end);
}

/** Lists that are copied as they are; jco has typed arrays for them. Floats as the platforms have them: little endian. */
export const RAW_LISTS: Readonly<Partial<Record<WitType["kind"], Decode>>> = {
  u8: readByteList,
  s8: raw(1, (buffer) => new Int8Array(buffer)),
  f32: raw(4, (buffer) => new Float32Array(buffer)),
  f64: raw(8, (buffer) => new Float64Array(buffer)),
};

function raw(size: number, wrap: (buffer: ArrayBuffer) => unknown): Decode {
  return (input) => {
    const bytes = readRaw(input, size);
    return bytes === MORE ? MORE : wrap(bytes.buffer);
  };
}

/** The error for what stands at `input.at`. */
export function bad(input: ByteInput, problem: string, cause?: unknown): LatticeError {
  const message = `at byte ${input.base + input.at}: ${problem}`;
  return new LatticeError("bad-message", message, { cause });
}
