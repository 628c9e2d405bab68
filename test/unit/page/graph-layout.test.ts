import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { edgeKey, type GraphEdge, layOut } from "../../../src/page/state/graph-layout.ts";
import { shownNodes } from "../../../src/page/state/graph-nodes.ts";

const edge = (source: string, target: string): GraphEdge => ({ source, target });

describe("layout of a graph of calls", () => {
  test("callers stand left of those whom they call, on one level where there is one line", () => {
    const { spots, columns, rows } = layOut(["a", "b", "c"], [edge("c", "b"), edge("b", "a")]);

    expect(Object.fromEntries(spots)).toEqual({
      c: { column: 0, row: 0.5 },
      b: { column: 1, row: 0.5 },
      a: { column: 2, row: 0.5 },
    });
    expect([columns, rows]).toEqual([3, 1]);
  });

  test("a line that passes a column has a place of its own there", () => {
    const long = edge("a", "c");
    const { spots, routes } = layOut(["a", "b", "c"], [edge("a", "b"), edge("b", "c"), long]);

    const lanes = routes.get(edgeKey(long))?.lanes;
    expect(lanes).toMatchObject([{ column: 1 }]);
    expect(Math.abs((lanes?.[0]?.row ?? 0) - (spots.get("b")?.row ?? 0))).toBeGreaterThan(0.5);
  });

  test("a circle is drawn with one line back", () => {
    const { spots, routes } = layOut(["a", "b"], [edge("a", "b"), edge("b", "a")]);

    expect(spots.get("a")?.column).toBe(0);
    expect(spots.get("b")?.column).toBe(1);
    expect(routes.get(edgeKey(edge("a", "b")))?.backward).toBe(false);
    expect(routes.get(edgeKey(edge("b", "a")))?.backward).toBe(true);
  });

  test("lines that need not cross do not", () => {
    const { spots } = layOut(["a", "b", "x", "y"], [edge("a", "y"), edge("b", "x")]);

    const row = (id: string): number => spots.get(id)?.row ?? NaN;
    expect(Math.sign(row("a") - row("b"))).toBe(Math.sign(row("y") - row("x")));
  });

  test("who is in no line stands below", () => {
    const { spots, rows } = layOut(["a", "b", "x", "y"], [edge("a", "b")]);

    expect(spots.get("x")).toEqual({ column: 0, row: 1.5 });
    expect(spots.get("y")).toEqual({ column: 1, row: 1.5 });
    expect(rows).toBe(2);
  });

  const names = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
  const graphs = fc.record({
    ids: fc.uniqueArray(names, { maxLength: 10 }),
    edges: fc.uniqueArray(fc.record({ source: names, target: names }), {
      maxLength: 25,
      selector: edgeKey,
    }),
  });

  test("of any graph: each node has one place, no two share one, the order of edges means nothing", () => {
    fc.assert(
      fc.property(graphs, ({ ids, edges }) => {
        const layout = layOut(ids, edges);

        expect(new Set(layout.spots.keys())).toEqual(new Set(ids));
        const all = [...layout.spots.values()];
        for (const [index, spot] of all.entries()) {
          expect(spot.row).toBeGreaterThanOrEqual(0.5);
          expect(spot.row).toBeLessThanOrEqual(layout.rows - 0.5);
          expect(spot.column).toBeLessThan(layout.columns);
          for (const other of all.slice(index + 1)) {
            expect(other.column !== spot.column || Math.abs(other.row - spot.row) >= 0.999).toBe(
              true,
            );
          }
        }
        expect(layOut(ids, edges.toReversed())).toEqual(layout);
      }),
    );
  });

  test("of any graph: each line leads from an earlier column to a later one, or says that it goes back", () => {
    fc.assert(
      fc.property(graphs, ({ ids, edges }) => {
        const { spots, routes } = layOut(ids, edges);

        for (const each of edges) {
          const route = routes.get(edgeKey(each));
          const from = spots.get(each.source)?.column;
          const to = spots.get(each.target)?.column;
          if (route === undefined || from === undefined || to === undefined) continue;
          expect(route.backward ? to < from : from < to).toBe(true);
          expect(route.lanes).toHaveLength(Math.abs(to - from) - 1);
        }
      }),
    );
  });

  test("a newcomer without lines moves nobody", () => {
    const edges = [edge("a", "b"), edge("b", "c"), edge("a", "c")];
    const before = layOut(["a", "b", "c"], edges);
    const after = layOut(["a", "aa", "b", "c"], edges);

    for (const id of ["a", "b", "c"]) expect(after.spots.get(id)).toEqual(before.spots.get(id));
  });
});

describe("which nodes are drawn", () => {
  const ids = Array.from({ length: 60 }, (_, index) => `n${index}`);
  const chain = ids.slice(1).map((id, index) => edge(ids[index] ?? "", id));

  test("all, while they are few", () => {
    expect(shownNodes(["a", "b"], [], undefined)).toEqual({ ids: ["a", "b"], what: "all" });
  });

  test("else those around the ones with the most lines, and no lone ones", () => {
    const star = ids.slice(40).map((id) => edge("n30", id));

    const { ids: shown, what } = shownNodes([...ids, "lone"], [...chain, ...star], undefined, 10);

    expect(what).toBe("most-linked");
    expect(shown).toContain("n30");
    expect(shown).not.toContain("lone");
    expect(shown).toHaveLength(10);
  });

  test("those around the one that was chosen, if it is not among them", () => {
    const { ids: shown, what } = shownNodes(ids, chain, "n50", 7);

    expect(what).toBe("neighbours");
    expect(shown).toEqual(expect.arrayContaining(["n49", "n50", "n51"]));
  });
});
