/**
 * The structure of WIT text within an interface or a world: types, functions, and the paths that name other interfaces; names are
 * not yet resolved.
 */
import type { Token, WitTokens } from "./wit-tokens.ts";
import {
  type FuncText,
  readDefinition,
  readFunc,
  readParams,
  readSeries,
  readType,
  type TypeText,
} from "./wit-types.ts";

/** A name that points to an interface or world: `poll`, or `wasi:io/poll@0.2.0`. */
export interface Path {
  /** `wasi:io`; absent for one of the same package. */
  readonly package: string | undefined;
  readonly version: string | undefined;
  readonly name: string;
  readonly at: number;
}

export type TypeSyntax =
  | { readonly kind: "type"; readonly at: number; readonly text: TypeText }
  | { readonly kind: "resource"; readonly at: number }
  /** `use path.{name as …}`. */
  | { readonly kind: "use"; readonly at: number; readonly path: Path; readonly name: Token };

/** Types by name, and functions by their component-level name. */
export interface InterfaceSyntax {
  readonly types: Map<string, TypeSyntax>;
  readonly funcs: Map<string, FuncText>;
}

export const PLAIN = { inline: false } as const;

export function readInterface(tokens: WitTokens): InterfaceSyntax {
  const body: InterfaceSyntax = { types: new Map(), funcs: new Map() };
  tokens.expect("{");
  while (!tokens.takes("}")) {
    skipGates(tokens);
    if (!readTypeItem(tokens, body)) readFuncItem(tokens, body);
  }
  return body;
}

function readFuncItem(tokens: WitTokens, { funcs }: InterfaceSyntax): void {
  const name = tokens.name("a function or a type");
  tokens.expect(":");
  add(tokens, funcs, name, readFunc(tokens, PLAIN));
  tokens.expect(";");
}

/** Reads a definition of types or a use; false if the next thing is none. */
export function readTypeItem(tokens: WitTokens, body: InterfaceSyntax): boolean {
  let name = tokens.peek();
  const definition = readDefinition(tokens, PLAIN, 0, (found) => (name = found));
  if (definition !== undefined) {
    add(tokens, body.types, name, { kind: "type", at: name.at, text: definition });
  } else if (tokens.takes("type")) {
    name = tokens.name("the name of a type");
    tokens.expect("=");
    add(tokens, body.types, name, { kind: "type", at: name.at, text: readType(tokens, PLAIN) });
    tokens.expect(";");
  } else if (tokens.takes("resource")) readResource(tokens, body);
  else if (tokens.takes("use")) readUse(tokens, body);
  else return false;
  return true;
}

function readUse(tokens: WitTokens, { types }: InterfaceSyntax): void {
  const path = readPath(tokens);
  tokens.expect(".");
  tokens.expect("{");
  readSeries(tokens, "}", () => {
    const name = tokens.name("the name of a type");
    const local = tokens.takes("as") ? tokens.name("a name") : name;
    add(tokens, types, local, { kind: "use", at: name.at, path, name });
  });
  tokens.expect(";");
}

function readResource(tokens: WitTokens, body: InterfaceSyntax): void {
  const resource = tokens.name("the name of a resource");
  add(tokens, body.types, resource, { kind: "resource", at: resource.at });
  if (tokens.takes(";")) return;
  tokens.expect("{");
  while (!tokens.takes("}")) {
    skipGates(tokens);
    readMethod(tokens, body, resource);
    tokens.expect(";");
  }
}

function readMethod(tokens: WitTokens, { funcs }: InterfaceSyntax, resource: Token): void {
  const name = tokens.name("a method");
  if (name.text === "constructor" && !name.escaped) {
    const params = readParams(tokens, PLAIN);
    const result = tokens.takes("->")
      ? readType(tokens, PLAIN)
      : (): ReturnType<TypeText> => ({ kind: "own", resource: resource.text });
    return add(tokens, funcs, { text: `[constructor]${resource.text}`, at: name.at }, (scope) => ({
      params: params(scope),
      result: result(scope),
    }));
  }
  tokens.expect(":");
  const isStatic = tokens.takes("static");
  const func = readFunc(tokens, PLAIN);
  const full = {
    text: `[${isStatic ? "static" : "method"}]${resource.text}.${name.text}`,
    at: name.at,
  };
  if (isStatic) return add(tokens, funcs, full, func);
  add(tokens, funcs, full, (scope) => {
    const type = func(scope);
    const self = { name: "self", type: { kind: "borrow", resource: resource.text } } as const;
    return { ...type, params: [self, ...type.params] };
  });
}

export function add<T>(
  tokens: WitTokens,
  items: Map<string, T>,
  { text, at }: Pick<Token, "text" | "at">,
  item: T,
): void {
  if (items.has(text)) tokens.fail(`"${text}" is there twice`, at);
  items.set(text, item);
}

/**
 * `@since(version = 0.2.0)`, `@unstable(feature = x)`, `@deprecated(version = 0.2.0)`. Whatever they stand before is
 * there all the same: the peer knows what it serves.
 */
export function skipGates(tokens: WitTokens): void {
  while (tokens.takes("@")) {
    const gate = tokens.name("a gate");
    tokens.expect("(");
    if (gate.text === "unstable") {
      tokens.expect("feature");
      tokens.expect("=");
      tokens.name("a feature");
    } else if (gate.text === "since" || gate.text === "deprecated") {
      tokens.expect("version");
      tokens.expect("=");
      tokens.version();
    } else tokens.fail(`there is no gate "${gate.text}"`, gate.at);
    tokens.expect(")");
  }
}

export const readVersion = (tokens: WitTokens): string | undefined =>
  tokens.takes("@") ? tokens.version() : undefined;

export function readPath(tokens: WitTokens): Path {
  const first = tokens.name("the name of an interface");
  return tokens.takes(":") ? readPathBehind(tokens, first) : localPath(first);
}

export const localPath = ({ text, at }: Token): Path => ({
  package: undefined,
  version: undefined,
  name: text,
  at,
});

/** Reads what follows `namespace:` in a path. */
export function readPathBehind(tokens: WitTokens, { text, at }: Token): Path {
  const pkg = `${text}:${tokens.name("the name of a package").text}`;
  tokens.expect("/");
  const { text: name } = tokens.name("the name of an interface");
  return { package: pkg, name, version: readVersion(tokens), at };
}
