/** The WIT values that have no parts to bytes, and the error for values that are not of their type. */
import type { PrimitiveKind } from "../core/wit.ts";
import { type ByteOutput, reserve, writeByte } from "./bytes.ts";
import { writeS16, writeS32, writeS64, writeU32, writeU64 } from "./leb128.ts";
import { INTEGER_RANGES, isScalar, LONG_RANGES } from "./value-types.ts";

/** Appends `value`; throws {@link Misfit} if it is not of the type. */
export type Encode = (output: ByteOutput, value: unknown) => void;

/** A value that is not of the wanted type, somewhere within the value to encode. */
export class Misfit extends Error {
  /** Where it is, from the outermost value: `[2].name`. */
  path = "";

  constructor(wanted: string, met: unknown) {
    super(`expected ${wanted}, met ${describe(met)}`);
  }
}

const integer =
  (kind: keyof typeof INTEGER_RANGES, write: (output: ByteOutput, value: number) => void): Encode =>
  (output, value) => {
    const [min, max] = INTEGER_RANGES[kind];
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      throw new Misfit(kind, value);
    }
    write(output, value);
  };

const long =
  (kind: keyof typeof LONG_RANGES, write: (output: ByteOutput, value: bigint) => void): Encode =>
  (output, value) => {
    const [min, max] = LONG_RANGES[kind];
    if (typeof value !== "bigint" || value < min || value > max) {
      throw new Misfit(`${kind} (a bigint)`, value);
    }
    write(output, value);
  };

const float =
  (kind: "f32" | "f64", size: 4 | 8): Encode =>
  (output, value) => {
    if (typeof value !== "number") throw new Misfit(kind, value);
    reserve(output, size);
    const view = new DataView(output.bytes.buffer, output.bytes.byteOffset + output.at, size);
    output.at += size;
    // The canonical quiet NaN, whatever bits this engine's own has.
    if (size === 4) {
      if (Number.isNaN(value)) view.setUint32(0, 0x7fc0_0000, true);
      else view.setFloat32(0, value, true);
    } else if (Number.isNaN(value)) view.setBigUint64(0, 0x7ff8_0000_0000_0000n, true);
    else view.setFloat64(0, value, true);
  };

export const PRIMITIVE_ENCODERS: Readonly<Record<PrimitiveKind, Encode>> = {
  bool(output, value) {
    if (typeof value !== "boolean") throw new Misfit("bool", value);
    writeByte(output, value ? 1 : 0);
  },
  u8: integer("u8", writeByte),
  s8: integer("s8", (output, value) => writeByte(output, value & 0xff)),
  u16: integer("u16", writeU32),
  s16: integer("s16", writeS16),
  u32: integer("u32", writeU32),
  s32: integer("s32", writeS32),
  u64: long("u64", writeU64),
  s64: long("s64", writeS64),
  f32: float("f32", 4),
  f64: float("f64", 8),
  char(output, value) {
    if (typeof value !== "string" || !isScalar(value)) {
      throw new Misfit("char (a string of one Unicode scalar value)", value);
    }
    reserve(output, 4);
    output.at += UTF8.encodeInto(value, output.bytes.subarray(output.at)).written;
  },
  string(output, value) {
    if (typeof value !== "string") throw new Misfit("string", value);
    writeString(output, value);
  },
};

const UTF8 = new TextEncoder();
/** Room that {@link writeU32} asks for. */
const U32_BYTES = 5;

/** Lone surrogates, which no WIT string can hold, become U+FFFD, as everywhere in browsers. */
function writeString(output: ByteOutput, text: string): void {
  // A UTF-16 unit becomes three bytes at most; the length's own size is guessed from that.
  const most = text.length * 3;
  const lengthSize = most < 0x80 ? 1 : most < 0x4000 ? 2 : most < 0x20_0000 ? 3 : 5;
  // The length is written when the text is there already, and must find the room that it asks for: growing would
  // leave the text behind.
  reserve(output, Math.max(most + lengthSize, U32_BYTES));
  const start = output.at;
  const from = start + lengthSize;
  const size = UTF8.encodeInto(text, output.bytes.subarray(from)).written;
  writeU32(output, size);
  if (output.at !== from) output.bytes.copyWithin(output.at, from, from + size);
  output.at += size;
}

function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length > 40 ? "string" : `string ${JSON.stringify(value)}`;
    case "number":
      return `number ${Object.is(value, -0) ? "-0" : value}`;
    case "boolean":
      return `boolean ${value}`;
    case "bigint":
      return `bigint ${value}`;
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? "array" : (value.constructor?.name ?? "object").toLowerCase();
    default:
      return typeof value;
  }
}
