/** The structure of WIT text: packages, interfaces, worlds and what stands in them, names not yet resolved. */
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

export type WorldItem =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "inline"; readonly name: string; readonly body: InterfaceSyntax }
  | { readonly kind: "func"; readonly name: string; readonly func: FuncText };

export interface Include {
  readonly path: Path;
  /** New names for things that have plain ones. */
  readonly renames: ReadonlyMap<string, string>;
}

export interface WorldSyntax {
  /** Types of the world itself; its functions are items. */
  readonly body: InterfaceSyntax;
  readonly imports: WorldItem[];
  readonly exports: WorldItem[];
  readonly includes: Include[];
}

export interface PackageSyntax {
  /** `wasi:io`; empty for text that names no package. */
  readonly name: string;
  readonly version: string | undefined;
  readonly aliases: Map<string, Path>;
  readonly interfaces: Map<string, InterfaceSyntax>;
  readonly worlds: Map<string, WorldSyntax>;
}

const PLAIN = { inline: false } as const;

/**
 * The packages of a text. `package a:b;` is taken more than once, so that the files of a package and those of
 * its dependencies can be given as one text.
 */
export function readPackages(tokens: WitTokens): readonly PackageSyntax[] {
  const packages: PackageSyntax[] = [];
  let current: PackageSyntax | undefined;
  while (tokens.peek().kind !== "end") {
    if (!tokens.is("package")) {
      current ??= packageOf(packages, "", undefined);
      readPackageItem(tokens, current);
      continue;
    }
    tokens.take();
    const { text: namespace } = tokens.name("a namespace");
    tokens.expect(":");
    const name = `${namespace}:${tokens.name("the name of a package").text}`;
    const named = packageOf(packages, name, readVersion(tokens));
    if (tokens.takes("{")) {
      while (!tokens.takes("}")) readPackageItem(tokens, named);
    } else {
      tokens.expect(";");
      current = named;
    }
  }
  return packages;
}

function packageOf(
  packages: PackageSyntax[],
  name: string,
  version: string | undefined,
): PackageSyntax {
  const known = packages.find((each) => each.name === name && each.version === version);
  if (known !== undefined) return known;
  const made = { name, version, aliases: new Map(), interfaces: new Map(), worlds: new Map() };
  packages.push(made);
  return made;
}

function readPackageItem(tokens: WitTokens, { aliases, interfaces, worlds }: PackageSyntax): void {
  skipGates(tokens);
  if (tokens.takes("interface")) {
    const name = tokens.name("the name of an interface");
    return add(tokens, interfaces, name, readInterface(tokens));
  }
  if (tokens.takes("world")) {
    const name = tokens.name("the name of a world");
    return add(tokens, worlds, name, readWorld(tokens));
  }
  if (tokens.takes("use")) {
    const path = readPath(tokens);
    const name = tokens.takes("as") ? tokens.name("a name") : { text: path.name, at: path.at };
    add(tokens, aliases, name, path);
    tokens.expect(";");
    return;
  }
  tokens.fail("expected an interface, a world, a package or a use");
}

function add<T>(
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
function skipGates(tokens: WitTokens): void {
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

const readVersion = (tokens: WitTokens): string | undefined =>
  tokens.takes("@") ? tokens.version() : undefined;

function readPath(tokens: WitTokens): Path {
  const first = tokens.name("the name of an interface");
  return tokens.takes(":") ? readPathBehind(tokens, first) : localPath(first);
}

const localPath = ({ text, at }: Token): Path => ({
  package: undefined,
  version: undefined,
  name: text,
  at,
});

/** Reads what follows `namespace:` in a path. */
function readPathBehind(tokens: WitTokens, { text, at }: Token): Path {
  const pkg = `${text}:${tokens.name("the name of a package").text}`;
  tokens.expect("/");
  const { text: name } = tokens.name("the name of an interface");
  return { package: pkg, name, version: readVersion(tokens), at };
}

function readInterface(tokens: WitTokens): InterfaceSyntax {
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
function readTypeItem(tokens: WitTokens, body: InterfaceSyntax): boolean {
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

function readWorld(tokens: WitTokens): WorldSyntax {
  const world: WorldSyntax = {
    body: { types: new Map(), funcs: new Map() },
    imports: [],
    exports: [],
    includes: [],
  };
  tokens.expect("{");
  while (!tokens.takes("}")) {
    skipGates(tokens);
    if (tokens.takes("import")) world.imports.push(readWorldItem(tokens));
    else if (tokens.takes("export")) world.exports.push(readWorldItem(tokens));
    else if (tokens.takes("include")) world.includes.push(readInclude(tokens));
    else if (!readTypeItem(tokens, world.body)) tokens.fail("expected an import or export");
  }
  return world;
}

/** `path;`, `name: func(…);`, `name: interface { … }`. */
function readWorldItem(tokens: WitTokens): WorldItem {
  const first = tokens.name("a name");
  const named = tokens.takes(":");
  if (named && tokens.takes("interface")) {
    return { kind: "inline", name: first.text, body: readInterface(tokens) };
  }
  const item: WorldItem =
    named && (tokens.is("func") || tokens.is("async"))
      ? { kind: "func", name: first.text, func: readFunc(tokens, PLAIN) }
      : { kind: "path", path: named ? readPathBehind(tokens, first) : localPath(first) };
  tokens.expect(";");
  return item;
}

function readInclude(tokens: WitTokens): Include {
  const path = readPath(tokens);
  const renames = new Map<string, string>();
  if (tokens.takes("with")) {
    tokens.expect("{");
    readSeries(tokens, "}", () => {
      const { text: from } = tokens.name("a name");
      tokens.expect("as");
      renames.set(from, tokens.name("a name").text);
    });
    tokens.takes(";"); // the grammar has none, much text does
  } else tokens.expect(";");
  return { path, renames };
}
