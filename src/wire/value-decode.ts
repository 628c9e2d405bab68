/**
 * Bytes to WIT values: for each type a function, made once, that reads a value or gives `MORE`.
 *
 * As strict as the Rust decoders: bytes of `bool` and of statuses, unknown cases and invalid UTF-8 are errors. Values
 * have memory of their own, so that they can be transferred.
 */
import { camelCase } from "../core/wit.ts";
import type { Case, WitType } from "../core/wit.ts";
import { type ByteInput, type DeferredType, MORE, type More, wantMore } from "./bytes.ts";
import { readU32 } from "./leb128.ts";
import {
  bad,
  type Decode,
  fixed,
  PRIMITIVE_DECODERS,
  RAW_LISTS,
  readByteList,
  readStatus,
} from "./value-decode-primitives.ts";
import { finishedStream } from "./value-streams.ts";
import { compiler, type Deferred, defers, isTagged, listOf } from "./value-types.ts";

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
      return decodeTuple(type.elements.map((each, index) => placed(each, part(each), index)));
    case "record":
      return decodeRecord(
        type.fields.map(({ name }) => camelCase(name)),
        decodeTuple(type.fields.map(({ type }, index) => placed(type, part(type), index))),
      );
    case "enum":
      return decodeEnum(type.names);
    case "flags":
      return decodeFlags(type.names);
    case "own":
    case "borrow":
      return readByteList;
    case "stream":
      return decodeStream(type, type.element && decodeList(type.element, part(type.element)));
    case "future":
      return decodeFuture(type, type.element && part(type.element));
    default:
      return PRIMITIVE_DECODERS[type.kind];
  }
}

function decodeList(element: WitType, decode: Decode): Decode {
  const whole = RAW_LISTS[element.kind];
  if (whole !== undefined) return whole;
  const read = defers(element) ? decodeElement(decode) : decode;
  return (input) => {
    const frame = input.frames.pop();
    const count = frame?.head ?? readU32(input);
    if (count === MORE) return MORE;
    const parts = frame?.parts ?? [];
    while (parts.length < count) {
      const part = read(input, parts.length);
      if (part === MORE) {
        input.frames.push({ parts, head: count });
        return MORE;
      }
      parts.push(part);
    }
    return listOf(element, parts);
  };
}

/** A part's reader that knows its place, where something in the part travels apart; else `decode` itself. */
export function placed(type: WitType, decode: Decode, index: number): Decode {
  if (!defers(type)) return decode;
  const read = decodeElement(decode);
  return (input) => read(input, index);
}

/** Tells the intake where it is while it reads, each time it goes on. */
const decodeElement =
  (decode: Decode): ((input: ByteInput, index: number) => unknown) =>
  (input, index) => {
    input.intake?.path.push(index);
    const value = decode(input);
    input.intake?.path.pop();
    return value;
  };

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

const PENDING: Deferred = { tag: "pending" };
const ready = (val: unknown): Deferred => ({ tag: "ready", val });

/** An empty list announces chunks to come; any other is all there is. */
function decodeStream(type: DeferredType, contents: Decode | undefined): Decode {
  const readContents = contents ?? readU32;
  return (input) => {
    if (input.frames.length === 0) {
      const { bytes, at } = input;
      if (at === bytes.length) return wantMore(input, at, 1);
      if (bytes[at] === 0) {
        input.at++;
        return pending(input, type);
      }
    }
    const val = readContents(input);
    if (val === MORE) return MORE;
    return input.intake === undefined ? ready(val) : finishedStream(val);
  };
}

function decodeFuture(type: DeferredType, element: Decode | undefined): Decode {
  const readCase = (input: ByteInput): number | More => readStatus(input, "future");
  return (input) => {
    const index = input.frames.pop()?.head ?? readCase(input);
    if (index === MORE) return MORE;
    if (index === 0) return pending(input, type);
    const val = element?.(input);
    if (val === MORE) {
      input.frames.push({ parts: NO_PARTS, head: index });
      return MORE;
    }
    return input.intake === undefined ? ready(val) : Promise.resolve(val);
  };
}

function pending({ intake }: ByteInput, type: DeferredType): unknown {
  return intake === undefined ? PENDING : intake.open(type, [...intake.path]);
}
