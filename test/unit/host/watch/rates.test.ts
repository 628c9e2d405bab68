import { expect, test, vi } from "vitest";
import type { PoolVitals } from "../../../../src/core/runtime.ts";
import type { WatchedRates } from "../../../../src/core/watched-calls.ts";
import type { WorkloadEntry } from "../../../../src/host/workload.ts";

import { createCallHistory } from "../../../../src/host/call-history.ts";
import { watchRates } from "../../../../src/host/watch/rates.ts";
import { fakeClock } from "../../../support/fake-clock.ts";

const settled = (): Promise<void> => vi.waitFor(() => undefined);

/** What runs, as far as rates look at it. */
function entryOf(vitals: () => Promise<PoolVitals>): WorkloadEntry {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody looks at the rest
  return { workload: { spec: { id: "echo" }, pool: { vitals } } } as unknown as WorkloadEntry;
}

function watched(entries: () => readonly WorkloadEntry[]) {
  const clock = fakeClock(10_000);
  const told: WatchedRates[] = [];
  const ended = new AbortController();
  const tell = async (update: WatchedRates): Promise<void> => void told.push(update);
  watchRates({ clock, history: createCallHistory(), entries }, tell, ended.signal);
  return { clock, told, ended };
}

test("components tell once a second how busy they were and what memory they have", async () => {
  let ranMs = 0;
  const vitals = async (): Promise<PoolVitals> => {
    ranMs += 250;
    return { workers: 1, instances: 3, memoryBytes: 65_536, ranMs };
  };
  const entries = [entryOf(vitals)];
  const { clock, told, ended } = watched(() => entries);

  for (let second = 0; second < 4; second++) {
    await settled();
    clock.advance(1000);
  }
  ended.abort();
  clock.advance(5000);

  expect(told.map(({ at }) => at)).toEqual([10_000, 11_000, 12_000, 13_000]);
  expect(told.at(-1)?.components).toEqual([
    { id: "echo", workers: 1, instances: 3, memoryBytes: 65_536, busy: 0.25 },
  ]);
});

test("a worker that does not answer is asked once, and its last words are told again", async () => {
  let asked = 0;
  const vitals = (): Promise<PoolVitals> => {
    asked++;
    if (asked > 1) return new Promise(() => undefined);
    return Promise.resolve({ workers: 1, instances: 1, memoryBytes: 1, ranMs: 0 });
  };
  const entries = [entryOf(vitals)];
  const { clock, told, ended } = watched(() => entries);

  for (let second = 0; second < 5; second++) {
    await settled();
    clock.advance(1000);
  }
  await settled();
  ended.abort();

  expect(asked).toBe(2);
  expect(told.at(-1)?.components).toHaveLength(1);
});
