import { expect, test } from "vitest";

import {
  shellWord,
  washConfigPut,
  washLinkDel,
  washLinkPut,
} from "../../../src/page/state/wash.ts";

const link = {
  source: "shop",
  target: "store",
  name: "sessions",
  namespace: "wasi",
  package: "keyvalue",
  interfaces: ["store", "atomics"],
  sourceConfig: ["a"],
  targetConfig: ["b"],
};

test.each([
  { text: "ghcr.io/acme/shop:0.1.0", word: "ghcr.io/acme/shop:0.1.0" },
  { text: "", word: "''" },
  { text: "two words", word: "'two words'" },
  { text: "it's $HOME", word: String.raw`'it'\''s $HOME'` },
])("$text is $word to a shell", ({ text, word }) => {
  expect(shellWord(text)).toBe(word);
});

test("links and configuration as wash takes them", () => {
  expect(washLinkPut(link, "default")).toBe(
    "wash link put shop store wasi keyvalue --interface store --interface atomics --link-name sessions --source-config a --target-config b",
  );
  expect(washLinkDel({ ...link, name: "default" }, "edge")).toBe(
    "wash link del shop wasi keyvalue --lattice edge",
  );
  expect(washConfigPut("carts", { bucket: "my carts", a: "1" }, "default")).toBe(
    "wash config put carts 'bucket=my carts' a=1",
  );
});
