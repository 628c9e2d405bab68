/**
 * WIT values as people type them: WAVE, the component model's text form of values, or JSON, by the value's type.
 *
 * WAVE is as in bytecodealliance/wasm-tools `crates/wasm-wave/README.md`, without its multi-line strings. In JSON, records and
 * flags are objects, variants and results `{"tag": …, "val": …}`, 64-bit integers numbers or strings, none is `null`.
 * Handles are lists of their bytes.
 */
import { LatticeError } from "../core/error.ts";
import { camelCase } from "../core/wit.ts";
import type { Case, Field, WitType, WitValue } from "../core/wit.ts";
import {
  INTEGER_RANGES,
  isScalar,
  isTagged,
  LONG_RANGES,
  listOf,
  resultCases,
} from "./value-types.ts";
import { WaveTokens } from "./wave-tokens.ts";

/**
 * The value of `type` that `text` stands for, in jco's mapping; a stream is written as a list, a future as its value, and
 * both are given as that (`value-whole.ts`). A string needs no quotes, since shells eat them: on
 * its own it is then all of the text, within other values one word.
 *
 * @throws {LatticeError} `bad-input` where the text is not of the type; `unsupported` for streams and futures that carry nothing.
 */
export function parseWave(text: string, type: WitType): WitValue {
  const bare = bareText(text, type);
  if (bare !== undefined) return bare;
  const tokens = new WaveTokens(text);
  const value = read(tokens, type);
  tokens.end();
  return value;
}

/** `text` itself where it is a whole string or character without quotes. */
function bareText(text: string, type: WitType): string | undefined {
  const trimmed = text.trim();
  if (type.kind === "char") return [text, trimmed].find(isScalar);
  if (type.kind === "string") return trimmed.startsWith(`"`) ? undefined : text;
  if (type.kind !== "option" || type.some.kind !== "string") return undefined;
  return /^(?:none$|null$|some\s*\(|")/.test(trimmed) ? undefined : text;
}

function read(tokens: WaveTokens, type: WitType): WitValue {
  switch (type.kind) {
    case "bool":
      return readBool(tokens);
    case "u8":
    case "s8":
    case "u16":
    case "s16":
    case "u32":
    case "s32":
      return Number(readInteger(tokens, type.kind, INTEGER_RANGES[type.kind]));
    case "u64":
    case "s64":
      return readInteger(tokens, type.kind, LONG_RANGES[type.kind]);
    case "f32":
      return Math.fround(readFloat(tokens));
    case "f64":
      return readFloat(tokens);
    case "char":
      return readChar(tokens);
    case "string":
      return tokens.peek() === `"` ? tokens.quoted() : tokens.word("a string");
    case "list":
      return listOf(type.element, readItems(tokens, "[", "]", type.element));
    case "own":
    case "borrow":
      return listOf({ kind: "u8" }, readItems(tokens, "[", "]", { kind: "u8" }));
    case "tuple":
      return readTuple(tokens, type.elements);
    case "record":
      return readRecord(tokens, type.fields);
    case "flags":
      return readFlags(tokens, type.names);
    case "enum":
      return readEnum(tokens, type.names);
    case "option":
      return readOption(tokens, type);
    case "result":
      return readResult(tokens, type);
    case "variant":
      return readVariant(tokens, type.cases);
    case "stream":
      if (type.element === undefined) throw untold(type.kind);
      return listOf(type.element, readItems(tokens, "[", "]", type.element));
    case "future":
      if (type.element === undefined) throw untold(type.kind);
      return read(tokens, type.element);
  }
}

const untold = (kind: string): LatticeError =>
  new LatticeError("unsupported", `a ${kind} that carries nothing cannot be written as text`);

function readBool(tokens: WaveTokens): boolean {
  if (tokens.takesWord("true")) return true;
  return tokens.takesWord("false") ? false : tokens.fail("expected true or false");
}

function readInteger(
  tokens: WaveTokens,
  kind: string,
  [lowest, highest]: readonly [number | bigint, number | bigint],
): bigint {
  const quoted = tokens.peek() === `"`;
  const start = tokens.at;
  const word = quoted ? tokens.quoted() : tokens.word(`a number (${kind})`);
  if (!/^-?\d+$/.test(word)) return tokens.fail(`expected a whole number (${kind})`, start);
  const number = BigInt(word);
  if (number >= lowest && number <= highest) return number;
  return tokens.fail(`${kind} goes from ${lowest} to ${highest}`, start);
}

const FLOAT_WORDS: ReadonlyMap<string, number> = new Map([
  ["nan", Number.NaN],
  ["inf", Infinity],
  ["-inf", -Infinity],
]);

function readFloat(tokens: WaveTokens): number {
  const start = tokens.at;
  const word = tokens.word("a number");
  const special = FLOAT_WORDS.get(word);
  if (special !== undefined) return special;
  if (/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(word)) return Number(word);
  return tokens.fail("expected a number, nan, inf or -inf", start);
}

function readChar(tokens: WaveTokens): string {
  const start = tokens.at;
  const quote = tokens.peek();
  const char = quote === "'" || quote === `"` ? tokens.quoted() : tokens.word("a character");
  return isScalar(char) ? char : tokens.fail("expected one character", start);
}

function readItems(tokens: WaveTokens, open: string, close: string, element: WitType): WitValue[] {
  const items: WitValue[] = [];
  tokens.expect(open);
  tokens.series(close, () => items.push(read(tokens, element)));
  return items;
}

function readTuple(tokens: WaveTokens, elements: readonly WitType[]): readonly WitValue[] {
  const start = tokens.at;
  const close = tokens.takes("[") ? "]" : ")";
  if (close === ")") tokens.expect("(");
  const values: WitValue[] = [];
  tokens.series(close, () => {
    const type = elements[values.length];
    values.push(type === undefined ? tokens.fail(`expected ${close}`) : read(tokens, type));
  });
  if (values.length === elements.length) return values;
  return tokens.fail(`expected ${elements.length} values, met ${values.length}`, start);
}

/** A name, quoted as in JSON or not; `%` marks one that is also a word of WAVE. */
function readName(tokens: WaveTokens, what: string): string {
  return tokens.peek() === `"` ? tokens.quoted() : tokens.word(what).replace(/^%/, "");
}

/** Keys are in WIT's spelling or in JavaScript's. Options may be left out; if all are, `{:}` says so. */
function readRecord(tokens: WaveTokens, fields: readonly Field[]): WitValue {
  const record: Record<string, WitValue> = {};
  const met = new Set<Field>();
  const start = tokens.at;
  tokens.expect("{");
  if (tokens.takes(":")) tokens.expect("}");
  else {
    tokens.series("}", () => {
      const at = tokens.at;
      const name = readName(tokens, "the name of a field");
      const field = fields.find((each) => each.name === name || camelCase(each.name) === name);
      if (field === undefined) return tokens.fail(`there is no field ${name}`, at);
      if (met.has(field)) return tokens.fail(`the field ${name} is there twice`, at);
      met.add(field);
      tokens.expect(":");
      record[camelCase(field.name)] = read(tokens, field.type);
    });
  }
  for (const field of fields) {
    if (met.has(field)) continue;
    if (field.type.kind !== "option")
      return tokens.fail(`the field ${field.name} is missing`, start);
    record[camelCase(field.name)] = none(field.type);
  }
  return record;
}

const none = (type: Extract<WitType, { kind: "option" }>): WitValue =>
  isTagged(type) ? { tag: "none", val: undefined } : undefined;

/** `{read, write}`, `["read"]`, `{"read": true}`. */
function readFlags(tokens: WaveTokens, names: readonly string[]): WitValue {
  const flags: Record<string, boolean> = {};
  for (const name of names) flags[camelCase(name)] = false;
  const close = tokens.takes("[") ? "]" : "}";
  if (close === "}") tokens.expect("{");
  tokens.series(close, () => {
    const at = tokens.at;
    const met = readName(tokens, "a flag");
    const name = names.find((each) => each === met || camelCase(each) === met);
    if (name === undefined)
      return tokens.fail(`there is no flag ${met}; there are ${names.join(", ")}`, at);
    flags[camelCase(name)] = tokens.takes(":") ? readBool(tokens) : true;
  });
  return flags;
}

function readEnum(tokens: WaveTokens, names: readonly string[]): string {
  const start = tokens.at;
  const name = readName(tokens, `one of ${names.join(", ")}`);
  return names.includes(name) ? name : tokens.fail(`expected one of ${names.join(", ")}`, start);
}

/** `some(x)`, `none`, `null`; a bare `x` where that cannot mean anything else. */
function readOption(tokens: WaveTokens, type: Extract<WitType, { kind: "option" }>): WitValue {
  if (tokens.takesWord("none") || tokens.takesWord("null")) return none(type);
  let value: WitValue;
  if (tokens.sees(/some\s*\(/y)) {
    tokens.word("some");
    value = readPayload(tokens, type.some);
  } else if (isTagged(type) && tokens.sees(TAG_KEY)) {
    const tagged = readTagged(tokens, [{ name: "none" }, { name: "some", type: type.some }]);
    return { val: undefined, ...tagged };
  } else if (type.some.kind === "option") return tokens.fail("expected some(…) or none");
  else value = read(tokens, type.some);
  return isTagged(type) ? { tag: "some", val: value } : value;
}

/** `ok`, `ok(x)`, `err(x)`; a bare `x` is `ok(x)`. */
function readResult(tokens: WaveTokens, type: Extract<WitType, { kind: "result" }>): WitValue {
  const cases = resultCases(type);
  const word = tokens.peekWord();
  if (word === "ok" || word === "err" || tokens.sees(TAG_KEY)) {
    return { val: undefined, ...readVariant(tokens, cases) };
  }
  if (type.ok === undefined || type.ok.kind === "option" || type.ok.kind === "result") {
    return tokens.fail("expected ok or err");
  }
  return { tag: "ok", val: read(tokens, type.ok) };
}

interface Tagged {
  readonly tag: string;
  readonly val?: WitValue;
}

/** `other("x")`, `none-such`, `{"tag": "other", "val": "x"}`. */
function readVariant(tokens: WaveTokens, cases: readonly Case[]): Tagged {
  if (tokens.sees(TAG_KEY)) return readTagged(tokens, cases);
  const found = readCase(tokens, cases);
  if (found.type === undefined) return { tag: found.name };
  return { tag: found.name, val: readPayload(tokens, found.type) };
}

function readCase(tokens: WaveTokens, cases: readonly Case[]): Case {
  const tag = readEnum(
    tokens,
    cases.map(({ name }) => name),
  );
  return cases.find(({ name }) => name === tag) ?? tokens.fail(`there is no case ${tag}`);
}

function readPayload(tokens: WaveTokens, type: WitType): WitValue {
  tokens.expect("(");
  const value = read(tokens, type);
  tokens.takes(",");
  tokens.expect(")");
  return value;
}

/** How a variant begins in JSON. The tag comes first: it has the type of the rest. */
const TAG_KEY = /\{\s*"tag"\s*:/y;

function readTagged(tokens: WaveTokens, cases: readonly Case[]): Tagged {
  tokens.expect("{");
  tokens.quoted();
  tokens.expect(":");
  const found = readCase(tokens, cases);
  let val: WitValue;
  if (tokens.takes(",") && tokens.peek() === `"`) {
    if (tokens.quoted() !== "val") return tokens.fail(`expected "val"`);
    tokens.expect(":");
    if (found.type !== undefined) val = read(tokens, found.type);
    else if (!tokens.takesWord("null")) return tokens.fail(`the case ${found.name} has no value`);
  } else if (found.type !== undefined) return tokens.fail(`expected "val" for ${found.name}`);
  tokens.expect("}");
  return found.type === undefined ? { tag: found.name } : { tag: found.name, val };
}
