/** What the imports of each member are linked to, as the lattice's links are now. */
import type { EntityId } from "../core/ids.ts";
import type { Link, LinkTable } from "../core/link.ts";
import type { View } from "../core/view.ts";

import { linkedInterfaces } from "../core/link.ts";
import { createSource } from "../core/view.ts";
import { withoutVersion } from "../core/wit.ts";

export type Links = ReadonlyMap<EntityId, readonly Link[]>;

/** The links of one source, live: each look sees what the lattice has at that moment. */
export type LinksOf = (source: EntityId) => LinkTable;

/** The links of all `views` together, until `signal` aborts. */
export function joinLinks(views: readonly View<Links>[], signal: AbortSignal): View<Links> {
  const [only = createSource<Links>(new Map()), ...others] = views;
  if (others.length === 0) return only;
  const all = (): Links => {
    const joined = new Map<EntityId, readonly Link[]>();
    for (const view of views) {
      for (const [source, links] of view.peek()) {
        const before = joined.get(source);
        joined.set(source, before === undefined ? links : [...before, ...links]);
      }
    }
    return joined;
  };
  const joined = createSource(all());
  for (const view of views) view.subscribe(() => joined.set(all()), signal);
  return joined;
}

export function createLinks(links: View<Links>): LinksOf {
  /** Tables by the list that they were made of: lists are replaced, never changed. */
  const tables = new WeakMap<readonly Link[], LinkTable>();
  return (source) => {
    const own = links.peek().get(source) ?? NONE;
    let table = tables.get(own);
    if (table === undefined) tables.set(own, (table = tableOf(own)));
    return table;
  };
}

const NONE: readonly Link[] = [];

/** Of two links for one interface under one name the later one counts, as in wasmCloud's hosts. */
function tableOf(links: readonly Link[]): LinkTable {
  const known = new Map<string, Map<string, Link>>();
  for (const link of links) {
    for (const name of linkedInterfaces(link)) {
      const byName = known.get(name) ?? new Map<string, Link>();
      byName.set(link.name, link);
      known.set(name, byName);
    }
  }
  const find = (name: string, instance: string): Link | undefined =>
    known.get(withoutVersion(instance))?.get(name);
  return {
    target: (name, instance) => find(name, instance)?.target,
    contract: (name, instance) => find(name, instance)?.contract,
    names: (instance) => [...(known.get(withoutVersion(instance))?.keys() ?? [])],
  };
}
