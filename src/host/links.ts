/** What the imports of each member are linked to, as the lattice's links are now. */
import type { EntityId } from "../core/ids.ts";
import type { Link, LinkTable } from "../core/link.ts";
import type { View } from "../core/view.ts";

import { linkedInterfaces } from "../core/link.ts";
import { withoutVersion } from "../core/wit.ts";

export type Links = ReadonlyMap<EntityId, readonly Link[]>;

/** The links of one source, live: each look sees what the lattice has at that moment. */
export type LinksOf = (source: EntityId) => LinkTable;

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
  const targets = new Map<string, Map<string, EntityId>>();
  for (const link of links) {
    for (const name of linkedInterfaces(link)) {
      const byName = targets.get(name) ?? new Map<string, EntityId>();
      byName.set(link.name, link.target);
      targets.set(name, byName);
    }
  }
  return {
    target: (name, instance) => targets.get(withoutVersion(instance))?.get(name),
    names: (instance) => [...(targets.get(withoutVersion(instance))?.keys() ?? [])],
  };
}
