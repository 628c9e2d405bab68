/** WIT values to bytes: for each type a function, made once, that checks a value while it writes it. */
import { LatticeError } from "../core/error.ts";
import { camelCase } from "../core/wit.ts";
import type { Case, WitType } from "../core/wit.ts";
import { type ByteOutput, writeByte, writeBytes } from "./bytes.ts";
import { writeU32 } from "./leb128.ts";
import { type Encode, Misfit, PRIMITIVE_ENCODERS } from "./value-encode-primitives.ts";
import { compiler, isTagged, resultCases } from "./value-types.ts";

/** The writer of values of `type`. */
export const encoder: (type: WitType) => Encode = compiler<Encode>(buildEncoder);

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
      return encodeDeferred(type.kind);
    default:
      return PRIMITIVE_ENCODERS[type.kind];
  }
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

/** Only the announcement of a part that the caller sends apart; a whole stream or future is never sent inline. */
const encodeDeferred =
  (kind: "stream" | "future"): Encode =>
  (output, value) => {
    if (!isObject(value) || value["tag"] !== "pending") {
      throw new LatticeError("unsupported", `the contents of a ${kind} cannot be sent yet`);
    }
    writeByte(output, 0);
  };

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
