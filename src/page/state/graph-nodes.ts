/** Which part of a graph is drawn, where all of it would say nothing. */
import type { GraphEdge } from "./graph-layout.ts";

/** A graph of more nodes says nothing at a glance. */
export const MOST_NODES = 32;
/** Of a graph that is too large, how many of a node's neighbours come along with it. */
const MOST_NEIGHBOURS = 5;

/**
 * Which nodes are drawn: all if they are few, else the surroundings of those with the most edges; of a chosen one that is not
 * among them, its own.
 */
export function shownNodes(
  ids: readonly string[],
  edges: readonly GraphEdge[],
  chosen: string | undefined,
  most: number = MOST_NODES,
): { readonly ids: readonly string[]; readonly what: "all" | "most-linked" | "neighbours" } {
  if (ids.length <= most) return { ids, what: "all" };
  const known = new Set(ids);
  const near = new Map<string, Set<string>>();
  for (const { source, target } of edges) {
    if (source === target || !known.has(source) || !known.has(target)) continue;
    for (const [one, other] of [
      [source, target],
      [target, source],
    ] as const) {
      const others = near.get(one);
      if (others === undefined) near.set(one, new Set([other]));
      else others.add(other);
    }
  }
  const degree = (id: string): number => near.get(id)?.size ?? 0;
  const byDegree = (one: string, other: string): number => degree(other) - degree(one);
  const around = (starts: readonly string[], limit: number): ReadonlySet<string> => {
    const taken = new Set<string>();
    for (const start of starts) {
      const queue = [start];
      for (const id of queue) {
        if (taken.size >= limit) return taken;
        if (taken.has(id)) continue;
        taken.add(id);
        const others = [...(near.get(id) ?? [])].filter((other) => !taken.has(other));
        queue.push(...others.toSorted(byDegree).slice(0, MOST_NEIGHBOURS));
      }
    }
    return taken;
  };
  const first = around(ids.filter((id) => degree(id) > 0).toSorted(byDegree), most);
  if (chosen === undefined || first.has(chosen) || !known.has(chosen)) {
    return { ids: ids.filter((id) => first.has(id)), what: "most-linked" };
  }
  const own = around([chosen], most);
  return { ids: ids.filter((id) => own.has(id)), what: "neighbours" };
}
