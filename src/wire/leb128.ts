/**
 * LEB128 integers as the peers of wRPC read and write them.
 *
 * Unsigned ones are standard. Signed ones are written with the last permitted byte masked to the bits that
 * the type has left: leb128-tokio 0.1.6 (`src/lib.rs`), in all gen-1 hosts, treats that byte as an unsigned
 * one and refuses the standard sign extension, so that it cannot read large negative numbers of its own
 * making. Both forms are read. Longer forms than needed are read up to the type's byte limit.
 */
import { LatticeError } from "../core/error.ts";
import { type ByteInput, type ByteOutput, type More, reserve, wantMore } from "./bytes.ts";

/** Bytes that an integer of this width may have, and the bits of it that the last of them holds. */
interface Width {
  readonly bits: 16 | 32 | 64;
  readonly maxBytes: number;
  readonly lastBits: number;
}

const W16: Width = { bits: 16, maxBytes: 3, lastBits: 2 };
const W32: Width = { bits: 32, maxBytes: 5, lastBits: 4 };
const W64: Width = { bits: 64, maxBytes: 10, lastBits: 1 };

export const readU16 = (input: ByteInput): number | More => readUnsigned(input, W16);
export const readU32 = (input: ByteInput): number | More => readUnsigned(input, W32);
export const readS16 = (input: ByteInput): number | More => readSigned(input, W16);
export const readS32 = (input: ByteInput): number | More => readSigned(input, W32);
export const readU64 = (input: ByteInput): bigint | More => readLong(input, false);
export const readS64 = (input: ByteInput): bigint | More => readLong(input, true);

/** Writes a whole number from 0 to 2^32 - 1. */
export function writeU32(output: ByteOutput, value: number): void {
  reserve(output, W32.maxBytes);
  let rest = value;
  while (rest > 0x7f) {
    output.bytes[output.at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  output.bytes[output.at++] = rest;
}

/** Writes a whole number of 0 to 2^64 - 1. */
export function writeU64(output: ByteOutput, value: bigint): void {
  if (value <= 0xffff_ffffn) return writeU32(output, Number(value));
  reserve(output, W64.maxBytes);
  let rest = value;
  while (rest > 0x7fn) {
    output.bytes[output.at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  output.bytes[output.at++] = Number(rest);
}

export const writeS16 = (output: ByteOutput, value: number): void =>
  writeSigned(output, value, W16);
export const writeS32 = (output: ByteOutput, value: number): void =>
  writeSigned(output, value, W32);

/** Writes a whole number of -2^63 to 2^63 - 1. */
export function writeS64(output: ByteOutput, value: bigint): void {
  if (value === BigInt.asIntN(32, value)) return writeSigned(output, Number(value), W64);
  reserve(output, W64.maxBytes);
  let rest = value;
  for (let length = 1; ; length++) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if (rest === (byte < 0x40 ? 0n : -1n)) {
      output.bytes[output.at++] = length === W64.maxBytes ? byte & mask(W64.lastBits) : byte;
      return;
    }
    output.bytes[output.at++] = byte | 0x80;
  }
}

function writeSigned(output: ByteOutput, value: number, width: Width): void {
  reserve(output, width.maxBytes);
  let rest = value;
  for (let length = 1; ; length++) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if (rest === (byte < 0x40 ? 0 : -1)) {
      output.bytes[output.at++] = length === width.maxBytes ? byte & mask(width.lastBits) : byte;
      return;
    }
    output.bytes[output.at++] = byte | 0x80;
  }
}

function readUnsigned(input: ByteInput, width: Width): number | More {
  const { bytes, at: start } = input;
  let value = 0;
  for (let i = 0; i < width.maxBytes; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return wantMore(input, start, i + 1);
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      if (i === width.maxBytes - 1 && byte > mask(width.lastBits)) break;
      input.at = start + i + 1;
      return value >>> 0;
    }
  }
  throw overflow(input, width, "u");
}

function readSigned(input: ByteInput, width: Width): number | More {
  const { bytes, at: start } = input;
  let value = 0;
  for (let i = 0; i < width.maxBytes; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return wantMore(input, start, i + 1);
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      const last = i === width.maxBytes - 1;
      if (last && !fitsSigned(byte, width)) break;
      input.at = start + i + 1;
      const unused = 32 - (last ? width.bits : 7 * (i + 1));
      return (value << unused) >> unused;
    }
  }
  throw overflow(input, width, "s");
}

function readLong(input: ByteInput, signed: boolean): bigint | More {
  const { bytes, at: start } = input;
  const parts = [0, 0, 0]; // 28 bits each, so that they stay small integers
  for (let i = 0; i < W64.maxBytes; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return wantMore(input, start, i + 1);
    const part = i >> 2;
    parts[part] = (parts[part] ?? 0) | ((byte & 0x7f) << (7 * (i & 3)));
    if (byte < 0x80) {
      const last = i === W64.maxBytes - 1;
      if (last && !(signed ? fitsSigned(byte, W64) : byte <= mask(W64.lastBits))) break;
      input.at = start + i + 1;
      const [low = 0, middle = 0, high = 0] = parts;
      const value =
        i < 4 ? BigInt(low) : BigInt(low) | (BigInt(middle) << 28n) | (BigInt(high) << 56n);
      return signed ? BigInt.asIntN(last ? 64 : 7 * (i + 1), value) : value;
    }
  }
  throw overflow(input, W64, signed ? "s" : "u");
}

const mask = (bits: number): number => (1 << bits) - 1;

/** Whether the last permitted byte holds only bits of the number: masked, or with its sign extended. */
function fitsSigned(byte: number, { lastBits }: Width): boolean {
  const surplus = byte >> lastBits;
  return surplus === 0 || (surplus === 0x7f >> lastBits && ((byte >> (lastBits - 1)) & 1) === 1);
}

function overflow(input: ByteInput, { bits }: Width, sign: "u" | "s"): LatticeError {
  return new LatticeError(
    "bad-message",
    `${sign}${bits} at byte ${input.base + input.at} has more than ${bits} bits`,
  );
}
