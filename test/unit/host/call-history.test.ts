import { expect, test } from "vitest";
import type { CallRecord } from "../../../src/core/event.ts";

import { entityId } from "../../../src/core/ids.ts";
import { createCallHistory, KEPT_SECONDS } from "../../../src/host/call-history.ts";

const call = (at: number, more: Partial<CallRecord> = {}): CallRecord => ({
  id: "1",
  source: undefined,
  target: entityId("echo"),
  instance: "a:b/c",
  func: "f",
  traceparent: undefined,
  at,
  tookMs: 0,
  outcome: "ok",
  ...more,
});
const NONE = { calls: 0, errors: 0 };

test("calls are counted in the second in which they ended, failures as well", () => {
  const history = createCallHistory();
  history.add(call(10_000));
  history.add(call(10_999, { outcome: "failed" }));
  history.add(call(10_500, { tookMs: 2000 }));

  expect(history.read(13_200)).toEqual([{ calls: 2, errors: 1 }, NONE, { calls: 1, errors: 0 }]);
});

test("the second that lasts is not told yet, and nothing before the first call", () => {
  const history = createCallHistory();

  expect(history.read(5_000)).toEqual([]);
  history.add(call(5_000));
  expect(history.read(5_999)).toEqual([]);
  expect(history.read(6_000)).toEqual([{ calls: 1, errors: 0 }]);
});

test("what is older than what is kept has gone, also after a sleep", () => {
  const history = createCallHistory();
  for (let second = 0; second < 400; second++) history.add(call(second * 1000));

  const full = history.read(400_000);
  const later = history.read(400_000 + 10 * KEPT_SECONDS * 1000);

  expect(full).toHaveLength(KEPT_SECONDS);
  expect(full.every(({ calls }) => calls === 1)).toBe(true);
  expect(later).toHaveLength(KEPT_SECONDS);
  expect(later.every(({ calls }) => calls === 0)).toBe(true);
});

test("a clock that goes back does no harm", () => {
  const history = createCallHistory();
  history.add(call(1_000_000));
  history.add(call(10_000));
  history.add(call(999_000));

  expect(history.read(1_001_000).at(-1)).toEqual({ calls: 1, errors: 0 });
  expect(() => history.read(5_000)).not.toThrow();
});
