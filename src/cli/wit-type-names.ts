/** Where the named types of a WIT text stand in TypeScript: each interface is a namespace, each type has one name in it. */
import type { WitType } from "../core/wit.ts";
import type { WitDocument } from "../wire/wit-text.ts";

import { inSeveralVersions, withoutVersion } from "../core/wit.ts";
import { className } from "../typed/names.ts";

/** A type that has a name. `owner`: what defines it, as in {@link WitDocument.types}. */
export interface Named {
  readonly owner: string;
  readonly name: string;
}

export interface WitNames {
  /** The namespace of `owner`. */
  namespace(owner: string): string;
  /** The name in TypeScript of what `owner` calls `name` in WIT. */
  typeName(owner: string, name: string): string | undefined;
  /** Where `type` is defined; `undefined` for one that has no name. */
  find(type: WitType): Named | undefined;
}

/** What emitted text means by these names must not become a type of the WIT text: such get a `_` behind their names. */
const TAKEN: readonly string[] = [
  ..."Int8Array Uint8Array Int16Array Uint16Array Int32Array Uint32Array".split(" "),
  ..."BigInt64Array BigUint64Array Float32Array Float64Array".split(" "),
  ..."Promise AsyncIterable ReadableStream Disposable Symbol".split(" "),
  ..."ServedCall Awaitable Streamable Served Client Functions Exports".split(" "),
];

/** Words that name no parameter in a module. */
const RESERVED: ReadonlySet<string> = new Set([
  ..."break case catch class const continue debugger default delete do else enum export extends".split(
    " ",
  ),
  ..."false finally for function if import in instanceof new null return super switch this".split(
    " ",
  ),
  ..."throw true try typeof var void while with await yield let static implements".split(" "),
  ..."interface package private protected public eval arguments".split(" "),
]);

export function createWitNames({ types, homes }: WitDocument): WitNames {
  const several = inSeveralVersions(types.keys());
  const namespaceNames = new NameSet(TAKEN);
  const namespaces = new Map<string, string>();
  const names = new Map<string, ReadonlyMap<string, string>>();
  const places = new Map<WitType, Named>();
  for (const [owner, named] of types) {
    const full = several.has(owner) ? owner : withoutVersion(owner);
    namespaces.set(owner, namespaceNames.add(className(full.replace(/[^a-z0-9]+/gi, "-"))));
    const used = new NameSet(TAKEN);
    const own = new Map<string, string>();
    for (const name of named.keys()) own.set(name, used.add(className(name)));
    names.set(owner, own);
    for (const [name, type] of named) {
      const home = homes.get(type);
      const isHere = home === undefined || home === owner || !holds(types.get(home), type);
      if (isHere && !places.has(type)) places.set(type, { owner, name });
    }
  }
  return {
    namespace: (owner) => namespaces.get(owner) ?? className(owner),
    typeName: (owner, name) => names.get(owner)?.get(name),
    find: (type) => places.get(type),
  };
}

function holds(named: ReadonlyMap<string, WitType> | undefined, type: WitType): boolean {
  return named !== undefined && [...named.values()].includes(type);
}

/** Names of which no two are the same: who comes later gets a `_` more. */
export class NameSet {
  readonly #used: Set<string>;

  constructor(used: Iterable<string> = []) {
    this.#used = new Set(used);
  }

  add(wanted: string): string {
    let name = wanted;
    while (this.#used.has(name)) name += "_";
    this.#used.add(name);
    return name;
  }
}

/** `name`, which is in camelCase, for a parameter. */
export function parameterName(name: string, used: NameSet): string {
  return used.add(RESERVED.has(name) ? `${name}_` : name);
}

/** `name` for a member: `new(…)` would be a constructor. */
export function memberName(name: string): string {
  return /^[A-Za-z]\w*$/.test(name) && name !== "new" ? name : JSON.stringify(name);
}
