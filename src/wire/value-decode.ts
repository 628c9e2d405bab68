/**
 * Bytes to WIT values: for each type a function, made once, that reads a value or gives `MORE`.
 *
 * As strict as the Rust decoders: bytes of `bool` and of statuses, unknown cases and invalid UTF-8 are errors. Values
 * have memory of their own, so that they can be transferred.
 */
import { LatticeError } from "../core/error.ts";
import { camelCase } from "../core/wit.ts";
import type { Case, PrimitiveKind, WitType } from "../core/wit.ts";
import { type ByteInput, copyBytes, MORE, type More, wantMore } from "./bytes.ts";
import { readS16, readS32, readS64, readU16, readU32, readU64 } from "./leb128.ts";
import { compiler, isTagged } from "./value-types.ts";

/** Reads a value at `input.at`, or gives `MORE` and leaves the input as `ByteInput` says. */
export type Decode = (input: ByteInput) => unknown;

/** The reader of values of `type`. */
export const decoder: (type: WitType) => Decode = compiler<Decode>(buildDecoder);

function buildDecoder(type: WitType, part: (type: WitType) => Decode): Decode {
  switch (type.kind) {
    case "list":
      return decodeList(type.element, part(type.element));
    case "option":
      return decodeOption(isTagged(type), part(type.some));
    case "result":
      return decodeResult(type.ok && part(type.ok), type.err && part(type.err));
    case "variant":
      return decodeVariant(type.cases, part);
    case "tuple":
      return decodeTuple(type.elements.map(part));
    case "record":
      return decodeRecord(
        type.fields.map(({ name }) => camelCase(name)),
        decodeTuple(type.fields.map(({ type }) => part(type))),
      );
    case "enum":
      return decodeEnum(type.names);
    case "flags":
      return decodeFlags(type.names);
    case "own":
    case "borrow":
      return readByteList;
    case "stream":
      return decodeStream(type.element && decodeList(type.element, part(type.element)));
    case "future":
      return decodeFuture(type.element && part(type.element));
    default:
      return PRIMITIVES[type.kind];
  }
}

/** A reader of `size` bytes that `value` makes a value of. */
const fixed =
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

const PRIMITIVES: Readonly<Record<PrimitiveKind, Decode>> = {
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
function readStatus(input: ByteInput, what: string): number | More {
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

function readByteList(input: ByteInput): Uint8Array<ArrayBuffer> | More {
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
const RAW_LISTS: Readonly<Partial<Record<WitType["kind"], Decode>>> = {
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

/** The typed arrays that jco has for lists of the other numbers. */
const NUMBER_LISTS: Readonly<Partial<Record<WitType["kind"], (numbers: unknown[]) => unknown>>> = {
  u16: (numbers) => Uint16Array.from(numbers, Number),
  s16: (numbers) => Int16Array.from(numbers, Number),
  u32: (numbers) => Uint32Array.from(numbers, Number),
  s32: (numbers) => Int32Array.from(numbers, Number),
  u64: (numbers) => BigUint64Array.from(numbers.filter(isBigInt)),
  s64: (numbers) => BigInt64Array.from(numbers.filter(isBigInt)),
};

const isBigInt = (value: unknown): value is bigint => typeof value === "bigint";

function decodeList(element: WitType, decode: Decode): Decode {
  const whole = RAW_LISTS[element.kind];
  if (whole !== undefined) return whole;
  const finish = NUMBER_LISTS[element.kind];
  return (input) => {
    const frame = input.frames.pop();
    const count = frame?.head ?? readU32(input);
    if (count === MORE) return MORE;
    const parts = frame?.parts ?? [];
    while (parts.length < count) {
      const part = decode(input);
      if (part === MORE) {
        input.frames.push({ parts, head: count });
        return MORE;
      }
      parts.push(part);
    }
    return finish === undefined ? parts : finish(parts);
  };
}

/** Values one after the other; the frame of parameters and results as well. */
export function decodeTuple(elements: readonly Decode[]): (input: ByteInput) => unknown[] | More {
  return (input) => {
    const parts = input.frames.pop()?.parts ?? [];
    for (let decode = elements[parts.length]; decode; decode = elements[parts.length]) {
      const part = decode(input);
      if (part === MORE) {
        input.frames.push({ parts, head: 0 });
        return MORE;
      }
      parts.push(part);
    }
    return parts;
  };
}

function decodeRecord(
  keys: readonly string[],
  fields: (input: ByteInput) => unknown[] | More,
): Decode {
  return (input) => {
    const values = fields(input);
    if (values === MORE) return MORE;
    const record: Record<string, unknown> = {};
    for (let i = 0; i < keys.length; i++) record[keys[i] ?? ""] = values[i];
    return record;
  };
}

/** Frames of values that have one part hold nothing but the case. */
const NO_PARTS: unknown[] = [];

/** Reads which case it is, then its payload; `MORE` in between keeps the case. */
function decodeCase(
  readCase: (input: ByteInput) => number | More,
  payloads: readonly (Decode | undefined)[],
  make: (index: number, payload: unknown) => unknown,
): Decode {
  return (input) => {
    const index = input.frames.pop()?.head ?? readCase(input);
    if (index === MORE) return MORE;
    const payload = payloads[index]?.(input);
    if (payload === MORE) {
      input.frames.push({ parts: NO_PARTS, head: index });
      return MORE;
    }
    return make(index, payload);
  };
}

/** Tagged ones have a `val` even for none: jco's lowering takes an object with another number of keys for a payload. */
function decodeOption(tagged: boolean, some: Decode): Decode {
  return decodeCase(
    (input) => readStatus(input, "option"),
    [undefined, some],
    tagged
      ? (index, val) => ({ tag: index === 0 ? "none" : "some", val })
      : (_index, value) => value,
  );
}

/** There is always a `val`, for the same reason. */
function decodeResult(ok: Decode | undefined, err: Decode | undefined): Decode {
  return decodeCase(
    (input) => readStatus(input, "result"),
    [ok, err],
    (index, val) => ({ tag: index === 0 ? "ok" : "err", val }),
  );
}

function decodeVariant(cases: readonly Case[], part: (type: WitType) => Decode): Decode {
  const payloads = cases.map(({ type }) => type && part(type));
  return decodeCase(indexBelow(cases.length, "variant"), payloads, (index, val) => {
    const tag = cases[index]?.name;
    return payloads[index] === undefined ? { tag } : { tag, val };
  });
}

function decodeEnum(names: readonly string[]): Decode {
  const readIndex = indexBelow(names.length, "enum");
  return (input) => {
    const index = readIndex(input);
    return index === MORE ? MORE : names[index];
  };
}

function indexBelow(count: number, what: string): (input: ByteInput) => number | More {
  return (input) => {
    const start = input.at;
    const index = readU32(input);
    if (index === MORE || index < count) return index;
    input.at = start;
    throw bad(input, `${what} has case ${index}, of ${count}`);
  };
}

/** Bits that stand for no flag are ignored, as the dynamic codec of wrpc-runtime-wasmtime does. */
function decodeFlags(names: readonly string[]): Decode {
  const keys = names.map(camelCase);
  return fixed(Math.max(1, Math.ceil(keys.length / 8)), (bytes, at) => {
    const flags: Record<string, boolean> = {};
    for (let i = 0; i < keys.length; i++) {
      flags[keys[i] ?? ""] = (((bytes[at + (i >> 3)] ?? 0) >> (i & 7)) & 1) === 1;
    }
    return flags;
  });
}

/** An empty list announces chunks to come; any other is all there is. */
function decodeStream(contents: Decode | undefined): Decode {
  const readContents = contents ?? readU32;
  return (input) => {
    if (input.frames.length === 0) {
      const { bytes, at } = input;
      if (at === bytes.length) return wantMore(input, at, 1);
      if (bytes[at] === 0) {
        input.at++;
        return { tag: "pending" };
      }
    }
    const val = readContents(input);
    return val === MORE ? MORE : { tag: "ready", val };
  };
}

function decodeFuture(element: Decode | undefined): Decode {
  return decodeCase(
    (input) => readStatus(input, "future"),
    [undefined, element],
    (index, val) => (index === 0 ? { tag: "pending" } : { tag: "ready", val }),
  );
}

function bad(input: ByteInput, problem: string, cause?: unknown): LatticeError {
  const message = `at byte ${input.base + input.at}: ${problem}`;
  return new LatticeError("bad-message", message, { cause });
}
