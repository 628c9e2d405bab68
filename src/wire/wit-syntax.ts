/** The structure of WIT text: packages and worlds, names not yet resolved; what stands in them is `wit-interface.ts`'s. */
import type { WitTokens } from "./wit-tokens.ts";
import {
  add,
  type InterfaceSyntax,
  localPath,
  type Path,
  PLAIN,
  readInterface,
  readPath,
  readPathBehind,
  readTypeItem,
  readVersion,
  skipGates,
} from "./wit-interface.ts";
import { type FuncText, readFunc, readSeries } from "./wit-types.ts";

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
