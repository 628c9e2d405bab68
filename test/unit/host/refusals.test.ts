import { expect, test } from "vitest";

import type { LogEntry } from "../../../src/core/log.ts";

import { createRefusals } from "../../../src/host/refusals.ts";

const entry = (event: string, fields: LogEntry["fields"], at = 1): LogEntry => ({
  at,
  level: "warn",
  event,
  fields,
});

test("what a server refuses is counted by subject, the last one last", () => {
  const refusals = createRefusals();

  refusals.write(entry("bus.publish-denied", { subject: "a" }));
  refusals.write(entry("bus.subscription-denied", { subject: "b", queue: "q" }));
  refusals.write(entry("bus.publish-denied", { subject: "a" }, 5));
  refusals.write(entry("bus.lost", { subject: "c" }));

  expect(refusals.read()).toEqual([
    { operation: "subscribe", subject: "b", queue: "q", times: 1, at: 1 },
    { operation: "publish", subject: "a", times: 2, at: 5 },
  ]);
});

test("a flood of different subjects is bounded", () => {
  const refusals = createRefusals();

  for (let i = 0; i < 1000; i++) refusals.write(entry("bus.publish-denied", { subject: `s${i}` }));

  expect(refusals.read()).toHaveLength(100);
  expect(refusals.read().at(-1)?.subject).toBe("s999");
});
