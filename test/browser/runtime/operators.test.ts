/** Components that are called as actors of 0.82 are: arguments on standard input, results on standard output. */
import { describe, expect, test } from "vitest";

import type { Importee } from "../../../src/core/call.ts";
import type { Bridge } from "../../../src/core/node-state.ts";

import { entityId } from "../../../src/core/ids.ts";
import { createBusHost } from "../../../src/dialects/v0/bus-host.ts";
import { ACTOR_GUEST } from "../../../src/interfaces/actor.ts";
import { createHeld, type Held } from "../../../src/interfaces/import-mapping.ts";
import { OLDER_IMPORTS } from "../../../src/interfaces/older.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { callOf, fixture, fixtureBytes, openRuntime, run } from "./support.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const ask = (operation: string, argument: Uint8Array = new Uint8Array(0)) =>
  callOf(ACTOR_GUEST, "call", [operation, argument]);
const ok = (text: string) => [{ tag: "ok", val: utf8(text) }];

test("wasmcloud:bus/guest has the operation, its argument and its result, each call with an instance of its own", async () => {
  await using opened = openRuntime({ modules: true });
  await using pool = await run(opened.runtime, "operator");
  const texts = Array.from({ length: 30 }, (_, n) => `text ${n}`);

  const results = await Promise.all(texts.map((text) => pool.invoke(ask("Echo.Say", utf8(text)))));

  expect(results).toEqual(texts.map((text) => ok(text)));
  expect(await pool.invoke(ask("Echo.Say"))).toEqual(ok(""));
  expect(opened.logged.filter(({ event }) => event === "guest.printed")).toEqual([]);
});

test("its error is a result, a trap is none, and neither leaves anything for the next call", async () => {
  await using opened = openRuntime({ modules: true });
  await using pool = await run(opened.runtime, "operator", { maxInstances: 1 });

  expect(await pool.invoke(ask("Echo.Fail", utf8("no")))).toEqual([{ tag: "err", val: "no" }]);
  expect(await pool.invoke(ask("Echo.Say", utf8("a")))).toEqual(ok("a"));
  await expect(pool.invoke(ask("Echo.Trap", utf8("x")))).rejects.toMatchObject({
    code: "guest-trapped",
  });
  expect(await pool.invoke(ask("Echo.Say", utf8("b")))).toEqual(ok("b"));
  expect(await pool.invoke(ask("Echo.What"))).toEqual([{ tag: "err", val: "unknown operation" }]);
});

test("a megabyte goes in and comes out", async () => {
  await using opened = openRuntime({ modules: true });
  await using pool = await run(opened.runtime, "operator");
  const argument = new Uint8Array(1_000_000).map((_, at) => at % 251);

  const [result] = await pool.invoke(ask("Echo.Say", argument));

  const { val } = result as { readonly val: Uint8Array };
  expect(val.length).toBe(argument.length);
  expect(val.every((byte, at) => byte === argument[at])).toBe(true);
});

describe("a command", () => {
  test("is run for each operation", async () => {
    await using opened = openRuntime({ modules: true });
    await using pool = await run(opened.runtime, "command");

    expect(await pool.invoke(ask("Shop.Order", utf8("two tea")))).toEqual(
      ok("main.wasm\nShop.Order\ntwo tea"),
    );
    expect(await pool.invoke(ask("Shop.Order", utf8("fail")))).toEqual([
      { tag: "err", val: "`wasi:command/command.run` failed" },
    ]);
    await expect(pool.invoke(ask("Shop.Order", utf8("exit")))).rejects.toMatchObject({
      code: "guest-trapped",
    });
    expect(await pool.invoke(ask("Shop.Order"))).toEqual(ok("main.wasm\nShop.Order\n"));
  });

  test("can be run as a command, too: there is nothing on its input then", async () => {
    await using opened = openRuntime({ modules: true });
    await using pool = await run(opened.runtime, "command");

    expect(await pool.invoke(callOf("wasi:cli/run@0.2.0", "run"))).toEqual([
      { tag: "ok", val: undefined },
    ]);
  });
});

describe.each<Bridge>(["jspi", "atomics"])("wasmcloud:bus/host by %s", (bridge) => {
  const { log } = recordLog();
  const names = { linked: () => entityId("far"), actor: () => undefined };
  const answer = createBusHost({ names, log });
  /** As a host has it, with a provider that turns texts around. */
  const reversing: Importee = {
    invoke: (call) =>
      answer(call, {
        id: entityId("fixture"),
        claims: undefined,
        config: () => new Map(),
        direct: () => undefined,
        async call(target, link, ...[, , , args]) {
          const [operation, argument] = args;
          expect([target, link, operation]).toEqual(["far", "default", "Far.Do"]);
          const given = argument as Uint8Array;
          if (text(given) === "no") return [{ tag: "err", val: "I would rather not" }];
          return [{ tag: "ok", val: given.toReversed() }];
        },
      }),
  };

  test.each(["Dial.Sync", "Dial.Stream"])("%s calls, and hears of failures", async (operation) => {
    await using opened = openRuntime({ modules: true, bridge });
    await using pool = await run(opened.runtime, "dialer", { imports: reversing });
    const long = "0123456789".repeat(30_000);

    expect(await pool.invoke(ask(operation, utf8("abc")))).toEqual(ok("cba"));
    expect(await pool.invoke(ask(operation))).toEqual(ok(""));
    const [result] = await pool.invoke(ask(operation, utf8(long)));
    expect(text((result as { readonly val: Uint8Array }).val)).toBe(
      Array.from(long).toReversed().join(""),
    );
    const [failed] = await pool.invoke(ask(operation, utf8("no")));
    expect(failed).toMatchObject({ tag: "err", val: expect.stringContaining("rather not") });
  });
});

test("wasi:keyvalue@0.1.0 is the store of the lattice, and its errors are texts", async () => {
  const kept = new Map<string, Uint8Array>();
  const counted: unknown[] = [];
  let broken = false;
  /** As a host has it, with a store of its own. */
  const storing: Importee = {
    async invoke({ instance, func, args, linkNames, signal }) {
      const run = OLDER_IMPORTS[instance]?.functions.get(func);
      if (run === undefined) throw new Error(`no ${instance}#${func}`);
      const held = instances.get(linkNames) ?? createHeld(new Map());
      instances.set(linkNames, held);
      return run(args, {
        held,
        linkName: "default",
        signal,
        async far(_, name, [, key, value]) {
          if (broken) return [{ tag: "err", val: { tag: "other", val: "out of order" } }];
          if (name === "increment") counted.push([key, value]);
          if (name === "set") kept.set(String(key), value as Uint8Array);
          return [{ tag: "ok", val: name === "get" ? kept.get(String(key)) : 1n }];
        },
      });
    },
  };
  const instances = new WeakMap<object, Held>();
  await using opened = openRuntime({ modules: true });
  await using pool = await run(opened.runtime, "pantry", { imports: storing });
  const get = () => pool.invoke(ask("Pantry.Get"));

  expect(await get()).toEqual([{ tag: "err", val: "nothing" }]);
  expect(await pool.invoke(ask("Pantry.Put", utf8("flour")))).toEqual(ok(""));
  expect([...kept]).toEqual([["kept", utf8("flour")]]);
  expect(await get()).toEqual(ok("flour"));
  expect(counted).toEqual([["puts", 1n]]);
  broken = true;
  expect(await get()).toEqual([{ tag: "err", val: "other: out of order" }]);
  expect(await pool.invoke(ask("Pantry.Put", utf8("x")))).toEqual([
    { tag: "err", val: "other: out of order" },
  ]);
});

test("where 0.82 is not spoken components have their own forms alone", async () => {
  await using opened = openRuntime();
  const { signal } = new AbortController();
  const load = async (name: string) =>
    (
      await opened.runtime.load(
        { reference: fixture(name), bytes: await fixtureBytes(name) },
        { signal },
      )
    ).world;

  expect([...(await load("operator")).exports.keys()]).toEqual(["wasmcloud:bus/guest"]);
  expect([...(await load("command")).exports.keys()]).toEqual(["wasi:cli/run@0.2.0"]);
});
