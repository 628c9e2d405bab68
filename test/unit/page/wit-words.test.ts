import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { WitType } from "../../../src/core/wit.ts";

import { funcWords, typeWords, witText } from "../../../src/page/state/wit-words.ts";
import { parseWit, parseWitFunc } from "../../../src/wire/wit-text.ts";
import { witType } from "../../support/wit-values.ts";

test("the text of an interface has the types that it was made of", () => {
  const func = fc.record({
    params: fc
      .array(witType, { maxLength: 3 })
      .map((types) => types.map((type, index) => ({ name: `p${index}`, type }))),
    result: witType,
  });

  fc.assert(
    fc.property(func, (type) => {
      const text = witText("demo:shop/orders@1.2.0", [["place", type]]) ?? "";

      expect(parseWit(text).interfaces.get("demo:shop/orders@1.2.0")?.get("place")).toEqual(type);
    }),
    { numRuns: 300 },
  );
});

test("a function in words", () => {
  const text =
    "func(who: record { name: string, age: option<u8> }, how: enum { loud, quiet }) -> result<_, string>";

  expect(funcWords(parseWitFunc(text))).toBe(text);
});

test("a type that unfolds without end has words that end", () => {
  let type: WitType = { kind: "u8" };
  for (let depth = 0; depth < 60; depth++) type = { kind: "tuple", elements: [type, type] };

  expect(typeWords(type).length).toBeLessThan(20_000);
});

test("an interface without a package has no text", () => {
  expect(witText("", [])).toBeUndefined();
});
