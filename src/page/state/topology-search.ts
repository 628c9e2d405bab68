/** What of a lattice is shown: all of it, or what somebody looks for by a piece of its name. */
import type { ObservedHost } from "../../core/watched.ts";
import type { Entity, Topology } from "./topology.ts";

import { MOST_NODES } from "./graph-nodes.ts";
import { hostsOf } from "./topology.ts";

/** By its own names, or that of its image. */
export function isFound({ id, label, runs }: Entity, sought: string): boolean {
  return matches([id, label, runs[0]?.entry.image], sought);
}

/** By their names and labels, or since one of `entities` runs there. */
export function foundHosts(
  { hosts }: Topology,
  entities: readonly Entity[],
  sought: string,
): readonly ObservedHost[] {
  if (sought.trim() === "") return hosts;
  const running = new Set(entities.flatMap(hostsOf));
  return hosts.filter((host) => {
    const labels = host.labels.map((each) => each.join("="));
    return running.has(host) || matches([host.friendlyName, host.id, ...labels], sought);
  });
}

/** What a graph may show: all while they are few; else those that call or are called, and whatever was found. */
export function nodesOf(found: readonly Entity[], sought: string): readonly string[] {
  const linked = found.filter(({ calls, callers }) => calls.length + callers.length > 0);
  const drawn = sought !== "" || found.length <= MOST_NODES ? found : linked;
  return drawn.map(({ id }) => id);
}

function matches(texts: readonly (string | undefined)[], sought: string): boolean {
  const wanted = sought.trim().toLowerCase();
  return wanted === "" || texts.some((text) => text?.toLowerCase().includes(wanted));
}
