/** Where the imports of one member of a set lead, in the form in which the host looks links up. */
import type { EntityId } from "../../core/ids.ts";
import type { LinkTable } from "../../core/link.ts";
import type { Interfaces } from "../../interfaces/interfaces.ts";
import type { Answerer } from "./plan.ts";
import type { SetNames } from "./names.ts";

import { DEFAULT_LINK } from "../../core/link.ts";
import { withoutVersion } from "../../core/wit.ts";

/**
 * Components of the set are found by the full name of what is imported, offers by those names that the mapping of the import
 * has, which are without version.
 */
export function linksOfMember(
  answerers: ReadonlyMap<string, Answerer>,
  names: SetNames,
  interfaces: Pick<Interfaces, "importOf">,
): LinkTable {
  const exact = new Map<string, EntityId>();
  const bare = new Map<string, EntityId>();
  const offered: (readonly [imported: string, target: EntityId])[] = [];
  for (const [imported, answerer] of answerers) {
    if (answerer.by === "component") exact.set(imported, names.member(answerer.name));
    if (answerer.by === "offer") {
      offered.push([imported, names.offer(answerer.offer.id, answerer.entry?.name)]);
    }
  }
  for (const [imported, target] of offered) bare.set(withoutVersion(imported), target);
  // What a mapping has for another import as well does not take its place.
  for (const [imported, target] of offered) {
    for (const name of interfaces.importOf(imported)?.links ?? []) {
      if (!bare.has(name)) bare.set(name, target);
    }
  }
  const find = (instance: string): EntityId | undefined =>
    exact.get(instance) ?? bare.get(withoutVersion(instance));
  return {
    target: (name, instance) => (name === DEFAULT_LINK ? find(instance) : undefined),
    contract: () => undefined,
    names: (instance) => (find(instance) === undefined ? [] : [DEFAULT_LINK]),
  };
}
