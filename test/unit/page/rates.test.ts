import { expect, test } from "vitest";
import type { CallRecord } from "../../../src/core/event.ts";

import { entityId } from "../../../src/core/ids.ts";
import { createMetrics } from "../../../src/host/metrics.ts";
import { functionsOf, histogramOf, quantile } from "../../../src/page/state/latency.ts";
import { busyWords, columnsOf, figuresOf, rateWords } from "../../../src/page/state/rates.ts";

const record = (tookMs: number, more: Partial<CallRecord> = {}): CallRecord => ({
  id: "1",
  source: entityId("shop"),
  target: entityId("orders"),
  instance: "a:b/c",
  func: "get",
  traceparent: undefined,
  at: 0,
  tookMs,
  outcome: "ok",
  ...more,
});

test("functions are read from a node's metrics, each direction with its own errors", () => {
  const metrics = createMetrics();
  for (let index = 0; index < 3; index++) metrics.add(record(2));
  metrics.add(record(2, { outcome: "failed" }));
  metrics.add(record(7, { outgoing: "component", source: entityId("orders"), outcome: "failed" }));

  const [served, outgoing, ...others] = functionsOf(metrics.read([]));

  expect(served).toMatchObject({ id: "orders", operation: "a:b/c/get", calls: 4, errors: 1 });
  expect(served?.sumMs).toBeCloseTo(8);
  expect(outgoing).toMatchObject({ id: "orders", outgoing: true, calls: 1, errors: 1 });
  expect(others).toEqual([]);
});

test("quantiles are estimated within their bucket, and said to be more past the last one", () => {
  const row = { boundsMs: [1, 2, 4], buckets: [0, 50, 40, 10] };

  expect(quantile(row, 0.5)).toEqual({ ms: 2, beyond: false });
  expect(quantile(row, 0.7)).toEqual({ ms: 3, beyond: false });
  expect(quantile(row, 0.99)).toEqual({ ms: 4, beyond: true });
  expect(quantile({ boundsMs: [1], buckets: [0, 0] }, 0.5)).toBeUndefined();
});

test("a histogram has the buckets from the first call to the last, in words", () => {
  const metrics = createMetrics();
  for (const tookMs of [0.2, 0.3, 0.4, 700, 60_000]) metrics.add(record(tookMs));

  const [row] = functionsOf(metrics.read([]));
  const bars = row === undefined ? [] : histogramOf(row);

  expect(bars[0]).toEqual({ words: "0.1 to 0.25 ms", calls: 1, length: 0.5 });
  expect(bars[1]).toEqual({ words: "0.25 to 0.5 ms", calls: 2, length: 1 });
  expect(bars.map(({ words }) => words)).toContain("500 ms to 1 s");
  expect(bars.at(-1)).toEqual({ words: "over 30 s", calls: 1, length: 0.5 });
});

test("a plot has five minutes, however few seconds are known", () => {
  const seconds = [
    { calls: 4, errors: 1 },
    { calls: 6, errors: 0 },
  ];

  const columns = columnsOf({ at: 1_000_500, seconds, components: [] });
  const figures = figuresOf(columns);

  expect(columns.map((column) => column.length)).toEqual([300, 300, 300]);
  expect(columns[0].at(-1)).toBe(999);
  expect(columns[1].slice(-3)).toEqual([0, 4, 6]);
  expect(figures).toEqual({ now: 6, most: 6, calls: 10, errors: 1 });
  expect(rateWords(figures)).toBe(
    "Calls a second over the last five minutes: 6 now, 6 at most, 10 in all, 1 failed.",
  );
});

test("how busy guests are is told in percent of one worker", () => {
  expect([0, 0.004, 0.38, 1.64].map(busyWords)).toEqual(["0 %", "under 1 %", "38 %", "164 %"]);
});
