import { expect, test } from "vitest";
import type { Link } from "../../../src/core/link.ts";

import { entityId } from "../../../src/core/ids.ts";
import { createSource } from "../../../src/core/view.ts";
import { createLinks, type Links } from "../../../src/host/links.ts";

const shop = entityId("shop");
const link = (target: string, changes: Partial<Link> = {}): Link => ({
  source: shop,
  target: entityId(target),
  name: "default",
  namespace: "wasi",
  package: "keyvalue",
  interfaces: ["store", "atomics"],
  sourceConfig: [],
  targetConfig: [],
  ...changes,
});

test("an import leads to the target of its interface's link, in whatever version", () => {
  const links = createLinks(createSource<Links>(new Map([[shop, [link("kv")]]])));

  const table = links(shop);

  expect(table.target("default", "wasi:keyvalue/store@0.2.0-draft")).toBe("kv");
  expect(table.target("default", "wasi:keyvalue/atomics")).toBe("kv");
  expect(table.target("default", "wasi:keyvalue/batch")).toBeUndefined();
  expect(table.target("other", "wasi:keyvalue/store")).toBeUndefined();
  expect(links(entityId("elsewhere")).target("default", "wasi:keyvalue/store")).toBeUndefined();
});

test("of two links for one interface under one name the later one counts", () => {
  const all = [link("first"), link("second", { interfaces: ["store"] })];
  const table = createLinks(createSource<Links>(new Map([[shop, all]])))(shop);

  expect(table.target("default", "wasi:keyvalue/store")).toBe("second");
  expect(table.target("default", "wasi:keyvalue/atomics")).toBe("first");
});

test("names under which an interface is linked", () => {
  const all = [link("kv"), link("cache", { name: "fast", interfaces: ["store"] })];
  const table = createLinks(createSource<Links>(new Map([[shop, all]])))(shop);

  expect(table.names("wasi:keyvalue/store@0.2.0-draft")).toEqual(["default", "fast"]);
  expect(table.names("wasi:keyvalue/batch")).toEqual([]);
});

test("a link that is put or removed counts at the next look", () => {
  const source = createSource<Links>(new Map());
  const links = createLinks(source);
  const look = () => links(shop).target("default", "wasi:keyvalue/store");

  const seen = [look()];
  source.set(new Map([[shop, [link("kv")]]]));
  seen.push(look());
  source.set(new Map([[shop, [link("redis")]]]));
  seen.push(look());
  source.set(new Map());
  seen.push(look());

  expect(seen).toEqual([undefined, "kv", "redis", undefined]);
});
