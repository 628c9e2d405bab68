import { expect, test } from "vitest";

import { callsSince, spread } from "../../../src/page/state/calls.ts";
import { call } from "../../support/sample-states.ts";

const records = (from: number, to: number): ReturnType<typeof call>[] =>
  Array.from({ length: to - from }, (_, index) => call(from + index));
const ids = (calls: readonly { readonly id: string }[]): string[] => calls.map(({ id }) => id);

test("only records after the last known one are new", () => {
  const fresh = callsSince(records(0, 5), records(2, 8));

  expect(ids(fresh)).toEqual(["call-5", "call-6", "call-7"]);
});

test("all are new at first, and when more came than a state keeps", () => {
  expect(callsSince([], records(0, 3))).toHaveLength(3);
  expect(callsSince(records(0, 100), records(300, 400))).toHaveLength(100);
});

test("nothing is new in the same list", () => {
  expect(callsSince(records(0, 3), records(0, 3))).toEqual([]);
});

test("median and 95th percentile are of answered calls only", () => {
  const answered = Array.from({ length: 100 }, (_, index) => call(index, { tookMs: index + 1 }));
  const refused = call(100, { tookMs: 10_000, outcome: "refused" });

  expect(spread([...answered, refused])).toEqual({ medianMs: 50, p95Ms: 95 });
  expect(spread([refused])).toBeUndefined();
});
