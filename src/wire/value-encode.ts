/** WIT values to bytes: for each type a function, made once, that checks a value while it writes it. */
import { LatticeError } from "../core/error.ts";
import { camelCase } from "../core/wit.ts";
import type { Case, WitType } from "../core/wit.ts";
import { type ByteOutput, type DeferredType, writeByte, writeBytes } from "./bytes.ts";
import { writeU32 } from "./leb128.ts";
import { type Encode, Misfit, PRIMITIVE_ENCODERS } from "./value-encode-primitives.ts";
import { compiler, defers, isTagged, resultCases } from "./value-types.ts";

/** The writer of values of `type`. */
export const encoder: (type: WitType) => Encode = compiler<Encode>(buildEncoder);

function buildEncoder(type: WitType, part: (type: WitType) => Encode): Encode {
  switch (type.kind) {
    case "list":
      return encodeList(type.element, placed(type.element, part(type.element)));
    case "option":
      return encodeOption(isTagged(type), part(type.some));
    case "result":
      return encodeCases("result", resultCases(type), part);
    case "variant":
      return encodeCases("variant", type.cases, part);
    case "tuple":
      return encodeTuple(type.elements.map((each, index) => placed(each, part(each), index)));
    case "record":
      return encodeRecord(
        type.fields.map(({ name, type }, index) => [
          camelCase(name),
          placed(type, part(type), index),
        ]),
      );
    case "enum":
      return encodeEnum(type.names);
    case "flags":
      return encodeFlags(type.names);
    case "own":
    case "borrow":
      return encodeHandle(`${type.kind}<${type.resource}>`);
    case "stream":
    case "future":
      return encodeDeferred(type);
    default:
      return PRIMITIVE_ENCODERS[type.kind];
  }
}

function encodeList(element: WitType, encode: EncodePlaced): Encode {
  return (output, value) => {
    if (!isListLike(value)) throw new Misfit("list (an array)", value);
    writeU32(output, value.length);
    if (isBytes(element, value)) return writeBytes(output, value);
    let index = 0;
    try {
      for (; index < value.length; index++) encode(output, value[index], index);
    } catch (error) {
      throw within(`[${index}]`, error);
    }
  };
}

/**
 * A part's writer that knows its place, where something in the part travels apart; else `encode` itself. `index` is the
 * place, or the part is an element of a list, which tells.
 */
export function placed(type: WitType, encode: Encode, index?: number): EncodePlaced {
  if (!defers(type)) return encode;
  return (output, value, place = 0) => {
    output.outgo?.path.push(index ?? place);
    encode(output, value);
    output.outgo?.path.pop();
  };
}

type EncodePlaced = (output: ByteOutput, value: unknown, index?: number) => void;

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
    try {
      encodeSome(output, value["val"]);
    } catch (error) {
      throw within(".val", error);
    }
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

/** Only the mark of a part that travels apart; a whole stream or future is never sent inline. */
const encodeDeferred =
  (type: DeferredType): Encode =>
  (output, value) => {
    const { outgo } = output;
    if (outgo === undefined) demandPending(type, value);
    else outgo.parts.push({ path: [...outgo.path], type, value: carried(type, value) });
    writeByte(output, 0);
  };

function demandPending({ kind }: DeferredType, value: unknown): void {
  if (isObject(value) && value["tag"] === "pending") return;
  throw new LatticeError(
    "unsupported",
    `the contents of a ${kind} have no place of their own here`,
  );
}

function carried({ kind }: DeferredType, value: unknown): unknown {
  if (kind === "stream") {
    // Streams of another realm are no instances of this one's class.
    if (isObject(value) && typeof value["getReader"] === "function") return value;
    throw new Misfit("stream (a ReadableStream)", value);
  }
  if (isObject(value) && typeof value["then"] === "function") return value;
  throw new Misfit("future (a promise)", value);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function within(step: string, error: unknown): unknown {
  if (error instanceof Misfit) error.path = step + error.path;
  return error;
}

/** The names as alternatives, the first few of them. */
function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `"${name}"`);
  return (names.length > shown.length ? [...shown, "…"] : shown).join(" | ");
}
