/** Values of WIT's primitive types as they would come out of encoding and decoding. */
import type { PrimitiveKind } from "../core/wit.ts";
import { Misfit } from "./value-encode-primitives.ts";
import { INTEGER_RANGES, isScalar, LONG_RANGES } from "./value-types.ts";

/** Gives the copy; throws {@link Misfit} if the value is not of the type. */
export type Copy = (value: unknown) => unknown;

const integer =
  (kind: keyof typeof INTEGER_RANGES): Copy =>
  (value) => {
    const [min, max] = INTEGER_RANGES[kind];
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      throw new Misfit(kind, value);
    }
    return value + 0; // no integer type has a -0
  };

const long =
  (kind: keyof typeof LONG_RANGES): Copy =>
  (value) => {
    const [min, max] = LONG_RANGES[kind];
    if (typeof value !== "bigint" || value < min || value > max) {
      throw new Misfit(`${kind} (a bigint)`, value);
    }
    return value;
  };

export const PRIMITIVE_COPIES: Readonly<Record<PrimitiveKind, Copy>> = {
  bool: (value) => {
    if (typeof value !== "boolean") throw new Misfit("bool", value);
    return value;
  },
  u8: integer("u8"),
  s8: integer("s8"),
  u16: integer("u16"),
  s16: integer("s16"),
  u32: integer("u32"),
  s32: integer("s32"),
  u64: long("u64"),
  s64: long("s64"),
  f32: (value) => {
    if (typeof value !== "number") throw new Misfit("f32", value);
    return Math.fround(value);
  },
  f64: (value) => {
    if (typeof value !== "number") throw new Misfit("f64", value);
    return value;
  },
  char: (value) => {
    if (typeof value !== "string" || !isScalar(value)) {
      throw new Misfit("char (a string of one Unicode scalar value)", value);
    }
    return value;
  },
  string: (value) => {
    if (typeof value !== "string") throw new Misfit("string", value);
    return wellFormed(value);
  },
};

/** Lone surrogates, which no WIT string can hold, become U+FFFD. */
function wellFormed(text: string): string {
  return LONE_SURROGATE.test(text) ? text.replace(LONE_SURROGATES, "\u{FFFD}") : text;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;
