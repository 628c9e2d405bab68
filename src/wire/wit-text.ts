/**
 * WIT text to the types of interfaces and worlds, for calling and serving functions without a component at hand.
 *
 * The grammar is that of WebAssembly/component-model `design/mvp/WIT.md`, with named packages as often as wanted in one
 * text. Feature gates hide nothing. Interfaces that a world needs only for their types are not added to its
 * imports. Lists of fixed length, maps and `error-context` are refused.
 */
import type { FuncType, Interface, WitType, World } from "../core/wit.ts";
import type { InterfaceSyntax, Path } from "./wit-interface.ts";

import { MAX_TYPE_DEPTH } from "./value-types.ts";
import {
  type PackageSyntax,
  readPackages,
  type WorldItem,
  type WorldSyntax,
} from "./wit-syntax.ts";
import { type Token, WitTokens } from "./wit-tokens.ts";
import { readFunc, readType, type Scope } from "./wit-types.ts";

export interface WitDocument {
  /** By full name: `ns:pkg/iface@1.0.0`; by the bare name in text without a package. */
  readonly interfaces: ReadonlyMap<string, Interface>;
  /** By full name, like interfaces. */
  readonly worlds: ReadonlyMap<string, World>;
  /**
   * The types that have names, by where they are defined or used: an interface, a world, or an interface that stands in a
   * world (under its bare name). Every use of a type is the very same object.
   */
  readonly types: ReadonlyMap<string, ReadonlyMap<string, WitType>>;
  /**
   * The full name of the interface that defines a type that has a name, or a handle's resource; without an entry a handle's
   * is the one that the function stands in.
   */
  readonly homes: ReadonlyMap<WitType, string>;
}

/**
 * The interfaces and worlds of `text`.
 *
 * @throws {LatticeError} `bad-message` with line and column for text that is not WIT or names what is not in it;
 * `unsupported` for types that this host has no values for.
 */
export function parseWit(text: string): WitDocument {
  const tokens = new WitTokens(text);
  return new Document(tokens, readPackages(tokens)).resolve();
}

/**
 * A single type, where records, variants, enums and flags are spelled out: `option<record { n: u32 }>`. Handles are
 * written `own<name>` and `borrow<name>`.
 *
 * @throws {LatticeError} as {@link parseWit}.
 */
export function parseWitType(text: string): WitType {
  return parseAlone(text, readType);
}

/**
 * A single function type, with types as in {@link parseWitType}: `func(name: string) -> string`.
 *
 * @throws {LatticeError} as {@link parseWit}.
 */
export function parseWitFunc(text: string): FuncType {
  return parseAlone(text, readFunc);
}

function parseAlone<T>(
  text: string,
  read: (tokens: WitTokens, options: { inline: true }) => (scope: Scope) => T,
): T {
  const tokens = new WitTokens(text);
  const made = read(tokens, { inline: true });
  if (tokens.peek().kind !== "end") tokens.fail("expected nothing more");
  return made({
    lookup: (name) => tokens.fail(`there is no type "${name.text}"`, name.at),
    handle: (kind, name) => ({ kind, resource: name.text }),
  });
}

/** An interface of the document with the package that its paths start from. */
interface Placed {
  readonly body: InterfaceSyntax;
  readonly home: PackageSyntax;
}

interface WritableWorld extends World {
  readonly imports: Map<string, Interface>;
  readonly exports: Map<string, Interface>;
}

class Document {
  readonly #tokens: WitTokens;
  readonly #packages: readonly PackageSyntax[];
  readonly #scopes = new Map<InterfaceSyntax, Scope>();
  readonly #interfaces = new Map<InterfaceSyntax, Interface>();
  readonly #worlds = new Map<WorldSyntax, World>();
  readonly #types = new Map<string, ReadonlyMap<string, WitType>>();
  readonly #homes = new Map<WitType, string>();

  constructor(tokens: WitTokens, packages: readonly PackageSyntax[]) {
    this.#tokens = tokens;
    this.#packages = packages;
  }

  resolve(): WitDocument {
    const interfaces = new Map<string, Interface>();
    const worlds = new Map<string, World>();
    for (const home of this.#packages) {
      for (const [name, body] of home.interfaces) {
        const full = fullName(home, name);
        interfaces.set(full, this.#interface({ body, home }, full));
      }
      for (const [name, world] of home.worlds) {
        const full = fullName(home, name);
        worlds.set(full, this.#world(world, home, []));
        this.#nameTypes(full, world.body, this.#scope({ body: world.body, home }));
      }
    }
    return { interfaces, worlds, types: this.#types, homes: this.#homes };
  }

  /** All types of `body`, also those that no function uses, which are to be right as well. */
  #nameTypes(name: string, body: InterfaceSyntax, scope: Scope): void {
    const named = [...body.types].map(
      ([text, { at }]) => [text, scope.lookup({ kind: "id", text, escaped: true, at })] as const,
    );
    this.#types.set(name, new Map(named));
  }

  #interface(placed: Placed, name: string): Interface {
    const known = this.#interfaces.get(placed.body);
    if (known !== undefined) return known;
    const scope = this.#scope(placed);
    this.#nameTypes(name, placed.body, scope);
    const made = new Map([...placed.body.funcs].map(([name, func]) => [name, func(scope)]));
    this.#interfaces.set(placed.body, made);
    return made;
  }

  /** Types by name, each resolved once, so that what is used often is shared. */
  #scope({ body, home }: Placed): Scope {
    const known = this.#scopes.get(body);
    if (known !== undefined) return known;
    const resolved = new Map<string, WitType>();
    const resolving = new Set<string>();
    const scope: Scope = {
      lookup: (name) => {
        const type = resolved.get(name.text);
        if (type !== undefined) return type;
        if (resolving.has(name.text)) {
          return this.#tokens.fail(`the type "${name.text}" contains itself`, name.at);
        }
        resolving.add(name.text);
        const made = this.#type({ body, home }, name, scope);
        resolving.delete(name.text);
        resolved.set(name.text, made);
        return made;
      },
      handle: (kind, name) => {
        const type = scope.lookup(name);
        if (type.kind !== "own") {
          return this.#tokens.fail(`"${name.text}" is not a resource`, name.at);
        }
        const handle: WitType = { kind, resource: type.resource };
        this.#liveAt(handle, this.#homes.get(type));
        return handle;
      },
    };
    this.#scopes.set(body, scope);
    return scope;
  }

  #liveAt(handle: WitType, home: string | undefined): void {
    if (home !== undefined) this.#homes.set(handle, home);
  }

  #depth = 0;

  #type({ body, home }: Placed, name: Token, scope: Scope): WitType {
    const syntax = body.types.get(name.text);
    if (syntax === undefined) return this.#tokens.fail(`there is no type "${name.text}"`, name.at);
    if (syntax.kind === "resource") {
      const handle: WitType = { kind: "own", resource: name.text };
      this.#liveAt(handle, nameOf(body, home));
      return handle;
    }
    if (this.#depth > MAX_TYPE_DEPTH) {
      return this.#tokens.fail(`types nested deeper than ${MAX_TYPE_DEPTH}`, name.at);
    }
    this.#depth++;
    const type =
      syntax.kind === "type"
        ? syntax.text(scope)
        : this.#scope(this.#interfaceAt(syntax.path, home)).lookup(syntax.name);
    this.#depth--;
    // Other names for it come later: what they stand for is looked up first.
    if (syntax.kind === "type" && !this.#homes.has(type)) this.#liveAt(type, nameOf(body, home));
    return type;
  }

  #world(world: WorldSyntax, home: PackageSyntax, within: readonly WorldSyntax[]): World {
    const known = this.#worlds.get(world);
    if (known !== undefined) return known;
    const made: WritableWorld = { imports: new Map(), exports: new Map() };
    const scope = this.#scope({ body: world.body, home });
    for (const item of world.imports) this.#addItem(made.imports, item, home, scope);
    for (const item of world.exports) this.#addItem(made.exports, item, home, scope);
    for (const { path, renames } of world.includes) {
      const found = this.#find(path, home, "world");
      const included = found.home.worlds.get(found.name);
      if (included === undefined || included === world || within.includes(included)) {
        return this.#tokens.fail(`the world "${path.name}" includes itself`, path.at);
      }
      const { imports, exports } = this.#world(included, found.home, [...within, world]);
      include(made.imports, imports, renames);
      include(made.exports, exports, renames);
    }
    this.#worlds.set(world, made);
    return made;
  }

  #addItem(
    items: Map<string, Interface>,
    item: WorldItem,
    home: PackageSyntax,
    scope: Scope,
  ): void {
    if (item.kind === "inline") {
      items.set(item.name, this.#interface({ body: item.body, home }, item.name));
    } else if (item.kind === "func") addRoot(items, item.name, item.func(scope));
    else {
      const placed = this.#interfaceAt(item.path, home);
      items.set(placed.name, this.#interface(placed, placed.name));
    }
  }

  #interfaceAt(path: Path, from: PackageSyntax): Placed & { readonly name: string } {
    const { home, name } = this.#find(path, from, "interface");
    const body = home.interfaces.get(name);
    if (body === undefined) return this.#tokens.fail(`"${name}" is not an interface`, path.at);
    return { body, home, name: fullName(home, name) };
  }

  /** The package and the name that `path` leads to, through the aliases of `from`. */
  #find(
    path: Path,
    from: PackageSyntax,
    what: "interface" | "world",
  ): { readonly home: PackageSyntax; readonly name: string } {
    const items = what === "interface" ? "interfaces" : "worlds";
    if (path.package === undefined) {
      const alias = from.aliases.get(path.name);
      const plain = alias !== undefined && alias.package === undefined && alias.name === path.name;
      if (alias !== undefined && !plain) return this.#find(alias, from, what);
      if (from[items].has(path.name)) return { home: from, name: path.name };
      return this.#tokens.fail(`there is no ${what} "${path.name}"`, path.at);
    }
    const home = this.#packages.find(
      ({ name, version }) => name === path.package && version === path.version,
    );
    if (home?.[items].has(path.name) === true) return { home, name: path.name };
    const wanted = fullName({ name: path.package, version: path.version }, path.name);
    return this.#tokens.fail(`this text has no ${what} ${wanted}; ${this.#offer(path)}`, path.at);
  }

  #offer({ package: name }: Path): string {
    const versions = this.#packages.filter((each) => each.name === name);
    if (versions.length === 0) return `add the text of the package ${name}`;
    return `what it has of that package is ${versions
      .flatMap((each) =>
        [...each.interfaces.keys(), ...each.worlds.keys()].map((n) => fullName(each, n)),
      )
      .join(", ")}`;
  }
}

/** The full name of an interface, unless it stands in a world. */
function nameOf(body: InterfaceSyntax, home: PackageSyntax): string | undefined {
  const [its] = [...home.interfaces].find((each) => each[1] === body) ?? [];
  return its === undefined ? undefined : fullName(home, its);
}

/** `ns:pkg/name@version`. */
function fullName(
  { name, version }: Pick<PackageSyntax, "name" | "version">,
  item: string,
): string {
  const path = name === "" ? item : `${name}/${item}`;
  return version === undefined ? path : `${path}@${version}`;
}

/** Functions of a world itself stand together under the empty name. */
function addRoot(items: Map<string, Interface>, name: string, func: FuncType): void {
  items.set("", new Map([...(items.get("") ?? []), [name, func]]));
}

function include(
  items: Map<string, Interface>,
  included: ReadonlyMap<string, Interface>,
  renames: ReadonlyMap<string, string>,
): void {
  for (const [name, functions] of included) {
    if (name !== "") items.set(renames.get(name) ?? name, functions);
    else for (const [func, type] of functions) addRoot(items, renames.get(func) ?? func, type);
  }
}
