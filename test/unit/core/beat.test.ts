import { expect, test } from "vitest";

import { keepBeating } from "../../../src/core/beat.ts";
import { fakeClock } from "../../support/fake-clock.ts";

test("beats come at full intervals from the start, the first after one", () => {
  const clock = fakeClock();
  const beats: number[] = [];
  keepBeating(clock, 30_000, () => beats.push(clock.monotonic()), new AbortController().signal);

  clock.advance(29_999);
  const early = beats.length;
  clock.advance(60_001);

  expect(early).toBe(0);
  expect(beats).toEqual([30_000, 60_000, 90_000]);
});

test("after a sleep the missed beats are one, and the next is in step again", () => {
  const clock = fakeClock();
  const beats: number[] = [];
  keepBeating(clock, 30_000, () => beats.push(clock.monotonic()), new AbortController().signal);

  clock.sleep(100_000);
  clock.advance(30_000);

  expect(beats).toEqual([100_000, 120_000]);
});

test("no beat comes after the end", () => {
  const clock = fakeClock();
  const ended = new AbortController();
  let beats = 0;
  keepBeating(clock, 1000, () => beats++, ended.signal);

  clock.advance(1000);
  ended.abort();
  clock.advance(10_000);

  expect(beats).toBe(1);
});
