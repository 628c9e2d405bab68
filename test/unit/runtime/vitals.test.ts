import { expect, test } from "vitest";
import type { WorkerVitals } from "../../../src/channels/component.ts";
import type { Runner } from "../../../src/runtime/runner.ts";

import { createVitals } from "../../../src/runtime/vitals.ts";

function runner(vitals?: () => Promise<WorkerVitals>): Runner {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody looks at the rest
  return (vitals === undefined ? {} : { vitals }) as Runner;
}
const telling = (ranMs: number) => ({ instances: 2, memoryBytes: 100, ranMs });

test("figures are summed over workers, and run time stays when a worker has gone", async () => {
  let firstMs = 10;
  const first = runner(async () => telling(firstMs));
  const second = runner(async () => telling(5));
  let present = [first, second];
  const vitals = createVitals(() => present);

  const both = await vitals();
  firstMs = 30;
  present = [first];
  const one = await vitals();
  present = [];
  const none = await vitals();

  expect(both).toEqual({ workers: 2, instances: 4, memoryBytes: 200, ranMs: 15 });
  expect(one).toEqual({ workers: 1, instances: 2, memoryBytes: 100, ranMs: 35 });
  expect(none).toEqual({ workers: 0, instances: 0, memoryBytes: 0, ranMs: 35 });
});

test("a worker that is lost meanwhile, or cannot tell, counts as nothing", async () => {
  const lost = runner(() => Promise.reject(new Error("lost")));

  const told = await createVitals(() => [lost, runner()])();

  expect(told).toEqual({ workers: 2, instances: 0, memoryBytes: 0, ranMs: 0 });
});
