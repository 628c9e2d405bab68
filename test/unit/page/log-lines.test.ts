import { expect, test } from "vitest";
import fc from "fast-check";

import type { LogEntry } from "../../../src/core/log.ts";

import { chosen, gather, logText, MOST_LINES } from "../../../src/page/state/log-lines.ts";

const entry = (at: number, more: Partial<LogEntry> = {}): LogEntry => ({
  at,
  level: "info",
  event: "bus.open",
  fields: {},
  ...more,
});

test("lines of many states are gathered once each, in order", () => {
  const entries = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });

  fc.assert(
    fc.property(entries, (steps) => {
      const log: LogEntry[] = [];
      let kept: ReturnType<typeof gather> = [];
      for (const step of steps) {
        for (let i = 0; i < step; i++) log.push(entry(log.length));
        kept = gather(kept, structuredClone(log.slice(-200)));
        expect(gather(kept, log.slice(-200))).toBe(kept);
      }

      expect(kept.map(({ at }) => at)).toEqual(log.map(({ at }) => at));
      expect(kept.map(({ seq }) => seq)).toEqual(log.map((_, index) => index));
    }),
  );
});

test("the oldest lines go, and numbers go on", () => {
  let kept: ReturnType<typeof gather> = [];
  for (let i = 0; i < MOST_LINES + 400; i += 200) {
    kept = gather(
      kept,
      Array.from({ length: 200 }, (_, j) => entry(i + j)),
    );
  }

  expect(kept).toHaveLength(MOST_LINES);
  expect(kept.at(-1)).toMatchObject({ at: MOST_LINES + 399, seq: MOST_LINES + 399 });
});

test("lines are chosen by level, by words, and by words that must not be there", () => {
  const lines = gather(
    [],
    [
      entry(1, { level: "debug", event: "bus.dial", fields: { server: "a" } }),
      entry(2, { level: "warn", event: "bus.lost", fields: { server: "b" } }),
      entry(3, { level: "error", event: "call.failed", fields: { id: "orders" } }),
    ],
  );
  const at = (level: Parameters<typeof chosen>[1], text: string): number[] =>
    chosen(lines, level, text).map((line) => line.at);

  expect(at("debug", "")).toEqual([1, 2, 3]);
  expect(at("warn", "")).toEqual([2, 3]);
  expect(at("debug", "BUS server=b")).toEqual([2]);
  expect(at("debug", "-bus")).toEqual([3]);
  expect(at("error", "bus")).toEqual([]);
});

test("as text each line has its time, level, event and what is known", () => {
  const lines = gather([], [entry(0, { fields: { server: "a", reason: undefined } }), entry(1000)]);

  expect(logText(lines)).toBe(
    "1970-01-01T00:00:00.000Z info  bus.open server=a\n1970-01-01T00:00:01.000Z info  bus.open",
  );
});
