import { expect, test } from "vitest";

import type { Link } from "../../../src/core/link.ts";

import { entityId } from "../../../src/core/ids.ts";
import { configEntries, readConfigForm } from "../../../src/page/state/config-form.ts";

const link = (sourceConfig: readonly string[], targetConfig: readonly string[]): Link => ({
  source: entityId("shop"),
  target: entityId("store"),
  name: "default",
  namespace: "wasi",
  package: "keyvalue",
  interfaces: ["store"],
  sourceConfig,
  targetConfig,
});

test("rows become values; rows that say nothing are passed over", () => {
  const read = readConfigForm({
    name: " carts ",
    rows: [
      { key: "bucket", value: "carts" },
      { key: "", value: "" },
      { key: " empty ", value: "" },
    ],
  });

  expect(read).toEqual({ name: "carts", values: { bucket: "carts", empty: "" } });
});

test.each([
  { name: "", rows: [], at: "name" },
  { name: "two words", rows: [], at: "name" },
  { name: "SECRET_key", rows: [], at: "name" },
  { name: "carts", rows: [{ key: "", value: "x" }], at: 0 },
  {
    name: "carts",
    rows: [
      { key: "a", value: "1" },
      { key: "a", value: "2" },
    ],
    at: 1,
  },
])("$name with $rows is told at $at", ({ name, rows, at }) => {
  const read = readConfigForm({ name, rows });

  expect("problems" in read && [...read.problems.keys()]).toEqual([at]);
});

test("names are those that are kept and those that links mention, each with its links", () => {
  const links = [link(["a", "a"], ["b"]), link(["a"], [])];

  expect(configEntries(["b", "c", "SECRET_d"], links)).toEqual([
    { name: "SECRET_d", secret: true, kept: true, links: 0 },
    { name: "a", secret: false, kept: false, links: 2 },
    { name: "b", secret: false, kept: true, links: 1 },
    { name: "c", secret: false, kept: true, links: 0 },
  ]);
  expect(configEntries(undefined, links).every(({ kept }) => kept)).toBe(true);
});
