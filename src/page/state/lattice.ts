/** The lattice as a view knows it: what all updates of the topic `lattice` come to. */
import type { ObservedHost, WatchedLattice } from "../../core/watched.ts";

export interface LatticePicture {
  /** In the order in which they came to be known: those of one update this node first, then by name. */
  readonly hosts: ReadonlyMap<string, ObservedHost>;
  readonly sources: WatchedLattice["sources"];
  readonly traffic: WatchedLattice["traffic"];
  readonly leftOut: WatchedLattice["leftOut"];
}

/** `known` after `update`. A host that did not change is the very same object. */
export function foldLattice(
  known: LatticePicture | undefined,
  { whole, hosts, removed, sources, traffic, leftOut }: WatchedLattice,
): LatticePicture {
  const present = whole || known === undefined ? undefined : known.hosts;
  if (present !== undefined && hosts.length + removed.length === 0) {
    return { hosts: present, sources, traffic, leftOut };
  }
  const all = new Map(present);
  for (const id of removed) all.delete(id);
  for (const host of hosts.toSorted(byPlace)) all.set(host.id, host);
  return { hosts: all, sources, traffic, leftOut };
}

function byPlace(one: ObservedHost, other: ObservedHost): number {
  return (
    Number(other.own) - Number(one.own) ||
    one.friendlyName.localeCompare(other.friendlyName) ||
    (one.id < other.id ? -1 : 1)
  );
}
