import { expect, test, vi } from "vitest";

import { createLife } from "../../../src/workers/life.ts";
import { createMeter } from "../../../src/workers/meter.ts";

test("a life that is not timed looks at no clock", async () => {
  const now = vi.spyOn(performance, "now");
  const life = createLife();

  life.begin(1);
  await life.guard(Promise.resolve(1));
  life.paused(() => 2);

  expect(life.times()).toBeUndefined();
  expect(now).not.toHaveBeenCalled();
  now.mockRestore();
});

test("a timed life tells how long its call has run, and how long it has waited", async () => {
  let nowMs = 100;
  const now = vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  const life = createLife();

  life.begin(1, true);
  nowMs += 5;
  life.paused(() => (nowMs += 10));
  await life.guard(
    new Promise((resolve) => {
      nowMs += 20;
      resolve(undefined);
    }),
  );
  const first = life.times();
  life.begin(2, true);
  nowMs += 1;

  expect(first).toEqual({ ranMs: 35, waitedMs: 10 });
  expect(life.times()).toEqual({ ranMs: 1, waitedMs: 0 });
  now.mockRestore();
});

test("a wait that fails counts as well, and what `paused` throws goes on", () => {
  let nowMs = 0;
  const now = vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  const life = createLife();
  life.begin(1, true);

  const run = (): never => {
    nowMs += 7;
    throw new Error("no");
  };

  expect(() => life.paused(run)).toThrow("no");
  expect(life.times()).toEqual({ ranMs: 7, waitedMs: 7 });
  now.mockRestore();
});

test("a meter is off until it is asked, and goes off when nobody asks any more", () => {
  let nowMs = 1000;
  const now = vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  const meter = createMeter();
  expect(meter.on).toBe(false);

  meter.asked();
  meter.add(nowMs, 3);
  nowMs += 9_000;
  meter.add(nowMs, 4);
  expect(meter.on).toBe(true);
  nowMs += 2_000;
  meter.add(nowMs, 5);

  expect(meter.on).toBe(false);
  expect(meter.ranMs).toBe(12);
  now.mockRestore();
});
