/** The order of nodes in their layers: one in which few lines cross. */
import type { GraphEdge } from "./graph-layout.ts";

/** Looks for fewer crossings, there and back; more change little. */
const SWEEPS = 8;

/**
 * Orders each layer by the middle of its neighbours in the last one, there and back; those that are equal keep their order. Of
 * all orders that come by, the one with the fewest crossings is taken, the first of equal ones.
 */
export function untangled(
  layers: readonly (readonly string[])[],
  steps: readonly GraphEdge[],
): readonly (readonly string[])[] {
  const before = neighboursOf(
    groupedBy(steps, ({ target }) => target),
    ({ source }) => source,
  );
  const after = neighboursOf(
    groupedBy(steps, ({ source }) => source),
    ({ target }) => target,
  );
  let best = layers;
  let least = crossings(layers, after);
  let ordered = layers;
  for (let sweep = 0; sweep < SWEEPS && least > 0; sweep++) {
    ordered =
      sweep % 2 === 0 ? swept(ordered, before) : swept(ordered.toReversed(), after).toReversed();
    const found = crossings(ordered, after);
    if (found < least) {
      least = found;
      best = ordered;
    }
  }
  return best;
}

export function groupedBy(
  edges: readonly GraphEdge[],
  keyOf: (edge: GraphEdge) => string,
): ReadonlyMap<string, readonly GraphEdge[]> {
  const groups = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const group = groups.get(keyOf(edge));
    if (group === undefined) groups.set(keyOf(edge), [edge]);
    else group.push(edge);
  }
  return groups;
}

function neighboursOf(
  groups: ReadonlyMap<string, readonly GraphEdge[]>,
  other: (edge: GraphEdge) => string,
): ReadonlyMap<string, readonly string[]> {
  return new Map(Array.from(groups, ([id, edges]) => [id, edges.map(other)]));
}

function swept(
  layers: readonly (readonly string[])[],
  neighbours: ReadonlyMap<string, readonly string[]>,
): readonly (readonly string[])[] {
  let place = new Map<string, number>();
  return layers.map((layer, index) => {
    const mean = new Map(
      layer.map((id, at) => {
        const others = (neighbours.get(id) ?? []).flatMap((other) => place.get(other) ?? []);
        const sum = others.reduce((total, each) => total + each, 0);
        return [id, others.length === 0 ? at / layer.length : sum / others.length];
      }),
    );
    const next =
      index === 0
        ? layer
        : layer.toSorted((one, other) => (mean.get(one) ?? 0) - (mean.get(other) ?? 0));
    // As parts of the layer's height, so that layers of any size compare.
    place = new Map(next.map((id, at) => [id, (at + 0.5) / next.length]));
    return next;
  });
}

function crossings(
  layers: readonly (readonly string[])[],
  after: ReadonlyMap<string, readonly string[]>,
): number {
  let count = 0;
  for (const [index, layer] of layers.entries()) {
    const place = new Map((layers[index + 1] ?? []).map((id, at) => [id, at]));
    const ends = layer.flatMap((id, from) =>
      (after.get(id) ?? []).map((other) => [from, place.get(other) ?? 0] as const),
    );
    for (const [at, [from, to]] of ends.entries()) {
      for (const [otherFrom, otherTo] of ends.slice(at + 1)) {
        if ((from - otherFrom) * (to - otherTo) < 0) count++;
      }
    }
  }
  return count;
}
