/**
 * Ids of what belongs to a set: readable in traces and logs, and different from those of all other sets here. Nobody outside of
 * the set is ever led to them, whatever ids the lattice has.
 */
import type { EntityId } from "../../core/ids.ts";
import type { WorkloadSetSpec } from "../../core/workload-set.ts";

import { entityId } from "../../core/ids.ts";

export interface SetNames {
  /** What all ids of the set begin with. */
  readonly label: string;
  /** `default/echo/web` for the member `web`. */
  member(name: string): EntityId;
  /** `default/echo/offer.wasi-keyvalue`, of what an offer does for the entry of this name, if that has one. */
  offer(id: string, entry: string | undefined): EntityId;
}

/** Letters of each part, so that all of them stay below what an id may have. */
const MOST_LETTERS = 56;

/** `taken`: the labels of other sets. */
export function createNames(
  { namespace, name }: Pick<WorkloadSetSpec, "namespace" | "name">,
  taken: ReadonlySet<string>,
): SetNames {
  const label = unlike(`${part(namespace)}/${part(name)}`, taken);
  const ids = new Map<string, EntityId>();
  const used = new Set<string>();
  const idOf = (kind: string, own: string, text: string): EntityId => {
    const key = `${kind} ${own}`;
    let id = ids.get(key);
    if (id === undefined) {
      const free = unlike(`${label}/${text}`, used);
      used.add(free);
      ids.set(key, (id = entityId(free)));
    }
    return id;
  };
  return {
    label,
    member: (own) => idOf("member", own, part(own)),
    // No part has a dot, so that no member is taken for an offer.
    offer: (id, entry) =>
      idOf(
        "offer",
        JSON.stringify([id, entry]),
        entry === undefined ? `offer.${part(id)}` : `offer.${part(id)}.${part(entry)}`,
      ),
  };
}

function part(text: string): string {
  const plain = text.replaceAll(/[^-_a-zA-Z0-9]/g, "-").slice(0, MOST_LETTERS);
  return plain === "" ? "-" : plain;
}

function unlike(text: string, taken: ReadonlySet<string>): string {
  if (!taken.has(text)) return text;
  let number = 2;
  while (taken.has(`${text}-${number}`)) number++;
  return `${text}-${number}`;
}
