/** Functions whose failures are values, on their way out of a component and into one. */
import { expect, test } from "vitest";
import type { Call, Callee, Results } from "../../../src/core/call.ts";
import type { FuncType, WitType, World } from "../../../src/core/wit.ts";

import { flowing } from "../../../src/core/call.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { openOutbound } from "../../support/outbound.ts";

const GREETER = "example:demo/greeter";
const RPC = "wrpc:rpc/error@0.1.0";
const BUS = "wasmcloud:bus/error@2.0.1";
const string: WitType = { kind: "string" };
const error: WitType = { kind: "own", resource: "error", of: RPC };
const greet: FuncType = {
  params: [{ name: "name", type: string }],
  result: { kind: "result", ok: string, err: error },
};
const wave: FuncType = { params: [], result: { kind: "result", err: error } };
const plain: FuncType = { params: [], result: { kind: "result", ok: string, err: string } };
const functions = new Map(Object.entries({ greet, wave, plain }));

/** A component that imports the greeter, linked to `target`. */
function importing(target: Callee) {
  const world: World = {
    imports: new Map(
      [GREETER, RPC, BUS].map((name) => [name, name === GREETER ? functions : new Map()]),
    ),
    exports: new Map(),
  };
  const reached: World[] = [];
  const outbound = openOutbound({
    id: entityId("caller"),
    world,
    reach: (_, types) => {
      reached.push(types);
      return target;
    },
  });
  const linkNames = new Map<string, string>();
  const call = (instance: string, func: string, ...args: unknown[]): Promise<Results> =>
    outbound.invoke({
      id: "1",
      source: undefined,
      linkNames,
      instance,
      func,
      args,
      trace: new Map(),
      signal: new AbortController().signal,
    });
  return { call, reached };
}

const giving = (...results: readonly unknown[]): Callee => ({
  invoke: () => Promise.resolve(results),
});
const failing = (code: "not-served" | "guest-trapped" | "aborted"): Callee => ({
  invoke: () => Promise.reject(new LatticeError(code, "nobody is there")),
});

test("over the wire goes the result alone, and the guest is given it as ok", async () => {
  const { call, reached } = importing(giving("Hello, Ada!"));

  expect(await call(GREETER, "greet", "Ada")).toEqual([{ tag: "ok", val: "Hello, Ada!" }]);

  const types = reached[0]?.exports.get(GREETER);
  expect(types?.get("greet")).toEqual({ params: greet.params, result: string });
  expect(types?.get("wave")).toEqual({ params: [] });
  expect(types?.get("plain")).toBe(plain);
  expect(await importing(giving()).call(GREETER, "wave")).toEqual([{ tag: "ok", val: undefined }]);
});

test.each(["not-served", "guest-trapped"] as const)(
  "a call that fails as %s gives an error whose text the guest may read",
  async (code) => {
    const { call } = importing(failing(code));

    const [result] = await call(GREETER, "greet", "Ada");

    const { tag, val } = result as { tag: string; val: unknown };
    expect(tag).toBe("err");
    expect(await call(RPC, "[method]error.to-debug-string", val)).toEqual(["nobody is there"]);
    const [made] = await call(BUS, "[static]error.from-rpc-error", val);
    expect(await call(BUS, "[method]error.to-debug-string", made)).toEqual(["nobody is there"]);
    // It was given away.
    await expect(call(RPC, "[method]error.to-debug-string", val)).rejects.toMatchObject({
      code: "bad-input",
    });
  },
);

test("a call that was given up, and failures of other functions, are no values", async () => {
  await expect(importing(failing("aborted")).call(GREETER, "greet", "Ada")).rejects.toThrow(
    "nobody is there",
  );
  await expect(importing(failing("not-served")).call(GREETER, "plain")).rejects.toThrow(
    "nobody is there",
  );
});

test("streams in a result still flow", async () => {
  const ended = Promise.resolve();
  const { call } = importing({ invoke: () => Promise.resolve(flowing(["x"], ended)) });

  const results = await call(GREETER, "greet", "Ada");

  expect([...results]).toEqual([{ tag: "ok", val: "x" }]);
  expect(results.ended).toBe(ended);
});

test("a component that exports such functions is called by the result alone; its error ends the call", async () => {
  const world: World = { imports: new Map(), exports: new Map([[GREETER, functions]]) };
  const answers: Record<string, unknown> = {
    greet: { tag: "ok", val: "Hello" },
    wave: { tag: "err", val: Uint8Array.of(1) },
    plain: { tag: "err", val: "no" },
  };
  const own = createInterfaces().workload();
  const face = own.face(world, { invoke: ({ func }) => Promise.resolve([answers[func]]) });
  const call = (func: string): Promise<Results> =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rest of a call does not matter here
    face.callee.invoke({ instance: GREETER, func, args: [] } as unknown as Call);

  expect(face.world.exports.get(GREETER)?.get("greet")?.result).toEqual(string);
  expect(await call("greet")).toEqual(["Hello"]);
  expect(await call("plain")).toEqual([{ tag: "err", val: "no" }]);
  await expect(call("wave")).rejects.toMatchObject({ code: "guest-trapped" });
});
