/** waPC modules in workers of their own: host calls that make them wait, traps, and modules that never answer. */
import { describe, expect, test } from "vitest";

import type { Importee } from "../../../src/core/call.ts";
import type { Bridge } from "../../../src/core/node-state.ts";

import { ACTOR_GUEST, ACTOR_HOST } from "../../../src/interfaces/actor.ts";
import { callOf, fixture, fixtureBytes, openRuntime, run } from "./support.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const ask = (operation: string, argument: Uint8Array = new Uint8Array(0)) =>
  callOf(ACTOR_GUEST, "call", [operation, argument]);

test("an actor answers, each call from an instance that knows nothing of the others", async () => {
  await using opened = openRuntime({ modules: true });
  await using pool = await run(opened.runtime, "actor-echo");
  const texts = Array.from({ length: 50 }, (_, n) => `text ${n}`);

  const results = await Promise.all(texts.map((text) => pool.invoke(ask("Echo.Say", utf8(text)))));

  expect(results).toEqual(texts.map((text) => [{ tag: "ok", val: utf8(text) }]));
  expect(await pool.invoke(ask("Echo.Nothing"))).toEqual([{ tag: "ok", val: new Uint8Array(0) }]);
});

test("an error of the actor's is a result, a trap is none, and both leave it well", async () => {
  await using opened = openRuntime({ modules: true });
  await using pool = await run(opened.runtime, "actor-echo");

  expect(await pool.invoke(ask("Echo.Fail", utf8("no")))).toEqual([{ tag: "err", val: "no" }]);
  await expect(pool.invoke(ask("Echo.Trap"))).rejects.toMatchObject({ code: "guest-trapped" });
  await expect(pool.invoke(ask("Echo.Twice"))).rejects.toMatchObject({ code: "guest-trapped" });
  expect(await pool.invoke(ask("Echo.Say", utf8("a")))).toEqual([{ tag: "ok", val: utf8("a") }]);
});

test("what it writes to the console is in the log", async () => {
  await using opened = openRuntime({ modules: true });
  await using pool = await run(opened.runtime, "actor-echo");
  await pool.invoke(ask("Echo.Log", utf8("a line of mine")));
  await expect
    .poll(() => opened.logged.filter(({ event }) => event === "guest.printed"))
    .toMatchObject([{ fields: { stream: "stderr", text: "a line of mine" } }]);
});

test("an actor that never ends is ended, and another worker takes its place", async () => {
  await using opened = openRuntime({ modules: true });
  await using pool = await run(opened.runtime, "actor-echo");
  await expect(pool.invoke(ask("Echo.Spin"))).rejects.toMatchObject({ code: "worker-lost" });
  expect(await pool.invoke(ask("Echo.Say", utf8("b")))).toEqual([{ tag: "ok", val: utf8("b") }]);
});

describe.each<Bridge>(["jspi", "atomics"])("host calls by %s", (bridge) => {
  const answering: Importee = {
    async invoke({ instance, args }) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const [binding, namespace, operation, payload] = args;
      if (operation === "Echo.Fail") return [{ tag: "err", val: "refused" }];
      expect([instance, binding, namespace]).toEqual([ACTOR_HOST, "", "echo"]);
      return [{ tag: "ok", val: payload }];
    },
  };

  test("wait for their answers", async () => {
    await using opened = openRuntime({ modules: true, bridge });
    await using pool = await run(opened.runtime, "actor-pinger", { imports: answering });
    const results = await Promise.all(
      ["x", "y", "z"].map((text) => pool.invoke(ask("Ping.Ask", utf8(text)))),
    );
    expect(results).toEqual(["x", "y", "z"].map((text) => [{ tag: "ok", val: utf8(text) }]));
  });

  test("an error that the actor does not look at fails its call", async () => {
    await using opened = openRuntime({ modules: true, bridge });
    await using pool = await run(opened.runtime, "actor-pinger", { imports: answering });
    expect(await pool.invoke(ask("Ping.Try", utf8("x")))).toEqual([{ tag: "err", val: "refused" }]);
  });
});

test("a core module that is no actor is refused, and every one where only components are taken", async () => {
  await using opened = openRuntime({ modules: true });
  await using plain = openRuntime();
  const signal = new AbortController().signal;
  const load = async (runtime: typeof opened.runtime, name: string) =>
    runtime.load({ reference: fixture(name), bytes: await fixtureBytes(name) }, { signal });

  await expect(load(opened.runtime, "core-module")).rejects.toMatchObject({
    code: "bad-image",
    message: expect.stringContaining("__guest_call"),
  });
  await expect(load(plain.runtime, "actor-echo")).rejects.toMatchObject({
    code: "bad-image",
    message: expect.stringContaining("not a component"),
  });
});
