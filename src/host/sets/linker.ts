/**
 * Which component of a set answers which import of another: the one that exports the interface of the very same name, version
 * included (wasmCloud `crates/wash-runtime/src/engine/workload.rs` at v2.7.0). Pure.
 */
import type { FuncType, Interface, World } from "../../core/wit.ts";

import { LatticeError } from "../../core/error.ts";
import { isBuiltIn } from "./declared.ts";

export interface LinkItem {
  /** Unique among all. */
  readonly name: string;
  readonly world: World;
  /** A service imports of the components, and nobody imports of it. */
  readonly service?: boolean;
}

export interface Linked {
  /** By the importer's name: who answers which import, by the import's full name. Only what is linked is there. */
  readonly links: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** All names, each after those that it imports from. */
  readonly order: readonly string[];
}

/** Whether calls by the one type can be answered by a function of the other. */
export type Fits = (func: string, wanted: FuncType, offered: FuncType) => boolean;

/**
 * @throws {LatticeError} `bad-input` where somebody imports what several export or what is exported with other types, and
 * where components import from each other in a circle.
 */
export function linkItems(items: readonly LinkItem[], fits: Fits): Linked {
  const exporters = new Map<string, LinkItem[]>();
  for (const item of items) {
    if (item.service === true) continue;
    for (const name of item.world.exports.keys()) {
      const known = exporters.get(name);
      if (known === undefined) exporters.set(name, [item]);
      else known.push(item);
    }
  }
  const links = new Map(items.map((item) => [item.name, linksOf(item, exporters, fits)] as const));
  return { links, order: orderOf(items, links) };
}

function linksOf(
  { name, world }: LinkItem,
  exporters: ReadonlyMap<string, readonly LinkItem[]>,
  fits: Fits,
): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const [imported, functions] of world.imports) {
    // The root has no name, and interfaces that hold only types need nobody.
    if (imported === "" || functions.size === 0 || isBuiltIn(imported)) continue;
    const [exporter, other] = exporters.get(imported) ?? [];
    if (exporter === undefined) continue;
    if (other !== undefined) {
      throw new LatticeError(
        "bad-input",
        `component '${name}' imports interface '${imported}', which is exported by multiple components in the workload; ` +
          "cannot disambiguate the provider",
      );
    }
    // What a component exports is not there for itself.
    if (exporter.name === name) continue;
    demandFit({ name, imported, functions }, exporter, fits);
    links.set(imported, exporter.name);
  }
  return links;
}

function demandFit(
  wanted: { readonly name: string; readonly imported: string; readonly functions: Interface },
  exporter: LinkItem,
  fits: Fits,
): void {
  const offered = exporter.world.exports.get(wanted.imported);
  for (const [func, type] of wanted.functions) {
    const counterpart = offered?.get(func);
    if (counterpart !== undefined && fits(func, type, counterpart)) continue;
    const how = counterpart === undefined ? "does not have" : "has with other types";
    throw new LatticeError(
      "bad-input",
      `component '${wanted.name}' imports ${wanted.imported}#${func}, which component '${exporter.name}' ${how}`,
    );
  }
}

/** In the order of `items` where nothing else is asked for. */
function orderOf(items: readonly LinkItem[], links: Linked["links"]): readonly string[] {
  const order: string[] = [];
  const done = new Set<string>();
  /** Those on the way to the present one, in the order in which they import. */
  const way: string[] = [];
  const visit = (name: string): void => {
    if (done.has(name)) return;
    const from = way.indexOf(name);
    if (from !== -1) {
      const circle = [...way.slice(from), name].join(" -> ");
      throw new LatticeError(
        "bad-input",
        `the components of the workload import from each other in a cycle: ${circle}`,
      );
    }
    way.push(name);
    for (const exporter of links.get(name)?.values() ?? []) visit(exporter);
    way.pop();
    done.add(name);
    order.push(name);
  };
  for (const { name } of items) visit(name);
  return order;
}
