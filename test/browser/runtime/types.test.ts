import * as fc from "fast-check";
import { expect, test } from "vitest";

import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { witValue } from "../../support/wit-values.ts";
import { callOf, fixtureBytes, noImports, openRuntime } from "./support.ts";

test("values of every type go to a guest and come back as they were", async () => {
  await using opened = openRuntime();
  const { signal } = new AbortController();
  const bytes = await fixtureBytes("types");
  const component = await opened.runtime.load({ reference: "types.wasm", bytes }, { signal });
  const options = { maxInstances: 4, limits: DEFAULT_LIMITS, imports: noImports, signal };
  await using pool = await component.run(options);
  const [[instance, functions] = ["", new Map()]] = component.world.exports;
  const echoes = [...functions].filter(([, { params }]) => params.length === 1);

  for (const [func, { params }] of echoes) {
    const values = fc.sample(witValue(params[0].type), { numRuns: 12, seed: 1 });
    const calls = values.map((value) => pool.invoke(callOf(instance, func, [value])));
    const results = await Promise.all(calls);
    expect({ func, results }).toEqual({ func, results: values.map((value) => [value]) });
  }

  expect(echoes.length).toBeGreaterThan(40);
});
