import { expect, test } from "vitest";

import type { Activity } from "../../../src/page/state/activity.ts";

import {
  ACTIVITY_SECONDS,
  barsPath,
  callsPerSecond,
  count,
  QUIET,
} from "../../../src/page/state/activity.ts";

const totals = (answered: number): Parameters<typeof count>[1] => ({
  answered,
  failed: 0,
  refused: 0,
});

function after(...seen: readonly (readonly [total: number, atMs: number])[]): Activity {
  return seen.reduce((activity, [total, atMs]) => count(activity, totals(total), atMs), QUIET);
}

test("calls are counted in the second in which they were seen", () => {
  const activity = after([2, 60_100], [5, 60_900], [6, 61_000]);

  expect(activity.seconds.slice(-3)).toEqual([0, 5, 1]);
  expect(activity.seconds).toHaveLength(ACTIVITY_SECONDS);
});

test("refused and failed calls count as well", () => {
  const activity = count(QUIET, { answered: 1, failed: 2, refused: 3 }, 60_000);

  expect(activity.seconds.at(-1)).toBe(6);
});

test("silent seconds pass, and a minute of silence empties it", () => {
  const busy = after([4, 60_000]);

  expect(count(busy, totals(4), 62_500).seconds.slice(-3)).toEqual([4, 0, 0]);
  expect(count(busy, totals(4), 600_000).seconds).toEqual(QUIET.seconds);
});

test("nothing new in the same second is the very same activity", () => {
  const activity = after([4, 60_000]);

  expect(count(activity, totals(4), 60_999)).toBe(activity);
});

test("a new node starts its count at zero", () => {
  const activity = after([100, 60_000], [3, 60_500]);

  expect(activity.seconds.at(-1)).toBe(103);
  expect(activity.total).toBe(3);
});

test("the rate is that of whole seconds", () => {
  const activity = after([10, 60_000], [30, 61_000], [60, 62_000], [1000, 63_000]);

  expect(callsPerSecond(activity)).toBe(20);
});

test("the highest second reaches the top, and a quiet one has no bar", () => {
  const path = barsPath(after([10, 60_000], [15, 61_000]), 20);

  expect(path).toBe("M58.15 20v-20.00h.7v20.00zM59.15 20v-10.00h.7v10.00z");
});
