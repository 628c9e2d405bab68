import { beforeEach, expect, test } from "vitest";

import type { Watchdog } from "../../../src/runtime/watchdog.ts";

import { createWatchdog } from "../../../src/runtime/watchdog.ts";
import { fakeClock } from "../../support/fake-clock.ts";

let clock: ReturnType<typeof fakeClock>;
let pings: number[];
let barks: number[];
let excused: boolean;
let dog: Watchdog;

beforeEach(() => {
  clock = fakeClock();
  pings = [];
  barks = [];
  excused = false;
  dog = createWatchdog({
    clock,
    ping: () => pings.push(clock.now()),
    excused: () => excused,
    bark: () => barks.push(clock.now()),
  });
});

test("a worker that is silent for two seconds is reported, once", () => {
  dog.watch();

  clock.advance(1999);
  expect(barks).toEqual([]);
  clock.advance(10_000);

  expect(pings).toEqual([500]);
  expect(barks).toEqual([2000]);
});

test("each sign of life starts the count anew", () => {
  dog.watch();

  for (let n = 0; n < 10; n++) {
    clock.advance(1200);
    dog.heard();
  }

  expect(barks).toEqual([]);
  expect(pings).toHaveLength(10);
});

test("silence is no fault while it is excused, and counts again afterwards", () => {
  dog.watch();
  excused = true;

  clock.advance(60_000);
  expect(barks).toEqual([]);
  excused = false;
  clock.advance(2000);

  expect(barks).toEqual([62_000]);
});

test("a worker without work is not watched", () => {
  dog.watch();
  clock.advance(400);
  dog.rest();

  clock.advance(60_000);

  expect([pings, barks]).toEqual([[], []]);
});

test("after a frozen hour the worker has the rest of its time to answer", () => {
  dog.watch();
  clock.advance(600);

  clock.sleep(3_600_000);
  clock.advance(900);
  expect(barks).toEqual([]);
  dog.heard();
  clock.advance(1500);

  expect(barks).toEqual([]);
});
