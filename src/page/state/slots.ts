/**
 * Places of hosts in the picture. Whoever has a place keeps it; a newcomer takes the first that is free, so that nobody moves
 * when another joins or leaves.
 */

import type { ObservedHost } from "../../core/watched.ts";

/** How the tiles of all hosts stand. */
export interface TilePlan {
  readonly places: ReadonlyMap<string, number>;
  readonly density: Density;
  /** Rows of a large tile: as many as the fullest has had, so that none shrinks while somebody looks. */
  readonly rows: number;
}

/** Rows of a tile; what is beyond them is counted. */
export const MOST_ROWS = 6;
const LEAST_ROWS = 2;

export function planTiles(before: TilePlan | undefined, hosts: readonly ObservedHost[]): TilePlan {
  const sizes = hosts.map(({ components, providers }) => components.length + providers.length);
  return {
    places: placesOf(
      before?.places ?? new Map(),
      hosts.map(({ id }) => id),
    ),
    density: densityOf(hosts.length, before?.density),
    rows: Math.max(before?.rows ?? LEAST_ROWS, Math.min(MOST_ROWS, Math.max(0, ...sizes))),
  };
}

/** By id, the number of its place from 0 on. `before`: as it was; `ids`: those that are there now, in order. */
export function placesOf(
  before: ReadonlyMap<string, number>,
  ids: readonly string[],
): ReadonlyMap<string, number> {
  const kept = new Map(
    ids.flatMap((id) => {
      const place = before.get(id);
      return place === undefined ? [] : [[id, place] as const];
    }),
  );
  // More gaps than hosts: a new order says more than the old one.
  const last = Math.max(-1, ...kept.values());
  if (last + 1 > 2 * ids.length) return new Map(ids.map((id, place) => [id, place]));
  const taken = new Set(kept.values());
  let free = 0;
  for (const id of ids) {
    if (kept.has(id)) continue;
    while (taken.has(free)) free++;
    kept.set(id, free);
    taken.add(free);
  }
  return kept;
}

/** How large tiles are drawn: the fewer hosts, the more each says. */
export type Density = "large" | "medium" | "small";

const MOST: Readonly<Record<Exclude<Density, "small">, number>> = { large: 12, medium: 60 };
/** One host that comes and goes does not change all tiles each time. */
const SLACK = 0.75;

export function densityOf(hosts: number, before: Density | undefined): Density {
  const fits = (density: "large" | "medium"): boolean => {
    const shrunk = before !== undefined && order(before) > order(density);
    return hosts <= MOST[density] * (shrunk ? SLACK : 1);
  };
  return fits("large") ? "large" : fits("medium") ? "medium" : "small";
}

const order = (density: Density): number => ["large", "medium", "small"].indexOf(density);
