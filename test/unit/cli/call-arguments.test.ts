import { expect, test } from "vitest";

import {
  readCallArguments,
  readOperation,
  readValues,
  typesFrom,
  typesOfWash,
} from "../../../src/cli/call-arguments.ts";

const WIT = `
package demo:shop@1.2.0;
interface till {
  record item { name: string, count: u32 }
  sum: func(items: list<item>, tip: option<u8>) -> u64;
  ring: func();
}
`;

test.each([
  { text: "a:b/c.d", instance: "a:b/c", func: "d" },
  { text: "a:b/c@1.2.3.d-e", instance: "a:b/c@1.2.3", func: "d-e" },
  { text: "a:b/c@0.2.0-draft.d", instance: "a:b/c@0.2.0-draft", func: "d" },
  { text: "a:b/c@1.2.3.[method]d.e", instance: "a:b/c@1.2.3", func: "[method]d.e" },
])("$text is $func of $instance", ({ text, instance, func }) => {
  expect(readOperation(text)).toEqual({ instance, func });
});

test.each(["greet", "a/b.c", "a:b/c", "a:b/c.", ".x"])("%s is no operation", (text) => {
  expect(() => readOperation(text)).toThrow(expect.objectContaining({ code: "bad-input" }));
});

test("all options of a call are read", () => {
  const args =
    "shop demo:shop/till.sum [] none --wit t.wit --servers nats://n --lattice blue --timeout 50 --json";

  expect(readCallArguments(args.split(" "))).toEqual({
    target: "shop",
    operation: { instance: "demo:shop/till", func: "sum" },
    texts: ["[]", "none"],
    witFile: "t.wit",
    servers: "nats://n",
    lattice: "blue",
    timeoutMs: 50,
    json: true,
  });
});

test.each([[[]], [["shop"]], [["a b", "a:b/c.d"]], [["shop", "a:b/c.d", "--timeout", "soon"]]])(
  "%j is refused",
  (args) => {
    expect(() => readCallArguments(args)).toThrow(expect.objectContaining({ code: "bad-input" }));
  },
);

test("negative numbers are values after --", () => {
  const { texts } = readCallArguments(["shop", "a:b/c.d", "--", "-7"]);

  expect(texts).toEqual(["-7"]);
});

test("an operation without version gets the one of the WIT", () => {
  const { operation, type } = typesFrom(WIT, readOperation("demo:shop/till.sum"));

  expect(operation.instance).toBe("demo:shop/till@1.2.0");
  expect(type.params.map(({ name }) => name)).toEqual(["items", "tip"]);
});

test.each([
  { text: "demo:shop/till@2.0.0.sum", says: "demo:shop/till@1.2.0" },
  { text: "demo:shop/till.total", says: "sum, ring" },
])("$text is unknown to the WIT, which has $says", ({ text, says }) => {
  const find = (): unknown => typesFrom(WIT, readOperation(text));

  expect(find).toThrow(
    expect.objectContaining({ code: "types-unknown", message: expect.stringContaining(says) }),
  );
});

test("WAVE and JSON give the same values", () => {
  const typed = typesFrom(WIT, readOperation("demo:shop/till.sum"));

  const wave = readValues(typed, ['[{name: "tea", count: 2}]', "some(3)"]);
  const json = readValues(typed, ['[{"name": "tea", "count": 2}]', "3"]);

  expect(wave).toEqual([[{ name: "tea", count: 2 }], 3]);
  expect(json).toEqual(wave);
});

test.each([
  { texts: ["[]"], says: "takes 2 values (items, tip), but 1" },
  { texts: ["[{name: 1}]", "none"], says: "items" },
])("$texts are refused: $says", ({ texts, says }) => {
  const typed = typesFrom(WIT, readOperation("demo:shop/till.sum"));

  expect(() => readValues(typed, texts)).toThrow(
    expect.objectContaining({ code: "bad-input", message: expect.stringContaining(says) }),
  );
});

test("without WIT a call has no parameters and a string for a result, as wash has it", () => {
  const { type } = typesOfWash(readOperation("a:b/c.d"), []);

  expect(type).toEqual({ params: [], result: { kind: "string" } });
});

test("values without WIT are refused with what to pass", () => {
  const find = (): unknown => typesOfWash(readOperation("a:b/c.d"), ["1"]);

  expect(find).toThrow(
    expect.objectContaining({ code: "types-unknown", message: expect.stringContaining("--wit") }),
  );
});
