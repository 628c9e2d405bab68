/**
 * WIT types, functions, interfaces and worlds as plain data.
 *
 * Plain objects, arrays and Maps only: they cross worker boundaries by structured clone.
 */

/** Types without parts. */
export type PrimitiveKind =
  | "bool"
  | "u8"
  | "s8"
  | "u16"
  | "s16"
  | "u32"
  | "s32"
  | "u64"
  | "s64"
  | "f32"
  | "f64"
  | "char"
  | "string";

export interface Field {
  readonly name: string;
  readonly type: WitType;
}

export interface Case {
  readonly name: string;
  readonly type?: WitType;
}

/** Any WIT type, spelled out: names of records, variants and aliases are resolved away. */
export type WitType =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: "list"; readonly element: WitType }
  | { readonly kind: "option"; readonly some: WitType }
  | { readonly kind: "result"; readonly ok?: WitType; readonly err?: WitType }
  | { readonly kind: "tuple"; readonly elements: readonly WitType[] }
  | { readonly kind: "record"; readonly fields: readonly Field[] }
  | { readonly kind: "variant"; readonly cases: readonly Case[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | {
      readonly kind: "own" | "borrow";
      readonly resource: string;
      /** The full name of the interface that a component imports it with; absent for its own, and in WIT text. */
      readonly of?: string;
    }
  | { readonly kind: "stream" | "future"; readonly element?: WitType };

/**
 * A value of some WIT type in jco's JavaScript mapping: `u64`/`s64` are bigints, lists of numbers are typed
 * arrays (`list<u8>` a `Uint8Array`; plain arrays are taken as well), `option` none is `undefined`, variants and nested
 * results are `{ tag, val }`, record fields and flags are in camelCase. A top-level `result` is
 * `{ tag: "ok" | "err", val }` here as well, never a throw.
 *
 * A `stream` is a {@link WitStream}, a `future` a promise, a handle (`own`, `borrow`) bytes that only the resource's owner
 * understands: whoever else has them hands them back as they are. Where a component imports an interface with handles of
 * `wasi:io/streams`, an `input-stream` that it is given is a {@link WitStream} of bytes, and an `output-stream` a
 * `WritableStream` of `Uint8Array`s.
 */
export type WitValue = unknown;

/**
 * A `stream<T>`: chunks of one value or more, a `Uint8Array` for `stream<u8>` and an array of values for others. For one
 * reader, who gives it up by `cancel`. An error in it tells that the other side broke off; make it with a high-water mark
 * of 0, so that nothing is read ahead.
 */
export type WitStream = ReadableStream<Uint8Array | readonly WitValue[]>;

export interface FuncType {
  readonly params: readonly Field[];
  /** Absent for a function that gives nothing. */
  readonly result?: WitType;
  /** Declared `async` in WIT. */
  readonly async?: boolean;
}

/** Functions by their component-level name: `get`, `[constructor]bucket`, `[method]bucket.get`, `[static]bucket.of`. */
export type Interface = ReadonlyMap<string, FuncType>;

/** Interfaces by their full name (`wasi:keyvalue/store@0.2.0-draft`); functions of the root stand under `""`. */
export interface World {
  readonly imports: ReadonlyMap<string, Interface>;
  readonly exports: ReadonlyMap<string, Interface>;
}

/** The parts of `namespace:package/interface@version`. */
export interface InterfaceName {
  readonly namespace: string;
  readonly package: string;
  readonly interface: string;
  readonly version: string | undefined;
}

/** `undefined` when `name` is not of the form `namespace:package/interface[@version]`. */
export function parseInterfaceName(name: string): InterfaceName | undefined {
  const match = /^([a-z0-9-]+):([a-z0-9-]+)\/([a-z0-9-]+)(?:@(.+))?$/i.exec(name);
  if (match === null) return undefined;
  const [, namespace = "", pkg = "", iface = "", version] = match;
  return { namespace, package: pkg, interface: iface, version };
}

/** `wasi:io/poll` of `wasi:io/poll@0.2.3`: the form in which links and grants name interfaces. */
export function withoutVersion(name: string): string {
  const at = name.indexOf("@");
  return at === -1 ? name : name.slice(0, at);
}

/** Those of `names` that differ from another one only by their version. */
export function inSeveralVersions(names: Iterable<string>): ReadonlySet<string> {
  const all = [...new Set(names)];
  const times = new Map<string, number>();
  for (const bare of all.map(withoutVersion)) times.set(bare, (times.get(bare) ?? 0) + 1);
  return new Set(all.filter((name) => times.get(withoutVersion(name)) !== 1));
}

/** `keyValue` of `key-value`: jco's spelling of record fields, flags and parameters. */
export function camelCase(name: string): string {
  return name.toLowerCase().replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
