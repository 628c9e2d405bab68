import { expect, test } from "vitest";

import { callOf, openRuntime, run } from "./support.ts";

test("a component answers a call from its worker", async () => {
  await using opened = openRuntime();
  await using pool = await run(opened.runtime, "hello");

  const results = await pool.invoke(callOf("inlay:demo/greeter", "greet", ["Ada"]));

  expect(results).toEqual(["Hello, Ada!"]);
});
