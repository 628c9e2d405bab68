import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

import { readGallery } from "../../../src/page/state/gallery.ts";
import { fixture } from "../../support/fixtures.ts";
import { exportsOf } from "../../../src/wire/exports-of.ts";
import { componentWorld } from "../../../src/wire/component-types.ts";

const BASE = "https://site.example/inlay/index.html";

test("items have absolute addresses, references stay, and what cannot be started is passed over", () => {
  const items = readGallery(
    [
      { id: "hello", image: "demo/hello.wasm#sha256=00", title: "Hello", exports: ["a:b/c", 7] },
      { id: "shop", image: "ghcr.io/acme/shop:0.1.0", text: "Sells." },
      { id: "nameless" },
      "nonsense",
    ],
    BASE,
  );

  expect(items).toEqual([
    {
      id: "hello",
      image: "https://site.example/inlay/demo/hello.wasm#sha256=00",
      title: "Hello",
      text: "",
      exports: ["a:b/c"],
      imports: [],
    },
    {
      id: "shop",
      image: "ghcr.io/acme/shop:0.1.0",
      title: "shop",
      text: "Sells.",
      exports: [],
      imports: [],
    },
  ]);
  expect(readGallery({ components: [] }, BASE)).toEqual([]);
});

test("the page's own gallery says of each demo what its component exports", async () => {
  const file: unknown = JSON.parse(
    await readFile(new URL("../../../public/gallery.json", import.meta.url), "utf8"),
  );
  const list: unknown = Reflect.get(Object(file), "components");
  const items = readGallery(list, BASE);

  for (const { id, exports } of items) {
    const world = componentWorld(fixture(id));
    expect([...new Set(exportsOf(world).map(({ instance }) => instance))]).toEqual(exports);
  }
  expect(items.length).toBeGreaterThan(2);
});
