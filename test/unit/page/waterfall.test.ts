import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WatchedCall } from "../../../src/core/watched-calls.ts";

import { filterOf } from "../../../src/page/state/call-filter.ts";
import {
  exported,
  listWords,
  MOST_LISTED,
  NO_CALLS,
  received,
  rowsOf,
} from "../../../src/page/state/call-list.ts";
import { isAtEdge, scrolledTo, stepOf, windowOf } from "../../../src/page/state/virtual-list.ts";
import {
  barOf,
  fitted,
  partsOf,
  SCALE_UNITS,
  segmentsOf,
  traceOf,
} from "../../../src/page/state/waterfall.ts";

const call = (seq: number, more: Partial<WatchedCall> = {}): WatchedCall => ({
  seq,
  id: `call-${seq}`,
  way: "served",
  source: "shop",
  target: "orders",
  instance: "a:b/c",
  func: "get",
  at: seq * 10,
  tookMs: 5,
  times: {},
  outcome: "ok",
  ...more,
});
const all = filterOf("");
const seqs = (calls: readonly WatchedCall[], filter = all, newestFirst = true) =>
  rowsOf(calls, filter, newestFirst).map((row) => [row.call.seq, row.depth]);

describe("the list", () => {
  // As they end: what is within a call before it.
  const calls = [call(1), call(3, { parent: 2 }), call(4, { parent: 3 }), call(2), call(5)];

  test("has nested calls below the call within which they were, in the order in which they began", () => {
    expect(seqs(calls)).toEqual([
      [5, 0],
      [2, 0],
      [3, 1],
      [4, 2],
      [1, 0],
    ]);
    expect(seqs(calls, all, false).map(([seq]) => seq)).toEqual([1, 2, 3, 4, 5]);
  });

  test("shows a call whose parent has not ended yet, or is not shown, for itself", () => {
    expect(seqs([call(3, { parent: 2 })])).toEqual([[3, 0]]);
    const inner = [call(2), call(3, { parent: 2, func: "put" }), call(4, { parent: 3 })];
    expect(seqs(inner, filterOf("func:get"))).toEqual([
      [2, 0],
      [4, 1],
    ]);
    expect(rowsOf(inner, filterOf("func:put"), true)[0]?.root.seq).toBe(3);
  });

  test("keeps the last ten thousand calls, and says how many gave way", () => {
    const many = Array.from({ length: MOST_LISTED }, (_, index) => call(index + 1));
    const full = received(NO_CALLS, { calls: many, dropped: 0 });

    const more = received(full, { calls: [call(20_000), call(20_001)], dropped: 7 });

    expect(more.calls).toHaveLength(MOST_LISTED);
    expect(more.calls[0]?.seq).toBe(3);
    expect(listWords(more, 12, String)).toBe(
      "10000 calls, 12 shown, 2 older ones gave way, 7 too many to show",
    );
    expect(received(more, { calls: [], dropped: 0 })).toBe(more);
  });

  test("exports what is shown", () => {
    const rows = rowsOf(calls, filterOf("call-2"), true);

    const text = exported(rows, { node: "calm", lattice: "default", at: new Date(0) });

    expect(JSON.parse(text)).toEqual({
      exportedAt: "1970-01-01T00:00:00.000Z",
      node: "calm",
      lattice: "default",
      calls: [calls[3]],
    });
  });
});

describe("the filter", () => {
  const failed = call(1, {
    func: "put",
    outcome: "failed",
    error: "guest-trapped: Unreachable",
    args: [{ name: "key", text: '"Tea"' }],
  });

  test.each([
    ["", true],
    ["failed", true],
    ["ok", false],
    ["-failed", false],
    ["target:ord", true],
    ["target:shop", false],
    ["source:shop func:PUT", true],
    ["func:put func:get", false],
    ["unreachable", true],
    ["tea", true],
    ["-tea", false],
    ["way:served", true],
    ["constructor:x", false],
    ["a:b/c", true],
    ["-", true],
  ])("%j", (text, fits) => {
    expect(filterOf(text)({ ...failed, id: "call-1" })).toBe(fits);
  });
});

describe("rows in sight", () => {
  const list = { count: 10_000, rowHeight: 30, top: 0, height: 600 };

  test("are drawn with some around them, whatever the length of the list", () => {
    expect(windowOf(list)).toEqual({ first: 0, end: 26, offset: 0, total: 300_000 });
    expect(windowOf({ ...list, top: 150_000 })).toMatchObject({ first: 4994, end: 5026 });
    expect(windowOf({ ...list, top: 299_400 })).toMatchObject({ first: 9974, end: 10_000 });
    expect(windowOf({ ...list, count: 3, top: 9000 })).toMatchObject({ first: 0, end: 3 });
    expect(windowOf({ ...list, count: 0 })).toMatchObject({ first: 0, end: 0, total: 0 });
  });

  test("always cover what can be seen", () => {
    const geometry = fc.record({
      count: fc.integer({ min: 0, max: 20_000 }),
      rowHeight: fc.constantFrom(30, 56),
      top: fc.double({ min: -100, max: 700_000, noNaN: true }),
      height: fc.integer({ min: 0, max: 2000 }),
    });
    fc.assert(
      fc.property(geometry, (given) => {
        const { first, end, offset, total } = windowOf(given);
        const from = Math.min(Math.max(0, given.top), Math.max(0, total - given.height));
        expect(offset).toBeLessThanOrEqual(from);
        expect(end * given.rowHeight).toBeGreaterThanOrEqual(Math.min(total, from + given.height));
        expect(end - first).toBeLessThanOrEqual(given.height / given.rowHeight + 14);
      }),
    );
  });

  test("are scrolled to as little as it takes", () => {
    expect(scrolledTo(5, list)).toBe(0);
    expect(scrolledTo(20, list)).toBe(30);
    expect(scrolledTo(2, { ...list, top: 100 })).toBe(60);
  });

  test("follow what comes only at the edge where it comes", () => {
    expect(isAtEdge(list, "top")).toBe(true);
    expect(isAtEdge({ ...list, top: 16 }, "top")).toBe(false);
    expect(isAtEdge({ ...list, top: 299_400 }, "bottom")).toBe(true);
    expect(isAtEdge({ ...list, top: 299_000 }, "bottom")).toBe(false);
  });

  test("keys move the choice by a row, a page, or all", () => {
    expect(["ArrowDown", "ArrowUp", "PageDown", "End"].map((key) => stepOf(key, list))).toEqual([
      1, -1, 19, 10_000,
    ]);
    expect(stepOf("a", list)).toBeUndefined();
    expect(stepOf("toString", list)).toBeUndefined();
  });
});

describe("bars", () => {
  const timed = call(1, {
    tookMs: 20,
    times: { decodeMs: 1, queueMs: 4, workerMs: 2, guestMs: 10, waitedMs: 3, encodeMs: 1 },
  });

  test("have the parts of a call in their order, the way to the worker halved", () => {
    expect(segmentsOf(timed)).toEqual([
      { part: "decode", fromMs: 0, forMs: 1 },
      { part: "queue", fromMs: 1, forMs: 4 },
      { part: "worker", fromMs: 5, forMs: 1 },
      { part: "guest", fromMs: 6, forMs: 10 },
      { part: "worker", fromMs: 16, forMs: 1 },
      { part: "encode", fromMs: 17, forMs: 1 },
      { part: "rest", fromMs: 18, forMs: 2 },
    ]);
    expect(segmentsOf(call(1))).toEqual([{ part: "rest", fromMs: 0, forMs: 5 }]);
    expect(partsOf(timed).reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(20);
  });

  test("begin where the call began within the uppermost one, and end with the scale", () => {
    const inner = call(2, { at: 25, tookMs: 20 });
    const row = { call: inner, depth: 1, root: call(1, { at: 10 }) };

    expect(barOf(row, 100)).toEqual({
      pieces: [{ part: "rest", from: 150, width: 200 }],
      torn: false,
    });
    expect(barOf(row, 20)).toEqual({
      pieces: [{ part: "rest", from: 750, width: 250 }],
      torn: true,
    });
    expect(barOf(row, 10)).toEqual({ pieces: [], torn: true });
  });

  test("of the shortest calls can be seen", () => {
    const short = call(1, { tookMs: 0.001, times: { guestMs: 0.0008 } });

    const { pieces } = barOf({ call: short, depth: 0, root: short }, 1000);

    expect(pieces).toEqual([{ part: "guest", from: 0, width: 3 }]);
    expect(pieces[0]?.width).toBeLessThan(SCALE_UNITS);
  });

  test("stand on a scale that nine of ten calls fit, and that does not change with each of them", () => {
    const rows = (...took: number[]) =>
      took.map((tookMs, index) => {
        const own = call(index, { tookMs });
        return { call: own, depth: 0, root: own };
      });

    expect(fitted(rows(...Array.from({ length: 99 }, () => 12), 900), 10)).toBe(20);
    expect(fitted(rows(14, 9), 20)).toBe(20);
    expect(fitted(rows(3), 20)).toBe(3);
    expect(fitted(rows(0.0004), 20)).toBe(0.01);
    expect(fitted([], 20)).toBe(20);
  });
});

test("a trace is read from its header, if that is one", () => {
  expect(traceOf(`00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`)).toEqual({
    traceId: "ab".repeat(16),
    spanId: "cd".repeat(8),
  });
  expect(traceOf("nonsense")).toBeUndefined();
  expect(traceOf(undefined)).toBeUndefined();
});
