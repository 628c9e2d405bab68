/** The WAVE text of a draft, or what is wrong with it, control by control. Pure. */
import type { WitType } from "../../core/wit.ts";
import type { Draft, DraftPath } from "./value-draft.ts";

import { casesOf, pathKey } from "./value-draft.ts";

/** By the key of the path: a sentence for the one who fills the form. */
export type DraftProblems = ReadonlyMap<string, string>;

export type DraftText = { readonly text: string } | { readonly problems: DraftProblems };

export function textOf(type: WitType, draft: Draft): DraftText {
  const problems = new Map<string, string>();
  const text = write(type, draft, [], (path, problem) => problems.set(pathKey(path), problem));
  return problems.size > 0 ? { problems } : { text };
}

/** The lowest and highest value of an integer kind; `undefined` for other kinds. */
export function rangeOf(kind: string): readonly [lowest: bigint, highest: bigint] | undefined {
  const match = /^([us])(8|16|32|64)$/.exec(kind);
  if (match === null) return undefined;
  const bits = BigInt(match[2] ?? "");
  return match[1] === "u" ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

type Tell = (path: DraftPath, problem: string) => void;

function write(type: WitType, draft: Draft, path: DraftPath, tell: Tell): string {
  switch (draft.kind) {
    case "wave":
      if (draft.text.trim() === "") tell(path, "Write the value as WAVE.");
      return draft.text.trim();
    case "bool":
      return String(draft.on);
    case "flags":
      return `{${draft.names.map(label).join(", ")}}`;
    case "text":
      return writeText(type, draft.text, path, tell);
    case "bytes":
      return writeBytes(draft, path, tell);
    case "items":
      return writeItems(type, draft.items, path, tell);
    case "case": {
      const { name, payload } = draft;
      const found = casesOf(type).find((each) => each.name === name);
      const word = type.kind === "option" || type.kind === "result" ? name : label(name);
      if (found?.type === undefined || payload === undefined) return word;
      return `${word}(${write(found.type, payload, [...path, 0], tell)})`;
    }
  }
}

function writeItems(type: WitType, items: readonly Draft[], path: DraftPath, tell: Tell): string {
  const each = (of: WitType, index: number): string => {
    const item = items[index];
    return item === undefined ? "" : write(of, item, [...path, index], tell);
  };
  switch (type.kind) {
    case "list":
      return `[${items.map((_, index) => each(type.element, index)).join(", ")}]`;
    case "tuple":
      return `(${type.elements.map(each).join(", ")})`;
    case "record":
      return `{${type.fields
        .map((field, index) => `${label(field.name)}: ${each(field.type, index)}`)
        .join(", ")}}`;
    default:
      return "";
  }
}

function writeText({ kind }: WitType, text: string, path: DraftPath, tell: Tell): string {
  if (kind === "string" || kind === "char") {
    if (/\p{Surrogate}/u.test(text)) tell(path, "It has half of a character.");
    else if (kind === "char" && Array.from(text).length !== 1) tell(path, "One character.");
    return quote(text, kind === "char" ? "'" : `"`);
  }
  const word = text.trim();
  if (kind === "f32" || kind === "f64") {
    if (/^(?:nan|-?inf|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(word)) return word;
    tell(path, "A number, nan, inf or -inf.");
    return word;
  }
  const range = rangeOf(kind);
  if (range === undefined) return word;
  const [lowest, highest] = range;
  const whole = /^-?\d+$/.test(word);
  if (!whole || BigInt(word) < lowest || BigInt(word) > highest) {
    tell(path, `A whole number from ${lowest} to ${highest}.`);
  }
  return word;
}

function writeBytes(
  { as, text }: Extract<Draft, { kind: "bytes" }>,
  path: DraftPath,
  tell: Tell,
): string {
  if (as === "text") return `[${new TextEncoder().encode(text).join(", ")}]`;
  const digits = text.replaceAll(/[\s,:]|0x/g, "");
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) tell(path, "Pairs of hex digits: 48 65 6c 6c 6f.");
  return `[${(digits.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)).join(", ")}]`;
}

/** Words that mean something else in WAVE. */
const WORDS: ReadonlySet<string> = new Set([
  "true",
  "false",
  "inf",
  "nan",
  "some",
  "none",
  "ok",
  "err",
]);

const label = (name: string): string => (WORDS.has(name) ? `%${name}` : name);

const NAMED: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ["\n", String.raw`\n`],
  ["\r", String.raw`\r`],
  ["\t", String.raw`\t`],
]);

function quote(text: string, mark: string): string {
  const inner = Array.from(text, (character) => {
    if (character === mark) return `\\${mark}`;
    const named = NAMED.get(character);
    if (named !== undefined) return named;
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20 || code === 0x7f ? `\\u{${code.toString(16)}}` : character;
  });
  return mark + inner.join("") + mark;
}
