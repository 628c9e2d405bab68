import { expect, test } from "vitest";

import { callOf, openRuntime, run } from "./support.ts";

const HOARDER = "inlay:test/hoarder";

test.each(["hoard", "hoard-own"])(
  "a guest that does %s is ended, and all others go on",
  async (func) => {
    await using opened = openRuntime();
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
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "hoarder", { maxInstances: 1 });

  const [made] = await pool.invoke(callOf(HOARDER, "use-up", [150_000]));
  const [elements] = await pool.invoke(callOf(HOARDER, "grow"));

  expect(made).toBe(150_000);
  expect(elements).toBeGreaterThan(990_000);
  expect(elements).toBeLessThanOrEqual(1_000_000);
});
