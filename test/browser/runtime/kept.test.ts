/** Instances that serve several calls, as wasmCloud v2 keeps them; `count` says how often its instance was asked. */
import { expect, test } from "vitest";

import type { Pool } from "../../../src/core/runtime.ts";

import { callOf, openRuntime, run } from "./support.ts";

const FAULTY = "inlay:test/faulty";

function asking(pool: Pool): (func: string, ...args: readonly unknown[]) => Promise<unknown> {
  return async (func, ...args) => (await pool.invoke(callOf(FAULTY, func, args)))[0];
}

test("a kept instance has what earlier calls left, until it has served enough", async () => {
  await using opened = openRuntime();
  await using fresh = await run(opened.runtime, "faulty");
  await using kept = await run(opened.runtime, "faulty", { kept: { instances: 1, maxCalls: 0 } });
  await using limited = await run(opened.runtime, "faulty", {
    kept: { instances: 1, maxCalls: 2 },
  });
  const counts = async (pool: Pool): Promise<readonly unknown[]> => {
    const ask = asking(pool);
    return [await ask("count"), await ask("count"), await ask("count")];
  };

  expect(await counts(fresh)).toEqual([1, 1, 1]);
  expect(await counts(kept)).toEqual([1, 2, 3]);
  expect(await counts(limited)).toEqual([1, 2, 1]);
});

test("a trap gives up the instance that it happened in, an `err` does not", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "faulty", { kept: { instances: 1, maxCalls: 0 } });
  const ask = asking(pool);

  const before = [await ask("count"), await ask("fail"), await ask("count")];
  await expect(ask("trap")).rejects.toMatchObject({ code: "guest-trapped" });
  const after = [await ask("count"), await ask("count")];

  expect(before).toEqual([1, { tag: "err", val: "broken on purpose" }, 2]);
  expect(after).toEqual([1, 2]);
});

test("calls at the same time have an instance each, of which as many are kept as are wanted", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "faulty", {
    kept: { instances: 2, maxCalls: 0 },
    maxInstances: 3,
  });
  const three = async (): Promise<readonly unknown[]> => {
    const ask = asking(pool);
    return Promise.all([ask("count"), ask("count"), ask("count")]);
  };

  const counts = [await three(), await three()];

  expect(counts).toEqual([
    [1, 1, 1],
    [2, 2, 1],
  ]);
});

test.each(["jspi", "atomics"] as const)(
  "a kept instance may wait in each of its calls, with %s",
  async (bridge) => {
    await using opened = openRuntime({ bridge });
    await using pool = await run(opened.runtime, "sleeper", {
      kept: { instances: 1, maxCalls: 0 },
      maxInstances: 1,
    });
    const sleep = async (ms: bigint): Promise<unknown> =>
      (await pool.invoke(callOf("inlay:test/sleeper", "sleep", [ms])))[0];

    const slept = [await sleep(5n), await sleep(5n), await sleep(5n)];

    expect(slept.every((ms) => typeof ms === "bigint" && ms >= 5n)).toBe(true);
  },
);
