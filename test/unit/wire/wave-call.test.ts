import { expect, test } from "vitest";

import { readArgs, resultText } from "../../../src/wire/wave-call.ts";
import { parseWitFunc } from "../../../src/wire/wit-text.ts";

const type = parseWitFunc("func(name: string, at: u8) -> list<string>");

test("texts become the function's values, its result becomes text", () => {
  expect(readArgs(type, ['"Ada"', "7"])).toEqual(["Ada", 7]);
  expect(resultText(type, ["a", "b"])).toEqual({ text: '["a", "b"]', length: 10 });
  expect(resultText(parseWitFunc("func()"), undefined)).toEqual({ length: 0 });
});

test("a text of another type is told with its parameter, and so is a wrong number of them", () => {
  expect(() => readArgs(type, ['"Ada"', "256"])).toThrow(/value of at/);
  expect(() => readArgs(type, ["1"])).toThrow(/2 values are wanted, met 1/);
});

test("of a result without end the beginning is given, and its length", () => {
  const { text, length } = resultText(parseWitFunc("func() -> string"), "a".repeat(1_500_000));

  expect(text).toHaveLength(1_000_000);
  expect(length).toBe(1_500_002);
});
