import { expect, test } from "vitest";
import type { CallRecord } from "../../../src/core/event.ts";

import { entityId } from "../../../src/core/ids.ts";
import { createMetrics } from "../../../src/host/metrics.ts";

const call = (changes: Partial<CallRecord> = {}): CallRecord => ({
  id: "1",
  source: entityId("shop"),
  target: entityId("orders"),
  instance: "example:orders/intake@1.0.0",
  func: "place",
  traceparent: undefined,
  at: 0,
  tookMs: 0.3,
  outcome: "ok",
  ...changes,
});
const operation = "example:orders/intake@1.0.0/place";

test("a call that is answered here counts under its target, with its errors", () => {
  const metrics = createMetrics();

  metrics.add(call());
  metrics.add(call({ tookMs: 40_000, outcome: "failed" }));
  const read = metrics.read([]);

  const attributes = { "component.id": "orders", operation };
  expect(read).toMatchObject([
    {
      kind: "histogram",
      name: "wasmcloud_host.handle_rpc_message.duration",
      unit: "nanoseconds",
      attributes,
      count: 2,
      sum: 40_000_300_000,
    },
    { kind: "counter", name: "wasmcloud_host.component.invocations", attributes, value: 2 },
    { kind: "counter", name: "wasmcloud_host.component.invocation.errors", attributes, value: 1 },
  ]);
  const [histogram] = read;
  if (histogram?.kind !== "histogram") throw new Error("not a histogram");
  expect(histogram.buckets).toHaveLength(histogram.bounds.length + 1);
  const filled = [...histogram.buckets.entries()].filter(([, count]) => count > 0);
  expect(filled.map(([index]) => histogram.bounds[index])).toEqual([500_000, undefined]);
});

test("a call to the lattice counts under its source", () => {
  const metrics = createMetrics();

  metrics.add(call({ outgoing: "component", outcome: "failed" }));

  const attributes = { "component.id": "shop", operation };
  expect(metrics.read([])).toMatchObject([
    { name: "wasmcloud_host.call_rpc_message.duration", attributes, count: 1 },
    { name: "wasmcloud_host.component.invocation.errors", attributes, value: 1 },
  ]);
});

test("what is counted apart is bounded", () => {
  const metrics = createMetrics();

  for (let i = 0; i < 1_000; i++) metrics.add(call({ func: `f${i}` }));

  const operations = metrics.read([]).map(({ attributes }) => attributes["operation"]);
  expect(new Set(operations).size).toBe(200);
  expect(operations).toContain("example:orders/intake@1.0.0/f999");
});

test("forgeries count by the check that they failed, and what the watch saw by what came of it", () => {
  const metrics = createMetrics();

  for (const check of ["hash", "issuer", "hash"]) metrics.forged(check);
  for (const outcome of ["genuine", "forged", "genuine"] as const) metrics.watched(outcome);

  expect(metrics.read([])).toEqual([
    { kind: "counter", name: "inlay.forgeries", attributes: { check: "hash" }, value: 2 },
    { kind: "counter", name: "inlay.forgeries", attributes: { check: "issuer" }, value: 1 },
    {
      kind: "counter",
      name: "inlay.watch.invocations",
      attributes: { outcome: "genuine" },
      value: 2,
    },
    {
      kind: "counter",
      name: "inlay.watch.invocations",
      attributes: { outcome: "forged" },
      value: 1,
    },
  ]);
});
