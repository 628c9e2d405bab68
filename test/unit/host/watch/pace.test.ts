import { expect, test, vi } from "vitest";

import { createPace } from "../../../../src/host/watch/pace.ts";
import { fakeClock } from "../../../support/fake-clock.ts";

/** A pace whose watcher takes each update when the test says so. */
function paced() {
  const clock = fakeClock();
  const ended = new AbortController();
  const told: number[] = [];
  let state = 0;
  let take: (() => void) | undefined;
  const tell = (update: number): Promise<void> => {
    told.push(update);
    return new Promise((resolve) => (take = resolve));
  };
  const changed = createPace(clock, 100, () => (state < 0 ? undefined : state), tell, ended.signal);
  const become = (next: number): void => {
    state = next;
    changed();
  };
  const taken = async (): Promise<void> => {
    take?.();
    await vi.waitFor(() => undefined);
  };
  return { clock, ended, told, become, taken };
}

test("changes within the pause are told once, as the newest of them", async () => {
  const { clock, told, become, taken } = paced();

  become(1);
  clock.advance(0);
  await taken();
  become(2);
  become(3);
  clock.advance(99);
  expect(told).toEqual([1]);
  clock.advance(1);

  expect(told).toEqual([1, 3]);
});

test("a watcher that has not taken an update gets no other, and then the newest", async () => {
  const { clock, told, become, taken } = paced();
  become(1);
  clock.advance(0);

  become(2);
  clock.advance(1000);
  become(3);
  expect(told).toEqual([1]);
  await taken();
  clock.advance(0);

  expect(told).toEqual([1, 3]);
});

test("nothing is told after the end, nor where there is nothing to tell", () => {
  const { clock, ended, told, become } = paced();

  become(-1);
  clock.advance(0);
  become(1);
  ended.abort();
  clock.advance(1000);

  expect(told).toEqual([]);
});
