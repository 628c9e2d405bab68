import { expect, test } from "vitest";

import type { ImportCall, Importee } from "../../../src/core/call.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { callOf, openRuntime, run } from "./support.ts";

const LOGGER = "inlay:test/logger";

/** Keeps what guests ask for, and gives nothing. */
function recording(): Importee & { readonly heard: ImportCall[] } {
  const heard: ImportCall[] = [];
  return {
    heard,
    async invoke(call) {
      heard.push(call);
      return [];
    },
  };
}

test("guests that sleep do so at the same time, each in its instance", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "sleeper", { maxInstances: 8 });
  const sleepAll = async (each: bigint): Promise<readonly number[]> => {
    const calls = Array.from({ length: 8 }, () =>
      pool.invoke(callOf("inlay:test/sleeper", "sleep", [each])),
    );
    return (await Promise.all(calls)).map(([ms]) => Number(ms));
  };
  await sleepAll(1n); // all that is made only once is there now
  const before = performance.now();

  const slept = await sleepAll(300n);

  // One after the other they would take as long as all of them have slept.
  const took = performance.now() - before;
  expect(took).toBeLessThan(slept.reduce((sum, ms) => sum + ms, 0));
  for (const ms of slept) expect(ms).toBeGreaterThanOrEqual(300);
});

test("a guest that sleeps past its deadline makes room for the next call", async () => {
  await using opened = openRuntime();
  const limits = { callDeadlineMs: 1500 };
  await using pool = await run(opened.runtime, "sleeper", { maxInstances: 1, limits });

  const long = pool.invoke(callOf("inlay:test/sleeper", "sleep", [60_000n]));
  await expect(long).rejects.toMatchObject({ code: "deadline" });
  const short = await pool.invoke(callOf("inlay:test/sleeper", "sleep", [1n]));

  expect(short).toHaveLength(1);
  expect(opened.logged).toEqual([]); // no worker was lost for it
});

test("a caller that gives up is answered at once", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "sleeper", { maxInstances: 1 });
  const caller = new AbortController();

  const call = pool.invoke(callOf("inlay:test/sleeper", "sleep", [60_000n], caller.signal));
  caller.abort();

  await expect(call).rejects.toMatchObject({ code: "aborted" });
  await pool.drained(AbortSignal.timeout(30_000));
});

test("the host answers what a guest imports, in the name of its call", async () => {
  await using opened = openRuntime();
  const imports = recording();
  await using pool = await run(opened.runtime, "logger", { imports });
  const call = callOf(LOGGER, "log", ["good morning"]);

  const results = await pool.invoke(call);

  expect(results).toEqual([]);
  expect(imports.heard).toMatchObject([
    {
      id: `${call.id}.1`,
      source: call.target,
      linkNames: new Map(),
      instance: "wasi:logging/logging@0.1.0-draft",
      func: "log",
      args: ["info", "logger", "good morning"],
    },
  ]);
});

test("an import that fails ends the call with its error, and the next call works", async () => {
  await using opened = openRuntime();
  let works = false;
  const imports: Importee = {
    async invoke() {
      if (!works) throw new LatticeError("denied", "no logging today");
      return [];
    },
  };
  await using pool = await run(opened.runtime, "logger", { imports, maxInstances: 1 });

  await expect(pool.invoke(callOf(LOGGER, "log", ["x"]))).rejects.toMatchObject({
    code: "denied",
    message: "no logging today",
  });
  works = true;

  await expect(pool.invoke(callOf(LOGGER, "log", ["y"]))).resolves.toEqual([]);
});

test("a guest that traps after an import fails its call, and what it imported stays done", async () => {
  await using opened = openRuntime();
  const imports = recording();
  await using pool = await run(opened.runtime, "logger", { imports, maxInstances: 1 });

  const call = pool.invoke(callOf(LOGGER, "trap-after-log", ["last words"]));

  await expect(call).rejects.toMatchObject({ code: "guest-trapped" });
  expect(imports.heard).toHaveLength(1);
  await expect(pool.invoke(callOf(LOGGER, "log", ["z"]))).resolves.toEqual([]);
});

test("an import that is still awaited when its call ends is told so", async () => {
  await using opened = openRuntime();
  const asked = Promise.withResolvers<AbortSignal>();
  const imports: Importee = {
    invoke({ signal }) {
      asked.resolve(signal);
      return new Promise(() => undefined);
    },
  };
  await using pool = await run(opened.runtime, "logger", { imports });
  const caller = new AbortController();

  const call = pool.invoke(callOf(LOGGER, "log", ["x"], caller.signal));
  const signal = await asked.promise;
  caller.abort();

  await expect(call).rejects.toMatchObject({ code: "aborted" });
  expect(signal.aborted).toBe(true);
});

test("an import that nobody is linked for is asked of the host when it is called", async () => {
  await using opened = openRuntime();
  const imports: Importee = {
    async invoke({ instance, func, args }) {
      if (args[0] === 0) throw new LatticeError("link-missing", `no link for ${instance}#${func}`);
      return [7];
    },
  };
  await using pool = await run(opened.runtime, "unmet", { imports });
  const weigh = (grams: number) => pool.invoke(callOf("inlay:test/scales", "weigh", [grams]));

  await expect(weigh(1)).resolves.toEqual([7]);
  await expect(weigh(0)).rejects.toMatchObject({
    code: "link-missing",
    message: "no link for acme:unknown/thing@1.0.0#weigh",
  });
});

test("where guests cannot wait, those that must are refused, and others run", async () => {
  await using opened = openRuntime({ bridge: "sync" });
  await using pool = await run(opened.runtime, "wasi");

  const sleeper = run(opened.runtime, "sleeper");

  await expect(sleeper).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringMatching(
      /^the component waits for wasi:io\/poll\.\[method\]pollable\.block, which needs a browser with/,
    ),
  });
  await expect(pool.invoke(callOf("inlay:test/sandbox", "env"))).resolves.toEqual([[]]);
});

test("a guest is given the environment of its start, and each component its own", async () => {
  await using opened = openRuntime();
  const environment = new Map([
    ["GREETING", "hello"],
    ["EMPTY", ""],
  ]);
  await using given = await run(opened.runtime, "wasi", { environment });
  await using bare = await run(opened.runtime, "wasi");
  const ask = callOf.bind(undefined, "inlay:test/sandbox", "env");

  const envs = await Promise.all([given.invoke(ask()), given.invoke(ask()), bare.invoke(ask())]);

  expect(envs).toEqual([[[...environment]], [[...environment]], [[]]]);
});

test("WASI gives time and chance, and nothing of the world outside", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "wasi");
  const ask = async (func: string): Promise<unknown> =>
    (await pool.invoke(callOf("inlay:test/sandbox", func)))[0];

  const [env, args, preopens] = await Promise.all([ask("env"), ask("args"), ask("preopens")]);
  const [one, other] = await Promise.all([ask("random"), ask("random")]);
  const now = Number(await ask("now"));

  expect([env, args, preopens]).toEqual([[], [], 0]);
  expect(one).not.toEqual(other);
  expect(Math.abs(now - Date.now() / 1000)).toBeLessThan(60);
});
