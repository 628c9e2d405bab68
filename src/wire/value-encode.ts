/** WIT values to bytes: for each type a function, made once, that checks a value while it writes it. */
import { LatticeError } from "../core/error.ts";
import { camelCase } from "../core/wit.ts";
import type { Case, PrimitiveKind, WitType } from "../core/wit.ts";
import { type ByteOutput, reserve, writeByte, writeBytes } from "./bytes.ts";
import { writeS16, writeS32, writeS64, writeU32, writeU64 } from "./leb128.ts";
import { compiler, INTEGER_RANGES, isTagged, LONG_RANGES } from "./value-types.ts";

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

/** The writer of values of `type`. */
export const encoder: (type: WitType) => Encode = compiler<Encode>(buildEncoder);

/** Runs `write` for a part called `step`, and adds the step to the path of a misfit. */
export function encodePart(step: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw within(step, error);
  }
}

function buildEncoder(type: WitType, part: (type: WitType) => Encode): Encode {
  switch (type.kind) {
    case "list":
      return encodeList(type.element, part(type.element));
    case "option":
      return encodeOption(isTagged(type), part(type.some));
    case "result":
      return encodeCases("result", resultCases(type), part);
    case "variant":
      return encodeCases("variant", type.cases, part);
    case "tuple":
      return encodeTuple(type.elements.map(part));
    case "record":
      return encodeRecord(type.fields.map(({ name, type }) => [camelCase(name), part(type)]));
    case "enum":
      return encodeEnum(type.names);
    case "flags":
      return encodeFlags(type.names);
    case "own":
    case "borrow":
      return encodeHandle(`${type.kind}<${type.resource}>`);
    case "stream":
    case "future":
      return () => {
        throw new LatticeError("unsupported", `values of type ${type.kind} cannot be sent yet`);
      };
    default:
      return PRIMITIVES[type.kind];
  }
}

const resultCases = (type: Extract<WitType, { kind: "result" }>): readonly Case[] => [
  { name: "ok", ...(type.ok && { type: type.ok }) },
  { name: "err", ...(type.err && { type: type.err }) },
];

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

const PRIMITIVES: Readonly<Record<PrimitiveKind, Encode>> = {
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
    if (typeof value !== "string" || !/^\P{Surrogate}$/u.test(value)) {
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

/** Lone surrogates, which no WIT string can hold, become U+FFFD, as everywhere in browsers. */
function writeString(output: ByteOutput, text: string): void {
  // A UTF-16 unit becomes three bytes at most; the length's own size is guessed from that.
  const most = text.length * 3;
  const lengthSize = most < 0x80 ? 1 : most < 0x4000 ? 2 : most < 0x20_0000 ? 3 : 5;
  reserve(output, most + lengthSize);
  const start = output.at;
  const from = start + lengthSize;
  const size = UTF8.encodeInto(text, output.bytes.subarray(from)).written;
  writeU32(output, size);
  if (output.at !== from) output.bytes.copyWithin(output.at, from, from + size);
  output.at += size;
}

function encodeList(element: WitType, encode: Encode): Encode {
  return (output, value) => {
    if (!isListLike(value)) throw new Misfit("list (an array)", value);
    writeU32(output, value.length);
    if (isBytes(element, value)) return writeBytes(output, value);
    let index = 0;
    try {
      for (; index < value.length; index++) encode(output, value[index]);
    } catch (error) {
      throw within(`[${index}]`, error);
    }
  };
}

const isListLike = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

const isBytes = (element: WitType, value: unknown): value is Uint8Array =>
  element.kind === "u8" && value instanceof Uint8Array;

function encodeOption(tagged: boolean, some: Encode): Encode {
  const encodeSome = (output: ByteOutput, value: unknown): void => {
    writeByte(output, 1);
    some(output, value);
  };
  if (!tagged) {
    return (output, value) =>
      value === undefined || value === null ? writeByte(output, 0) : encodeSome(output, value);
  }
  return (output, value) => {
    const tag = isObject(value) ? value["tag"] : undefined;
    if (!isObject(value) || (tag !== "some" && tag !== "none")) {
      throw new Misfit(`an option within an option ({ tag: "some" | "none", val })`, value);
    }
    if (tag === "none") return writeByte(output, 0);
    encodePart(".val", () => encodeSome(output, value["val"]));
  };
}

function encodeCases(
  kind: string,
  cases: readonly Case[],
  part: (type: WitType) => Encode,
): Encode {
  const known = new Map(
    cases.map(({ name, type }, index) => [name, { index, payload: type && part(type) }]),
  );
  const wanted = `${kind} ({ tag: ${someOf([...known.keys()])}, val })`;
  return (output, value) => {
    const tag = isObject(value) ? value["tag"] : undefined;
    const found = typeof tag === "string" ? known.get(tag) : undefined;
    if (!isObject(value) || found === undefined) throw new Misfit(wanted, tag ?? value);
    writeU32(output, found.index);
    if (found.payload === undefined) return;
    try {
      found.payload(output, value["val"]);
    } catch (error) {
      throw within(".val", error);
    }
  };
}

/** Values one after the other; the frame of parameters and results as well. */
export function encodeTuple(elements: readonly Encode[]): Encode {
  return (output, value) => {
    if (!isListLike(value)) throw new Misfit("tuple (an array)", value);
    if (value.length !== elements.length) {
      const wanted = `${elements.length} ${elements.length === 1 ? "value" : "values"}`;
      throw new Misfit(wanted, value.length);
    }
    let index = 0;
    try {
      for (const encode of elements) {
        encode(output, value[index]);
        index++;
      }
    } catch (error) {
      throw within(`[${index}]`, error);
    }
  };
}

function encodeRecord(fields: readonly (readonly [key: string, encode: Encode])[]): Encode {
  return (output, value) => {
    if (!isObject(value)) throw new Misfit("record (an object)", value);
    let at = "";
    try {
      for (const [key, encode] of fields) {
        at = key;
        encode(output, value[key]);
      }
    } catch (error) {
      throw within(`.${at}`, error);
    }
  };
}

function encodeEnum(names: readonly string[]): Encode {
  const indexes = new Map(names.map((name, index) => [name, index]));
  return (output, value) => {
    const index = typeof value === "string" ? indexes.get(value) : undefined;
    if (index === undefined) throw new Misfit(`enum (${someOf(names)})`, value);
    writeU32(output, index);
  };
}

/** As many bytes as the flags need, one at least: the form of the dynamic codec of wrpc-runtime-wasmtime. */
function encodeFlags(names: readonly string[]): Encode {
  const keys = names.map(camelCase);
  const size = Math.max(1, Math.ceil(keys.length / 8));
  return (output, value) => {
    if (!isObject(value)) throw new Misfit("flags (an object of booleans)", value);
    const bytes = new Uint8Array(size);
    for (const [index, key] of keys.entries()) {
      const flag = value[key];
      if (flag !== undefined && typeof flag !== "boolean") {
        throw within(`.${key}`, new Misfit("bool", flag));
      }
      if (flag === true) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
    }
    writeBytes(output, bytes);
  };
}

const encodeHandle =
  (kind: string): Encode =>
  (output, value) => {
    if (!(value instanceof Uint8Array)) throw new Misfit(`${kind} (its bytes)`, value);
    writeU32(output, value.length);
    writeBytes(output, value);
  };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function within(step: string, error: unknown): unknown {
  if (error instanceof Misfit) error.path = step + error.path;
  return error;
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

/** The names as alternatives, the first few of them. */
function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `"${name}"`);
  return (names.length > shown.length ? [...shown, "…"] : shown).join(" | ");
}
