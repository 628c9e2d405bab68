import { expect, test } from "vitest";

import type { SimpleType } from "../../../src/page/state/signature.ts";

import {
  commandLine,
  readArgument,
  showValue,
  simpleParams,
} from "../../../src/page/state/signature.ts";
import { workload } from "../../support/sample-states.ts";

const func = (signature: string): Parameters<typeof simpleParams>[0] => ({
  instance: "a:b/c",
  func: "f",
  signature,
});

test("parameters of simple types make a form", () => {
  const params = simpleParams(func("func(name: string, times: u32, big: s64) -> list<string>"));

  expect(params).toEqual([
    { name: "name", wit: "string", type: "string" },
    { name: "times", wit: "u32", type: "integer" },
    { name: "big", wit: "s64", type: "big-integer" },
  ]);
  expect(simpleParams(func("async func() -> string"))).toEqual([]);
});

test.each([
  "func(order: record { sku: string })",
  "func(list: list<u8>)",
  "func(t: tuple<u8, u8>)",
])("%s is not for a form", (signature) => {
  expect(simpleParams(func(signature))).toBeUndefined();
});

test("a function that the lattice cannot call has no form", () => {
  expect(simpleParams({ ...func("func()"), unserved: "it takes a stream" })).toBeUndefined();
});

test.each<{ type: SimpleType; text: string; value: unknown }>([
  { type: "string", text: " a ", value: " a " },
  { type: "char", text: "é", value: "é" },
  { type: "char", text: "ab", value: undefined },
  { type: "bool", text: "false", value: false },
  { type: "integer", text: "-7", value: -7 },
  { type: "integer", text: "1.5", value: undefined },
  { type: "integer", text: "", value: undefined },
  { type: "float", text: "1.5", value: 1.5 },
  { type: "float", text: "x", value: undefined },
  { type: "big-integer", text: "18446744073709551615", value: 18_446_744_073_709_551_615n },
  { type: "big-integer", text: "1e3", value: undefined },
])("$type reads “$text” as $value", ({ type, text, value }) => {
  expect(readArgument({ name: "p", wit: "", type }, text)).toBe(value);
});

test.each([
  { value: 'Hello, "Ada"', shown: '"Hello, \\"Ada\\""' },
  { value: 12n, shown: "12" },
  { value: { tag: "ok", val: 7 }, shown: "ok(7)" },
  { value: { tag: "none-left" }, shown: "none-left" },
  { value: { name: "Ada", tags: ["x", 1] }, shown: '{name: "Ada", tags: ["x", 1]}' },
  { value: Uint16Array.of(1, 2), shown: "[1, 2]" },
  { value: new Uint8Array(300), shown: "300 bytes" },
  { value: undefined, shown: "none" },
])("a result is shown as $shown", ({ value, shown }) => {
  expect(showValue(value)).toBe(shown);
});

test("the line for the terminal calls a demo that runs, with the types of its file", () => {
  const stopping = workload("hello", { state: { phase: "stopping" } });
  const foreign = workload("other", { image: "ghcr.io/example/other:1" });

  expect(commandLine([foreign, workload("hello")], "default")).toBe(
    `npm run call -- hello inlay:demo/greeter.greet '"Ada"' --wit public/demo/hello.wit`,
  );
  expect(commandLine([workload("hello")], "shop")).toMatch(/ --lattice shop$/);
  expect(commandLine([foreign, stopping], "default")).toBeUndefined();
});
