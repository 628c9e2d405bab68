import { expect, test } from "vitest";
import type { Call, Callee } from "../../../../src/core/call.ts";
import type { World } from "../../../../src/core/wit.ts";

import { chain } from "../../../../src/core/call.ts";
import { entityId } from "../../../../src/core/ids.ts";
import { createReach } from "../../../../src/host/outbound/reach.ts";
import { sameTypes } from "../../../../src/host/outbound/same-types.ts";
import { parseWit, parseWitFunc } from "../../../../src/wire/wit-text.ts";

const target = entityId("greeter");
const worldOf = (text: string): World => ({
  imports: new Map(),
  exports: parseWit(`package a:b; interface c { ${text} }`).interfaces,
});
const world = worldOf("greet: func(name: string) -> string;");

function setUp({ accepting = true, shortCircuit = true, offered = world } = {}) {
  const answering = (answer: string): Callee => ({ invoke: () => Promise.resolve([answer]) });
  const reach = createReach({
    shortCircuit,
    intercept: chain([]),
    local: (id) =>
      id === target
        ? { world: offered, callee: answering("here"), accepting: () => accepting }
        : undefined,
    dialects: [
      {
        generation: "v1",
        obey: () => Promise.reject(new Error()),
        announce: () => undefined,
        serve: () => Promise.reject(new Error()),
        reach: () => answering("lattice"),
      },
    ],
  });
  const call: Call = {
    id: "1",
    source: undefined,
    target,
    link: "default",
    instance: "a:b/c",
    func: "greet",
    args: ["Ada"],
    trace: new Map(),
    signal: new AbortController().signal,
  };
  return async (types = world) => (await reach(target, types, "a:b/c", "greet").invoke(call))[0];
}

test("a target that runs here is called here", async () => {
  expect(await setUp()()).toBe("here");
});

test.each([
  { why: "its line is full", options: { accepting: false } },
  { why: "the node shares its calls out evenly", options: { shortCircuit: false } },
  {
    why: "it takes other types than the caller gives",
    options: { offered: worldOf("greet: func(name: list<u8>) -> string;") },
  },
  { why: "it has no such function", options: { offered: worldOf("wave: func();") } },
])("the lattice is asked where $why", async ({ options }) => {
  expect(await setUp(options)()).toBe("lattice");
});

test.each([
  ["func(a: string)", "func(b: string)", true],
  ["func(a: string)", "func(a: string) -> u8", false],
  ["func(a: list<u8>)", "func(a: list<s8>)", false],
  ["func(a: record { x: u8, y: u8 })", "func(a: record { x: u8, y: u8 })", true],
  ["func(a: record { x: u8, y: u8 })", "func(a: record { y: u8, x: u8 })", false],
  ["func(a: variant { a, b(u8) })", "func(a: variant { a, b(u8) })", true],
  ["func(a: variant { a, b(u8) })", "func(a: variant { a(u8), b })", false],
  ["func(a: enum { a, b })", "func(a: flags { a, b })", false],
  ["func(a: result<u8>)", "func(a: result<_, u8>)", false],
  ["func() -> tuple<u8, option<string>>", "func() -> tuple<u8, option<string>>", true],
  ["func(a: stream<u8>) -> future<u8>", "func(a: stream<u8>) -> future<u8>", true],
  ["func(a: own<x>)", "func(a: borrow<x>)", false],
  ["func(a: own<x>)", "func(a: own<y>)", false],
])("%s and %s: same types is %s", (one, other, same) => {
  expect(sameTypes(parseWitFunc(one), parseWitFunc(other))).toBe(same);
});

test("types that share parts many times over are compared in no time", () => {
  const steps = Array.from({ length: 90 }, (_, i) => `type t${i + 1} = tuple<t${i}, t${i}>;`);
  const text = `type t0 = u8; ${steps.join(" ")} greet: func(v: t90);`;
  const of = ({ exports }: World) => exports.get("a:b/c")?.get("greet");
  const [one, other] = [of(worldOf(text)), of(worldOf(text))];
  if (one === undefined || other === undefined) throw new Error("no such function");

  expect(sameTypes(one, other)).toBe(true);
});
