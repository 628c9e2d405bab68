/**
 * Values of calls as text for people: WAVE, bounded, without secrets. What WAVE has no words for is named by its type:
 * `stream<u8>`, `future<string>`, `own<bucket>`; none of them is touched. Bytes that are text are written `b"text"`.
 *
 * Whatever is not of its type is shown as such: nothing throws here.
 */
import type { Case, Field, FuncType, WitType, WitValue } from "../core/wit.ts";

import { camelCase } from "../core/wit.ts";
import { formatFloat, label, quote } from "../wire/wave-format.ts";
import { isTagged, resultCases } from "../wire/value-types.ts";
import { givesSecrets, HIDDEN, isSecretName, namesSecret, withoutSecrets } from "./secrets.ts";

export interface ShownValue {
  /** Of a parameter; empty for results. */
  readonly name: string;
  readonly text: string;
}

export interface ShownValues {
  readonly values: readonly ShownValue[];
  /** Some of it is missing, because it was too long. */
  readonly cut: boolean;
  /** They say of the call that all that it gives is secret. */
  readonly secret: boolean;
}

/** Text of all arguments, or of the results, in UTF-16 units. */
export const MOST_SHOWN_TEXT = 2000;
/** What is looked at behind the end of that, so that no half of a secret is shown. */
const LOOK_AHEAD = 4096;
const CUT = "…";
/** Fields that say what the others are. */
const KEY_NAMES: ReadonlySet<string> = new Set([
  "key",
  "name",
  "header",
  "field",
  "property",
  "id",
]);

/** The arguments of `func` of `instance`. */
export function shownArgs(
  instance: string,
  func: string,
  { params }: FuncType,
  args: readonly WitValue[],
): ShownValues {
  const writer = createWriter();
  const all = isSecretName(func) && !givesSecrets(instance);
  const hidden = saysSecret(params, (_, index) => args[index]);
  const values = params.map(({ name, type }, index) => {
    const secret = all || isSecretName(name) || (hidden && !isKey(name, type));
    return { name, text: writer.piece(args[index], secret ? undefined : type) };
  });
  return { values, cut: writer.cut(), secret: all || hidden || givesSecrets(instance) };
}

/** What it gives; `secret`: as its arguments have it. */
export function shownResults(
  instance: string,
  func: string,
  { result }: FuncType,
  results: readonly WitValue[],
  secret: boolean = givesSecrets(instance) || isSecretName(func),
): ShownValues {
  if (result === undefined) return { values: [], cut: false, secret };
  const writer = createWriter();
  const text = writer.piece(results[0], secret ? undefined : result);
  return { values: [{ name: "", text }], cut: writer.cut(), secret };
}

const isKey = (name: string, type: WitType): boolean =>
  KEY_NAMES.has(name) && type.kind === "string";

/** Whether one of `fields` names what the others are, and that is a secret. */
function saysSecret(
  fields: readonly Field[],
  valueOf: (field: Field, index: number) => WitValue,
): boolean {
  return fields.some((field, index) => {
    const value = isKey(field.name, field.type) ? valueOf(field, index) : undefined;
    return typeof value === "string" && isSecretName(value);
  });
}

interface Writer {
  /** The text of `value`; of one without a type nothing is told. */
  piece(value: WitValue, type: WitType | undefined): string;
  cut(): boolean;
}

function createWriter(): Writer {
  let left = MOST_SHOWN_TEXT;
  let cut = false;
  let out = "";

  const put = (text: string): void => {
    if (cut) return;
    out += text.length > left ? text.slice(0, left) + CUT : text;
    cut = text.length > left;
    left -= text.length;
  };
  const each = <T>(
    [open, close]: readonly [string, string],
    parts: Iterable<T>,
    run: (part: T) => void,
  ): void => {
    put(open);
    let first = true;
    for (const part of parts) {
      if (cut) return;
      if (!first) put(", ");
      first = false;
      run(part);
    }
    put(close);
  };
  const text = (value: string, mark: string): void => {
    const seen = value.slice(0, left + LOOK_AHEAD);
    put(quote(withoutSecrets(seen), mark));
  };
  const tagged = (
    value: WitValue,
    cases: readonly Case[],
    spell: (name: string) => string,
  ): void => {
    const tag = fieldOf(value, "tag");
    const found = cases.find(({ name }) => name === tag);
    if (found === undefined) return put("?");
    put(spell(found.name));
    if (found.type === undefined) return;
    put("(");
    if (isSecretName(found.name)) put(HIDDEN);
    else write(fieldOf(value, "val"), found.type);
    put(")");
  };
  const list = (value: WitValue, element: WitType): void => {
    const items = itemsOf(value);
    if (items === undefined) return put("?");
    if (element.kind === "u8") return bytes(items);
    if (element.kind === "char" && Array.isArray(value)) return text(value.join(""), `"`);
    each(["[", "]"], items, (item) => write(item, element));
  };
  const bytes = (items: Items): void => {
    const seen = Uint8Array.from(items.slice(0, left + LOOK_AHEAD), Number);
    const latin = String.fromCharCode(...seen);
    if (withoutSecrets(latin) !== latin || namesSecret(latin)) return put(HIDDEN);
    const words = wordsIn(seen.subarray(0, left + 1));
    if (words === undefined) return each(["[", "]"], seen, (byte) => put(String(byte)));
    put("b");
    put(quote(words, `"`));
    if (items.length > seen.length) put(CUT);
  };
  const write = (value: WitValue, type: WitType): void => {
    if (cut) return;
    switch (type.kind) {
      case "f32":
      case "f64":
        return put(typeof value === "number" ? formatFloat(value, type.kind) : "?");
      case "char":
        return typeof value === "string" ? text(value, "'") : put("?");
      case "string":
        return typeof value === "string" ? text(value, `"`) : put("?");
      case "list":
        return list(value, type.element);
      case "tuple": {
        const items = itemsOf(value);
        if (items === undefined) return put("?");
        const [first] = items;
        const secret =
          type.elements[0]?.kind === "string" && typeof first === "string" && isSecretName(first);
        return each(["(", ")"], type.elements.entries(), ([index, element]) =>
          secret && index > 0 ? put(HIDDEN) : write(items[index], element),
        );
      }
      case "record": {
        const read = (name: string): WitValue => fieldOf(value, camelCase(name));
        const secret = saysSecret(type.fields, ({ name }) => read(name));
        return each(["{", "}"], type.fields, ({ name, type: of }) => {
          put(`${label(name)}: `);
          if (isSecretName(name) || (secret && !isKey(name, of))) put(HIDDEN);
          else write(read(name), of);
        });
      }
      case "flags":
        return each(
          ["{", "}"],
          type.names.filter((name) => fieldOf(value, camelCase(name)) === true),
          (name) => put(label(name)),
        );
      case "enum":
        return put(typeof value === "string" && type.names.includes(value) ? label(value) : "?");
      case "option":
        if (isTagged(type)) {
          return tagged(value, [{ name: "none" }, { name: "some", type: type.some }], String);
        }
        if (value === undefined || value === null) return put("none");
        put("some(");
        write(value, type.some);
        return put(")");
      case "result":
        return tagged(value, resultCases(type), String);
      case "variant":
        return tagged(value, type.cases, label);
      case "own":
      case "borrow":
        return put(`${type.kind}<${type.resource}>`);
      case "stream":
      case "future":
        return put(nameOf(type));
      default:
        return put(isPlain(value) ? String(value) : "?");
    }
  };
  return {
    piece(value, type) {
      out = "";
      if (type === undefined) put(HIDDEN);
      else write(value, type);
      return out === "" && cut ? CUT : out;
    },
    cut: () => cut,
  };
}

type Items = readonly WitValue[];

function itemsOf(value: WitValue): Items | undefined {
  if (Array.isArray(value)) return value;
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every other view is a typed array, which has what is used of arrays
  return value as unknown as Items;
}

function fieldOf(value: WitValue, name: string): WitValue {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

const isPlain = (value: WitValue): boolean =>
  typeof value === "boolean" || typeof value === "number" || typeof value === "bigint";

/** Bytes as the text that they are; `undefined` if they are none. The last character may be missing half. */
function wordsIn(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return /[^\P{Cc}\t\r\n]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** `stream<u8>`; of what has parts the kind alone. */
function nameOf(type: WitType): string {
  if (type.kind !== "stream" && type.kind !== "future") return type.kind;
  return type.element === undefined ? type.kind : `${type.kind}<${nameOf(type.element)}>`;
}
