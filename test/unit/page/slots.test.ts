import fc from "fast-check";
import { expect, test } from "vitest";

import { densityOf, placesOf } from "../../../src/page/state/slots.ts";

test("who has a place keeps it; a newcomer takes the first that is free", () => {
  const first = placesOf(new Map(), ["a", "b", "c"]);
  const left = placesOf(first, ["a", "c"]);
  const joined = placesOf(left, ["a", "c", "d"]);
  const more = placesOf(joined, ["a", "c", "d", "e"]);

  expect([...first]).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 2],
  ]);
  expect(left.get("c")).toBe(2);
  expect(joined.get("d")).toBe(1);
  expect(more.get("e")).toBe(3);
});

test("more gaps than hosts are closed", () => {
  const many = placesOf(
    new Map(),
    Array.from({ length: 10 }, (_, index) => `h${index}`),
  );

  expect([...placesOf(many, ["h3", "h9"])]).toEqual([
    ["h3", 0],
    ["h9", 1],
  ]);
});

test("whatever comes and goes: each has one place, and half of all places are taken", () => {
  const sets = fc.array(
    fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"), { maxLength: 13 }),
  );
  fc.assert(
    fc.property(sets, (steps) => {
      let places: ReadonlyMap<string, number> = new Map();
      for (const ids of steps) {
        places = placesOf(places, ids);

        expect(new Set(places.keys())).toEqual(new Set(ids));
        expect(new Set(places.values()).size).toBe(ids.length);
        expect(Math.max(-1, ...places.values()) + 1).toBeLessThanOrEqual(2 * ids.length);
      }
    }),
  );
});

test("tiles grow smaller with their number, and larger again only when there is room to spare", () => {
  expect([1, 12, 13, 60, 61].map((hosts) => densityOf(hosts, undefined))).toEqual([
    "large",
    "large",
    "medium",
    "medium",
    "small",
  ]);
  expect([densityOf(12, "medium"), densityOf(9, "medium")]).toEqual(["medium", "large"]);
  expect([densityOf(60, "small"), densityOf(45, "small")]).toEqual(["small", "medium"]);
});
