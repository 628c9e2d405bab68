import { expect, test } from "vitest";

import type { Link } from "../../../src/core/link.ts";

import { entityId } from "../../../src/core/ids.ts";
import { importsMet } from "../../../src/page/state/imports.ts";

const link = (source: string, target: string, name: string, interfaces: string[]): Link => ({
  source: entityId(source),
  target: entityId(target),
  name,
  namespace: "wrpc",
  package: "keyvalue",
  interfaces,
  sourceConfig: [],
  targetConfig: [],
});

test("imports are met by the node, by links under any of their names, or by nobody, who stand first", () => {
  const functions = new Map();
  const imports = [
    { name: "wasi:io/streams@0.2.0", functions, by: "node" },
    { name: "wasi:keyvalue/types", functions, by: "types" },
    {
      name: "wasi:keyvalue/store@0.2.0",
      functions,
      by: ["wasi:keyvalue/store", "wrpc:keyvalue/store"],
    },
    { name: "a:b/c", functions, by: ["a:b/c"] },
  ] as const;
  const links = [
    link("shop", "kv", "default", ["store"]),
    link("shop", "other", "backup", ["store"]),
    link("else", "kv", "default", ["store"]),
  ];

  const met = importsMet("shop", imports, links);

  expect(met.map(({ name, by, targets }) => ({ name, by, targets }))).toEqual([
    { name: "a:b/c", by: "nobody", targets: [] },
    {
      name: "wasi:keyvalue/store@0.2.0",
      by: "link",
      targets: [
        { target: "kv", link: "default" },
        { target: "other", link: "backup" },
      ],
    },
    { name: "wasi:io/streams@0.2.0", by: "node", targets: [] },
    { name: "wasi:keyvalue/types", by: "types", targets: [] },
  ]);
});
