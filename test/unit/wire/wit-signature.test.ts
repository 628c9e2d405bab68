import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { WitType } from "../../../src/core/wit.ts";
import { signature, typeText } from "../../../src/wire/wit-signature.ts";
import { parseWitFunc, parseWitType } from "../../../src/wire/wit-text.ts";
import { witType } from "../../support/wit-values.ts";

test.each([
  "func()",
  "func(name: string) -> result<string, u32>",
  "func() -> result<_, string>",
  "func() -> result<u8>",
  "func() -> result",
  "async func(a: stream<u8>, b: future) -> tuple<u8, option<list<char>>>",
  "func(a: record { b-c: u8, d: flags { e, f } }) -> variant { g, h(enum { i, j }) }",
  "func(self: borrow<bucket>) -> own<bucket>",
])("%s is written as it was read", (text) => {
  expect(signature(parseWitFunc(text))).toBe(text);
});

test("any type is written so that it can be read", () => {
  fc.assert(
    fc.property(witType, (type) => {
      expect(parseWitType(typeText(type))).toEqual(type);
    }),
  );
});

test("a type that unfolds without end has a text with an end", () => {
  let wide: WitType = { kind: "u8" };
  for (let i = 0; i < 60; i++) wide = { kind: "tuple", elements: [wide, wide] };
  let deep: WitType = { kind: "u8" };
  for (let i = 0; i < 100_000; i++) deep = { kind: "tuple", elements: [deep] };

  expect(typeText(wide).length).toBeLessThan(70_000);
  expect(typeText(wide)).toMatch(/…$/);
  expect(typeText(deep)).toMatch(/^(?:tuple<){100}…>{100}$/);
});
