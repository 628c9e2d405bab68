import { expect, test } from "vitest";

import type { Clock } from "../../../src/core/clock.ts";

import { callOf, clock, openRuntime, run } from "./support.ts";

const HOARDER = "inlay:test/hoarder";

/** On a busy machine these guests may compute for longer than a silent worker is left alive; that is not what ends them here. */
const patient: Clock = { ...clock, after: (ms, run) => clock.after(ms * 10, run) };

test.each(["hoard", "hoard-own"])(
  "a guest that does %s is ended, and all others go on",
  async (func) => {
    await using opened = openRuntime({ clock: patient });
    await using pool = await run(opened.runtime, "hoarder", { maxInstances: 1 });
    await using other = await run(opened.runtime, "hello");

    const hoarding = pool.invoke(callOf(HOARDER, func));
    const meanwhile = other.invoke(callOf("inlay:demo/greeter", "greet", ["Ada"]));

    await expect(hoarding).rejects.toMatchObject({
      code: "guest-trapped",
      message: expect.stringContaining("a guest may hold 100000 handles of a resource at once"),
    });
    await expect(meanwhile).resolves.toEqual(["Hello, Ada!"]);
    // The next call has an instance with room for as many again.
    await expect(pool.invoke(callOf(HOARDER, "use-up", [10]))).resolves.toEqual([10]);
    await expect(other.invoke(callOf("inlay:demo/greeter", "greet", ["Bo"]))).resolves.toEqual([
      "Hello, Bo!",
    ]);
  },
);

test("handles that are dropped do not count, and a table grows to a million elements", async () => {
  await using opened = openRuntime({ clock: patient });
  await using pool = await run(opened.runtime, "hoarder", { maxInstances: 1 });

  const [made] = await pool.invoke(callOf(HOARDER, "use-up", [110_000]));
  const [elements] = await pool.invoke(callOf(HOARDER, "grow"));

  expect(made).toBe(110_000);
  expect(elements).toBeGreaterThan(990_000);
  expect(elements).toBeLessThanOrEqual(1_000_000);
});
