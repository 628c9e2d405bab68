import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { LinkItem } from "../../../../src/host/sets/linker.ts";
import type { FuncType } from "../../../../src/core/wit.ts";

import { linkItems } from "../../../../src/host/sets/linker.ts";
import { sameTypes } from "../../../../src/host/outbound/same-types.ts";

const TEXT: FuncType = { params: [], result: { kind: "string" } };
const NUMBER: FuncType = { params: [], result: { kind: "u32" } };

function item(
  name: string,
  imports: readonly string[],
  exports: readonly string[] = [],
  more: { readonly service?: boolean; readonly type?: FuncType } = {},
): LinkItem {
  const of = (names: readonly string[]) =>
    new Map(names.map((each) => [each, new Map([["f", more.type ?? TEXT]])]));
  return {
    name,
    world: { imports: of(imports), exports: of(exports) },
    service: more.service === true,
  };
}
const fits = (_: string, wanted: FuncType, offered: FuncType): boolean =>
  sameTypes(wanted, offered);
const link = (...items: readonly LinkItem[]) => linkItems(items, fits);
const words = (linked: ReturnType<typeof link>): readonly string[] =>
  [...linked.links].flatMap(([importer, links]) =>
    [...links].map(([imported, exporter]) => `${importer} ${imported} ${exporter}`),
  );

test("an import is answered by who exports the very same version, and comes after it", () => {
  const linked = link(item("a", ["x:y/z@1.0.0"]), item("b", [], ["x:y/z@1.0.0"]));

  expect(words(linked)).toEqual(["a x:y/z@1.0.0 b"]);
  expect(linked.order).toEqual(["b", "a"]);
});

test.each([
  { what: "another version", imported: "x:y/z@1.0.1" },
  { what: "no version", imported: "x:y/z" },
])("$what is another interface", ({ imported }) => {
  const linked = link(item("a", [imported]), item("b", [], ["x:y/z@1.0.0"]));

  expect(words(linked)).toEqual([]);
  expect(linked.order).toEqual(["a", "b"]);
});

test("two who export one interface are no matter until somebody imports it", () => {
  const exporters = [item("b", [], ["x:y/z"]), item("c", [], ["x:y/z"])];

  expect(words(link(item("a", ["x:y/other"]), ...exporters))).toEqual([]);
  expect(() => link(item("a", ["x:y/z"]), ...exporters)).toThrow(
    "component 'a' imports interface 'x:y/z', which is exported by multiple components in the workload; " +
      "cannot disambiguate the provider",
  );
});

test("what a component exports does not answer its own import", () => {
  expect(words(link(item("a", ["x:y/z"], ["x:y/z"])))).toEqual([]);
});

test("a service imports of components, and they do not import of it", () => {
  const linked = link(
    item("a", ["x:y/s"], ["x:y/z"]),
    item("service", ["x:y/z"], ["x:y/s"], { service: true }),
  );

  expect(words(linked)).toEqual(["service x:y/z a"]);
  expect(linked.order).toEqual(["a", "service"]);
});

test("what is WASI's own, what holds only types, and functions of the root are not linked", () => {
  const types: LinkItem = {
    name: "a",
    world: {
      imports: new Map([
        ["x:y/types", new Map()],
        ["", new Map([["f", TEXT]])],
        ["wasi:io/streams@0.2.0", new Map([["f", TEXT]])],
      ]),
      exports: new Map(),
    },
  };

  const linked = link(types, item("b", [], ["x:y/types", "", "wasi:io/streams@0.2.0"]));

  expect(words(linked)).toEqual([]);
});

test("components that import from each other in a circle are refused", () => {
  expect(() =>
    link(
      item("d", ["x:y/a"]),
      item("a", ["x:y/b"], ["x:y/a"]),
      item("b", ["x:y/c"], ["x:y/b"]),
      item("c", ["x:y/a"], ["x:y/c"]),
    ),
  ).toThrow("import from each other in a cycle: a -> b -> c -> a");
});

test("what is exported with other types, or without a function, is refused", () => {
  expect(() => link(item("a", ["x:y/z"]), item("b", [], ["x:y/z"], { type: NUMBER }))).toThrow(
    "component 'a' imports x:y/z#f, which component 'b' has with other types",
  );
  const bare: LinkItem = {
    name: "b",
    world: { imports: new Map(), exports: new Map([["x:y/z", new Map()]]) },
  };
  expect(() => link(item("a", ["x:y/z"]), bare)).toThrow(
    "component 'a' imports x:y/z#f, which component 'b' does not have",
  );
});

test("whatever imports what, all come after those that they import from, or there is a circle", () => {
  const graph = fc.array(fc.array(fc.nat({ max: 5 }), { maxLength: 4 }), {
    minLength: 1,
    maxLength: 6,
  });

  fc.assert(
    fc.property(graph, (edges) => {
      const items = edges.map((targets, index) =>
        item(
          `item-${index}`,
          [...new Set(targets)].map((target) => `x:y/i${target}`),
          [`x:y/i${index}`],
        ),
      );

      expect(outcomeOf(items)).toBe(hasCircle(edges) ? "circle" : "ordered");
    }),
  );
});

/** By taking away those who import of nobody that is left, as long as there are some. Imports of oneself do not count. */
function hasCircle(edges: readonly (readonly number[])[]): boolean {
  const left = new Set(edges.keys());
  let before = -1;
  while (before !== left.size) {
    before = left.size;
    for (const index of left) {
      const waits = edges[index]?.some((target) => target !== index && left.has(target));
      if (waits !== true) left.delete(index);
    }
  }
  return left.size > 0;
}

function outcomeOf(items: readonly LinkItem[]): "ordered" | "circle" | "other" {
  try {
    const { links, order } = link(...items);
    const complete =
      order.toSorted().join() ===
      items
        .map(({ name }) => name)
        .toSorted()
        .join();
    const ordered = [...links].every(([importer, own]) =>
      [...own.values()].every((exporter) => order.indexOf(exporter) < order.indexOf(importer)),
    );
    return complete && ordered ? "ordered" : "other";
  } catch (cause) {
    return String(cause).includes("in a cycle") ? "circle" : "other";
  }
}
