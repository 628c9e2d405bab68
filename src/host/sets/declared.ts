/**
 * Names of interfaces as entries of a set have them, compared with those that components have. Versions count only where both
 * sides state one (wasmCloud `crates/wash-runtime/src/wit.rs` at v2.7.0).
 */
import type { InterfacePackage } from "../../core/offer.ts";
import type { InterfaceName } from "../../core/wit.ts";

import { parseInterfaceName, withoutVersion } from "../../core/wit.ts";

/** What stands for HTTP in the lattice, and so in a component's world. */
const STANDS_FOR: ReadonlyMap<string, string> = new Map([
  ["wrpc:http/incoming-handler", "wasi:http/incoming-handler"],
  ["wrpc:http/outgoing-handler", "wasi:http/outgoing-handler"],
]);

/** The name by which people know it. */
export function shownName(name: string): string {
  return STANDS_FOR.get(withoutVersion(name)) ?? name;
}

/** The parts of the full name `name` as an entry has them; `undefined` for what no entry can mean. */
export function declaredName(name: string): InterfaceName | undefined {
  return parseInterfaceName(shownName(name));
}

/** Whether `name` is one of `entry`'s interfaces. */
export function covers(entry: InterfacePackage, name: InterfaceName): boolean {
  return samePackage(entry, name) && entry.interfaces.includes(name.interface);
}

/** Whether `offered` has all interfaces of `entry`. */
export function coversAll(offered: readonly InterfacePackage[], entry: InterfacePackage): boolean {
  const packages = offered.filter((each) => samePackage(each, entry));
  return entry.interfaces.every((wanted) =>
    packages.some(({ interfaces }) => interfaces.includes(wanted)),
  );
}

/** `wasi:keyvalue/{store,atomics}@0.2.0-draft`, for people. */
export function textOf({ namespace, package: pkg, interfaces, version }: InterfacePackage): string {
  const names = interfaces.length === 1 ? interfaces.join() : `{${interfaces.join(",")}}`;
  return `${namespace}:${pkg}/${names}${version === undefined ? "" : `@${version}`}`;
}

/** Packages of WASI that each component has of its own worker, or has been refused for. */
const OF_WORKERS: ReadonlySet<string> = new Set([
  "cli",
  "clocks",
  "filesystem",
  "http",
  "io",
  "random",
  "sockets",
  "tls",
]);

/** Whether what a component imports by this full name is no matter of its host. */
export function isBuiltIn(name: string): boolean {
  const { namespace, package: pkg } = parseInterfaceName(name) ?? {};
  return namespace === "wasi" && pkg !== undefined && OF_WORKERS.has(pkg);
}

type Package = Pick<InterfacePackage, "namespace" | "package" | "version">;

function samePackage(one: Package, other: Package): boolean {
  return (
    one.namespace === other.namespace &&
    one.package === other.package &&
    (one.version === undefined || other.version === undefined || one.version === other.version)
  );
}
