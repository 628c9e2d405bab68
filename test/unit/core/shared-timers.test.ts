import { expect, test } from "vitest";

import type { Clock } from "../../../src/core/clock.ts";

import { withSharedTimers } from "../../../src/core/shared-timers.ts";
import { fakeClock } from "../../support/fake-clock.ts";

/** A clock whose timers are counted. */
function counted(): {
  readonly clock: Clock;
  readonly set: () => number;
  readonly advance: (ms: number) => void;
} {
  const below = fakeClock();
  let timers = 0;
  const clock = withSharedTimers({
    ...below,
    after(ms, run) {
      timers++;
      return below.after(ms, run);
    },
  });
  return { clock, set: () => timers, advance: (ms) => below.advance(ms) };
}

test("timers run when they are due, in the order in which they were set", () => {
  const { clock, advance } = counted();
  const ran: string[] = [];
  clock.after(100, () => ran.push("a"));
  advance(40);
  clock.after(100, () => ran.push("b"));
  clock.after(10, () => ran.push("short"));

  advance(59);
  expect(ran).toEqual(["short"]);
  advance(1);
  expect(ran).toEqual(["short", "a"]);
  advance(39);
  expect(ran).toEqual(["short", "a"]);
  advance(1);
  expect(ran).toEqual(["short", "a", "b"]);
});

test("a cancelled timer does not run, and those after it run in time", () => {
  const { clock, advance } = counted();
  const ran: string[] = [];
  const cancel = clock.after(100, () => ran.push("a"));
  advance(30);
  clock.after(100, () => ran.push("b"));

  cancel();
  cancel();
  advance(100);

  expect(ran).toEqual(["b"]);
});

test("any number of timers of one length that are cancelled in time take one of the clock's", () => {
  const { clock, set, advance } = counted();

  for (let call = 0; call < 1_000; call++) clock.after(30_000, () => undefined)();
  expect(set()).toBe(1);
  advance(30_000);
  clock.after(30_000, () => undefined);

  expect(set()).toBe(2);
});

test("a timer that sets the next one of its length keeps the time", () => {
  const { clock, advance } = counted();
  const ran: number[] = [];
  const round = (): void => {
    ran.push(clock.monotonic());
    clock.after(50, round);
  };
  clock.after(50, round);

  advance(200);

  expect(ran).toEqual([50, 100, 150, 200]);
});

test("one that throws keeps none of the others from running", () => {
  const { clock, advance } = counted();
  const ran: string[] = [];
  clock.after(10, () => {
    throw new Error("on purpose");
  });
  clock.after(10, () => ran.push("b"));

  expect(() => advance(10)).toThrow("on purpose");
  advance(0);

  expect(ran).toEqual(["b"]);
});
