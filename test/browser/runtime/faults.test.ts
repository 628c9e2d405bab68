import { expect, test } from "vitest";

import { callOf, openRuntime, run } from "./support.ts";

const FAULTY = "inlay:test/faulty";

test.each(["trap", "recurse", "lie"])(
  "a guest that does %s fails its own call only",
  async (func) => {
    await using opened = openRuntime();
    await using pool = await run(opened.runtime, "faulty");

    const call = pool.invoke(callOf(FAULTY, func));

    await expect(call).rejects.toMatchObject({ code: "guest-trapped" });
    await expect(pool.invoke(callOf(FAULTY, "count"))).resolves.toEqual([1]);
  },
);

test("each call has an instance of its own", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "faulty");

  const counts = [];
  for (let n = 0; n < 20; n++) counts.push(await pool.invoke(callOf(FAULTY, "count")));

  expect(counts).toEqual(Array.from({ length: 20 }, () => [1]));
});

test("what a call leaves behind, the next one does not find: growth, errors, many at once", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "faulty", { maxInstances: 8 });
  const call = (func: string, ...args: unknown[]) => pool.invoke(callOf(FAULTY, func, args));
  const before = await call("grow", 3);

  const rounds = Array.from({ length: 10 }, () => [call("count"), call("fail"), call("grow", 1)]);
  const answers = await Promise.all(rounds.flat());

  const err = [{ tag: "err", val: "broken on purpose" }];
  expect(answers).toEqual(rounds.flatMap(() => [[1], err, before]));
});

test("an error of the interface is a value, and nothing is no value", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "faulty");

  const failed = await pool.invoke(callOf(FAULTY, "fail"));
  const nothing = await pool.invoke(callOf(FAULTY, "nothing"));

  expect(failed).toEqual([{ tag: "err", val: "broken on purpose" }]);
  expect(nothing).toEqual([]);
});

test("a guest cannot grow beyond its limit", async () => {
  await using opened = openRuntime();
  const limits = { maxMemoryBytes: 64 * 65_536 };
  await using pool = await run(opened.runtime, "faulty", { limits });

  const within = await pool.invoke(callOf(FAULTY, "grow", [10]));
  const beyond = await pool.invoke(callOf(FAULTY, "grow", [64]));

  expect(within[0]).toBeGreaterThanOrEqual(0);
  expect(beyond).toEqual([-1]);
});

test("a guest that never returns is ended, while others go on and waiting calls find a fresh worker", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "faulty", { maxInstances: 1 });
  await using other = await run(opened.runtime, "hello");
  const before = performance.now();
  let spinningEnded = false;

  const spinning = pool.invoke(callOf(FAULTY, "spin"));
  spinning.catch(() => (spinningEnded = true));
  const waiting = pool.invoke(callOf(FAULTY, "count"));
  const meanwhile = await other.invoke(callOf("inlay:demo/greeter", "greet", ["Ada"]));
  const endedMeanwhile = spinningEnded;
  await expect(spinning).rejects.toMatchObject({ code: "worker-lost" });
  const endedMs = performance.now() - before;

  expect(meanwhile).toEqual(["Hello, Ada!"]);
  expect(endedMeanwhile).toBe(false);
  expect(endedMs).toBeGreaterThanOrEqual(1900);
  expect(endedMs).toBeLessThan(15_000); // its deadline is 30 s
  await expect(waiting).resolves.toEqual([1]);
  expect(opened.logged.map(({ event }) => event)).toContain("pool.runner-lost");
});

test("a call that runs past its deadline ends then", async () => {
  await using opened = openRuntime();
  const limits = { callDeadlineMs: 200 };
  await using pool = await run(opened.runtime, "faulty", { limits, maxInstances: 1 });

  const spinning = pool.invoke(callOf(FAULTY, "spin"));

  // A worker that is silent for too long would be lost.
  await expect(spinning).rejects.toMatchObject({
    code: "deadline",
    message: "inlay:test/faulty.spin of faulty.wasm did not end within 200 ms",
  });
});
