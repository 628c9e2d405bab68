import { expect, test } from "vitest";

import type { Importee } from "../../../src/core/call.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { callOf, openRuntime, run } from "./support.ts";

const LOGGER = "inlay:test/logger";
const SLEEPER = "inlay:test/sleeper";

/** The bridge of browsers without JSPI, on pages that are cross-origin isolated, as these tests' page is. */
const atomics = { bridge: "atomics" } as const;

test("the page of these tests is cross-origin isolated", () => {
  expect(crossOriginIsolated).toBe(true);
});

test("guests that block sleep at the same time, each in its worker", async () => {
  await using opened = openRuntime(atomics);
  await using pool = await run(opened.runtime, "sleeper", { maxInstances: 3 });
  const sleepAll = (ms: bigint): Promise<readonly (readonly unknown[])[]> =>
    Promise.all([1, 2, 3].map(() => pool.invoke(callOf(SLEEPER, "sleep", [ms]))));
  await sleepAll(1n); // all workers are there now
  const before = performance.now();

  const slept = (await sleepAll(2000n)).map(([ms]) => Number(ms));

  // One after the other they would take as long as all of them have slept.
  const took = performance.now() - before;
  expect(took).toBeLessThan(slept.reduce((sum, ms) => sum + ms, 0));
  for (const ms of slept) expect(ms).toBeGreaterThanOrEqual(2000);
});

test("a guest may block for longer than a silent worker may live", async () => {
  await using opened = openRuntime(atomics);
  await using pool = await run(opened.runtime, "sleeper", { maxInstances: 1 });

  const [ms] = await pool.invoke(callOf(SLEEPER, "sleep", [3000n]));

  expect(Number(ms)).toBeGreaterThanOrEqual(3000);
  expect(opened.logged).toEqual([]);
});

test("the deadline of a guest that blocks ends its worker, and the next call has a fresh one", async () => {
  await using opened = openRuntime(atomics);
  const limits = { callDeadlineMs: 5000 };
  await using pool = await run(opened.runtime, "sleeper", { maxInstances: 1, limits });

  const long = pool.invoke(callOf(SLEEPER, "sleep", [60_000n]));
  await expect(long).rejects.toMatchObject({ code: "deadline" });
  const short = await pool.invoke(callOf(SLEEPER, "sleep", [1n]));

  expect(short).toHaveLength(1);
});

test("the host answers a guest that blocks, also late and with an error", async () => {
  await using opened = openRuntime(atomics);
  const heard: unknown[] = [];
  const imports: Importee = {
    async invoke({ args }) {
      heard.push(args);
      if (args[2] === "refuse") throw new LatticeError("denied", "no logging today");
      await new Promise((resolve) => setTimeout(resolve, 0));
      return [];
    },
  };
  await using pool = await run(opened.runtime, "logger", { imports, maxInstances: 1 });

  const results = await pool.invoke(callOf(LOGGER, "log-times", ["grüße", 3]));
  const refused = pool.invoke(callOf(LOGGER, "log", ["refuse"]));

  expect(results).toEqual([]);
  await expect(refused).rejects.toMatchObject({ code: "denied", message: "no logging today" });
  expect(heard).toHaveLength(4);
  expect(heard[0]).toEqual(["info", "logger", "grüße"]);
});
