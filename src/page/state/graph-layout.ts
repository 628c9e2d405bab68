/**
 * Where the nodes of a graph of calls stand: callers on the left, whom they call to the right, in layers. The same graph has the
 * same layout always; nothing moves by itself.
 */
import { groupedBy, untangled } from "./graph-order.ts";

export interface GraphEdge {
  readonly source: string;
  readonly target: string;
}

export interface Spot {
  readonly column: number;
  /** Of its middle, in heights of a row of nodes from the top. */
  readonly row: number;
}

export interface Route {
  /** Where it passes between its ends, from the left to the right. */
  readonly lanes: readonly Spot[];
  /** From the right to the left: it closes a circle. */
  readonly backward: boolean;
}

export interface GraphLayout {
  readonly spots: ReadonlyMap<string, Spot>;
  /** By {@link edgeKey}; none of who calls itself. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly columns: number;
  readonly rows: number;
}

export const edgeKey = ({ source, target }: GraphEdge): string => JSON.stringify([source, target]);

/** Nodes without edges stand below the others, in as many columns at least. */
const LEAST_COLUMNS = 4;
/** What a line that passes a column has of a row's height. */
const LANE = 0.375;

/** `ids` in the order in which equal nodes stand; edges of others are left out. */
export function layOut(ids: readonly string[], edges: readonly GraphEdge[]): GraphLayout {
  const known = new Set(ids);
  const own = edges
    .filter(({ source, target }) => source !== target && known.has(source) && known.has(target))
    .toSorted((one, other) => (edgeKey(one) < edgeKey(other) ? -1 : 1));
  const linked = new Set(own.flatMap(({ source, target }) => [source, target]));
  const nodes = ids.filter((id) => linked.has(id));
  const turned = withoutCycles(nodes, own);
  const laned = withLanes(layersOf(nodes, [...turned.values()]), turned);
  const layers = untangled(laned.layers, laned.steps);
  const { spots: all, rows: tallest } = levelled(layers, laned.steps, (id) =>
    linked.has(id) ? 1 : LANE,
  );
  const routes = new Map(
    Array.from(turned, ([edge, forward]): [string, Route] => [
      edgeKey(edge),
      {
        lanes: (laned.through.get(forward) ?? []).flatMap((lane) => all.get(lane) ?? []),
        backward: edge !== forward,
      },
    ]),
  );
  const spots = new Map(
    nodes.flatMap((id) => {
      const spot = all.get(id);
      return spot === undefined ? [] : [[id, spot] as const];
    }),
  );
  const alone = ids.filter((id) => !linked.has(id));
  const columns = Math.max(layers.length, Math.min(LEAST_COLUMNS, alone.length));
  alone.forEach((id, index) => {
    const row = tallest + Math.floor(index / columns) + 0.5;
    spots.set(id, { column: index % columns, row });
  });
  const rows = tallest + (columns === 0 ? 0 : Math.ceil(alone.length / columns));
  return { spots, routes, columns, rows };
}

/**
 * Edges that pass columns get a place in each, so that no line runs behind a node; those with one target share it. `steps`: all
 * edges from one column to the next.
 */
function withLanes(
  layers: readonly (readonly string[])[],
  edges: ReadonlyMap<GraphEdge, GraphEdge>,
): {
  readonly layers: readonly (readonly string[])[];
  readonly steps: readonly GraphEdge[];
  readonly through: ReadonlyMap<GraphEdge, readonly string[]>;
} {
  const column = new Map(layers.flatMap((layer, index) => layer.map((id) => [id, index] as const)));
  const grown = layers.map((layer) => [...layer]);
  const through = new Map<GraphEdge, readonly string[]>();
  const steps = new Map<string, GraphEdge>();
  for (const edge of edges.values()) {
    const from = column.get(edge.source) ?? 0;
    const to = column.get(edge.target) ?? 0;
    const lanes: string[] = [];
    for (let at = from + 1; at < to; at++) {
      const lane = JSON.stringify([edge.target, at, "lane"]);
      if (grown[at]?.includes(lane) === false) grown[at]?.push(lane);
      lanes.push(lane);
    }
    through.set(edge, lanes);
    const stops = [edge.source, ...lanes, edge.target];
    for (const [index, source] of stops.entries()) {
      const target = stops[index + 1];
      if (target !== undefined) steps.set(edgeKey({ source, target }), { source, target });
    }
  }
  return { layers: grown, steps: [...steps.values()], through };
}

/** Each layer as high or low as its callers are on average, so that lines are level where they can be. */
function levelled(
  layers: readonly (readonly string[])[],
  steps: readonly GraphEdge[],
  heightOf: (id: string) => number,
): { readonly spots: ReadonlyMap<string, Spot>; readonly rows: number } {
  const into = groupedBy(steps, ({ target }) => target);
  const middles = new Map<string, number>();
  let top = 0;
  let bottom = 0;
  for (const layer of layers) {
    let height = 0;
    const own = layer.map((id) => {
      height += heightOf(id);
      return height - heightOf(id) / 2;
    });
    const shifts = layer.flatMap((id, index) =>
      (into.get(id) ?? []).flatMap(({ source }) => {
        const from = middles.get(source);
        return from === undefined ? [] : [from - (own[index] ?? 0)];
      }),
    );
    const mean = shifts.reduce((sum, each) => sum + each, 0) / Math.max(1, shifts.length);
    const shift = Math.round(mean * 4) / 4;
    layer.forEach((id, index) => middles.set(id, (own[index] ?? 0) + shift));
    top = Math.min(top, shift);
    bottom = Math.max(bottom, shift + height);
  }
  const spots = new Map(
    layers.flatMap((layer, column) =>
      layer.map((id) => [id, { column, row: (middles.get(id) ?? 0) - top }] as const),
    ),
  );
  return { spots, rows: bottom - top };
}

/** Each edge and what it is in the layout: those that lead back to where their path came from are turned around there. */
function withoutCycles(
  ids: readonly string[],
  edges: readonly GraphEdge[],
): ReadonlyMap<GraphEdge, GraphEdge> {
  const out = groupedBy(edges, ({ source }) => source);
  const state = new Map<string, "open" | "done">();
  const back = new Set<GraphEdge>();
  const called = new Set(edges.map(({ target }) => target));
  // Whoever nobody calls is a beginning; cycles that nobody calls begin where their first name is.
  const starts = [...ids.filter((id) => !called.has(id)), ...ids];
  for (const start of starts) {
    if (state.has(start)) continue;
    state.set(start, "open");
    const path = [{ id: start, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = out.get(top.id)?.[top.next++];
      if (edge === undefined) {
        state.set(top.id, "done");
        path.pop();
      } else if (state.get(edge.target) === "open") back.add(edge);
      else if (!state.has(edge.target)) {
        state.set(edge.target, "open");
        path.push({ id: edge.target, next: 0 });
      }
    }
  }
  return new Map(
    edges.map((edge) => [
      edge,
      back.has(edge) ? { source: edge.target, target: edge.source } : edge,
    ]),
  );
}

/** Each node one layer after the last of its callers. */
function layersOf(
  ids: readonly string[],
  edges: readonly GraphEdge[],
): readonly (readonly string[])[] {
  const waiting = new Map(ids.map((id) => [id, 0]));
  const out = groupedBy(edges, ({ source }) => source);
  for (const { target } of edges) waiting.set(target, (waiting.get(target) ?? 0) + 1);
  const layer = new Map<string, number>(ids.map((id) => [id, 0]));
  const ready = ids.filter((id) => waiting.get(id) === 0);
  for (const id of ready) {
    for (const { target } of out.get(id) ?? []) {
      layer.set(target, Math.max(layer.get(target) ?? 0, (layer.get(id) ?? 0) + 1));
      const left = (waiting.get(target) ?? 0) - 1;
      waiting.set(target, left);
      if (left === 0) ready.push(target);
    }
  }
  const count = Math.max(-1, ...layer.values()) + 1;
  return Array.from({ length: count }, (_, index) => ids.filter((id) => layer.get(id) === index));
}
