/**
 * Types and functions in WIT text. Names of types are looked up when all of the text is read, so what is read
 * here is a function of the scope in which they will be.
 */
import type { Case, Field, FuncType, PrimitiveKind, WitType } from "../core/wit.ts";
import type { Token, WitTokens } from "./wit-tokens.ts";
import { MAX_TYPE_DEPTH } from "./value-types.ts";

export interface Scope {
  /** The type called `name`; a resource is the type of its handles. */
  lookup(name: Token): WitType;
  /** The type of handles of the resource called `name`. */
  handle(kind: "own" | "borrow", name: Token): WitType;
}

/** A type that waits for the meaning of the names in it. */
export type TypeText = (scope: Scope) => WitType;
export type FuncText = (scope: Scope) => FuncType;

const PRIMITIVES: ReadonlyMap<string, PrimitiveKind> = new Map([
  ...(
    [
      "bool",
      "u8",
      "s8",
      "u16",
      "s16",
      "u32",
      "s32",
      "u64",
      "s64",
      "f32",
      "f64",
      "char",
      "string",
    ] as const
  ).map((kind) => [kind, kind] as const),
  // Until 2024 the floats had these names; interfaces of that time are still in use.
  ["float32", "f32"] as const,
  ["float64", "f64"] as const,
]);

/** Keywords of WIT and of the component model that this host has no values for. */
const UNSUPPORTED: ReadonlySet<string> = new Set(["error-context", "map"]);

/** Where a type may stand: inline, records and their like may be spelled out, which WIT itself has no place for. */
export interface TypeOptions {
  readonly inline: boolean;
}

/** Reads a type as it stands behind a colon. */
export function readType(tokens: WitTokens, options: TypeOptions, depth = 0): TypeText {
  const name = tokens.peek();
  if (depth > MAX_TYPE_DEPTH)
    return tokens.fail(`types nested deeper than ${MAX_TYPE_DEPTH}`, name.at);
  const part = (): TypeText => readType(tokens, options, depth + 1);
  if (name.kind !== "id") return tokens.fail("expected a type");
  if (!name.escaped) {
    const primitive = PRIMITIVES.get(name.text);
    if (primitive !== undefined) return tokens.take() && always({ kind: primitive });
    if (UNSUPPORTED.has(name.text)) {
      return tokens.fail(`"${name.text}" is not supported`, name.at, "unsupported");
    }
    const generic = GENERICS.get(name.text);
    if (generic !== undefined) return tokens.take() && generic(tokens, part);
    if (DEFINITIONS.has(name.text)) {
      const inline = options.inline ? readDefinition(tokens, options, depth) : undefined;
      return inline ?? tokens.fail(`a ${name.text} is defined apart, under a name`, name.at);
    }
  }
  tokens.name("a type");
  return (scope) => scope.lookup(name);
}

const always =
  (type: WitType): TypeText =>
  () =>
    type;

type ReadGeneric = (tokens: WitTokens, part: () => TypeText) => TypeText;

const GENERICS: ReadonlyMap<string, ReadGeneric> = new Map<string, ReadGeneric>([
  ["list", readList],
  [
    "option",
    (tokens, part) => {
      const some = inBrackets(tokens, part);
      return (scope) => ({ kind: "option", some: some(scope) });
    },
  ],
  [
    "tuple",
    (tokens, part) => {
      tokens.expect("<");
      const elements = readSeries(tokens, ">", part);
      return (scope) => ({ kind: "tuple", elements: elements.map((each) => each(scope)) });
    },
  ],
  ["result", readResult],
  ["stream", readAsync("stream")],
  ["future", readAsync("future")],
  ["own", readHandle("own")],
  ["borrow", readHandle("borrow")],
]);

function inBrackets<T>(tokens: WitTokens, read: () => T): T {
  tokens.expect("<");
  const inner = read();
  tokens.expect(">");
  return inner;
}

function readList(tokens: WitTokens, part: () => TypeText): TypeText {
  tokens.expect("<");
  const element = part();
  if (tokens.is(",")) {
    return tokens.fail("lists of fixed length are not supported", tokens.peek().at, "unsupported");
  }
  tokens.expect(">");
  return (scope) => ({ kind: "list", element: element(scope) });
}

/** `result`, `result<T>`, `result<_, E>`, `result<T, E>`. */
function readResult(tokens: WitTokens, part: () => TypeText): TypeText {
  if (!tokens.takes("<")) return always({ kind: "result" });
  const ok = tokens.takes("_") ? undefined : part();
  const err = tokens.takes(",") ? part() : undefined;
  tokens.expect(">");
  return (scope) => ({
    kind: "result",
    ...(ok && { ok: ok(scope) }),
    ...(err && { err: err(scope) }),
  });
}

function readAsync(kind: "stream" | "future"): ReadGeneric {
  return (tokens, part) => {
    const element = tokens.is("<") ? inBrackets(tokens, part) : undefined;
    return (scope) => ({ kind, ...(element && { element: element(scope) }) });
  };
}

function readHandle(kind: "own" | "borrow"): ReadGeneric {
  return (tokens) => {
    const name = inBrackets(tokens, () => tokens.name("a resource"));
    return (scope) => scope.handle(kind, name);
  };
}

/** What follows the name in `record name { … }`, by keyword. */
const DEFINITIONS: ReadonlyMap<string, (tokens: WitTokens, type: () => TypeText) => TypeText> =
  new Map<string, (tokens: WitTokens, type: () => TypeText) => TypeText>([
    [
      "record",
      (tokens, type) => {
        const fields = readParts(tokens, "field", () => readField(tokens, type));
        return (scope) => ({ kind: "record", fields: fields.map((field) => field(scope)) });
      },
    ],
    [
      "variant",
      (tokens, type) => {
        const cases = readParts(tokens, "case", () => readCase(tokens, type));
        return (scope) => ({ kind: "variant", cases: cases.map((each) => each(scope)) });
      },
    ],
    ["enum", (tokens) => always({ kind: "enum", names: readNames(tokens, "case") })],
    ["flags", (tokens) => always({ kind: "flags", names: readNames(tokens, "flag") })],
  ]);

/** Reads `record`, `variant`, `enum` or `flags`, its name if `named` is given, and its parts. */
export function readDefinition(
  tokens: WitTokens,
  options: TypeOptions,
  depth = 0,
  named?: (name: Token) => void,
): TypeText | undefined {
  const keyword = tokens.peek();
  const read = keyword.escaped ? undefined : DEFINITIONS.get(keyword.text);
  if (read === undefined) return undefined;
  tokens.take();
  named?.(tokens.name(`the name of a ${keyword.text}`));
  return read(tokens, () => readType(tokens, options, depth + 1));
}

/** `{ part, part, }`, with one part at least, each of another name. */
function readParts<T>(tokens: WitTokens, what: string, read: () => T): readonly T[] {
  tokens.expect("{");
  if (tokens.is("}")) return tokens.fail(`expected a ${what}`);
  const names = new Set<string>();
  return readSeries(tokens, "}", () => {
    const { text, at } = tokens.peek();
    if (names.has(text)) return tokens.fail(`the ${what} "${text}" is there twice`, at);
    names.add(text);
    return read();
  });
}

const readNames = (tokens: WitTokens, what: string): readonly string[] =>
  readParts(tokens, what, () => tokens.name(`a ${what}`).text);

function readField(tokens: WitTokens, type: () => TypeText): (scope: Scope) => Field {
  const { text: name } = tokens.name("a name");
  tokens.expect(":");
  const of = type();
  return (scope) => ({ name, type: of(scope) });
}

function readCase(tokens: WitTokens, type: () => TypeText): (scope: Scope) => Case {
  const { text: name } = tokens.name("a case");
  if (!tokens.takes("(")) return () => ({ name });
  const payload = type();
  tokens.expect(")");
  return (scope) => ({ name, type: payload(scope) });
}

/** Things up to `end`, with commas between and perhaps behind them. */
export function readSeries<T>(tokens: WitTokens, end: string, read: () => T): readonly T[] {
  const series: T[] = [];
  while (!tokens.takes(end)) {
    series.push(read());
    if (tokens.takes(",")) continue;
    tokens.expect(end);
    break;
  }
  return series;
}

/** Reads `async func(a: u8) -> u8`. */
export function readFunc(tokens: WitTokens, options: TypeOptions): FuncText {
  const async = tokens.takes("async");
  tokens.expect("func");
  const params = readParams(tokens, options);
  const result = tokens.takes("->") ? readType(tokens, options) : undefined;
  return (scope) => ({
    params: params(scope),
    ...(result && { result: result(scope) }),
    ...(async && { async }),
  });
}

/** Reads `(a: u8, b: string)`. */
export function readParams(
  tokens: WitTokens,
  options: TypeOptions,
): (scope: Scope) => readonly Field[] {
  tokens.expect("(");
  const params = readSeries(tokens, ")", () => readField(tokens, () => readType(tokens, options)));
  return (scope) => params.map((param) => param(scope));
}
