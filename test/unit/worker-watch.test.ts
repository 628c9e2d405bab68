import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { watchWorker } from "../../src/worker-watch.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a worker that answers is never lost", async () => {
  const lost = vi.fn<(ms: number) => void>();
  const ended = new AbortController();

  watchWorker({ ping: () => Promise.resolve(), silentMs: 2_000, lost }, ended.signal);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(lost).not.toHaveBeenCalled();
  ended.abort();
});

test("a worker that answers no more is lost once, soon after the time it is given", async () => {
  const lost = vi.fn<(ms: number) => void>();
  let silent = false;
  const ping = (): Promise<void> => (silent ? new Promise(() => undefined) : Promise.resolve());

  watchWorker({ ping, silentMs: 2_000, lost }, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(10_000);
  silent = true;
  await vi.advanceTimersByTimeAsync(1_999);
  const early = lost.mock.calls.length;
  await vi.advanceTimersByTimeAsync(60_000);

  expect(early).toBe(0);
  expect(lost.mock.calls).toEqual([[2_000]]);
});

test("a watch ends with its node", async () => {
  const lost = vi.fn<(ms: number) => void>();
  const ended = new AbortController();

  watchWorker({ ping: () => new Promise(() => undefined), silentMs: 400, lost }, ended.signal);
  ended.abort();
  await vi.advanceTimersByTimeAsync(60_000);

  expect(lost).not.toHaveBeenCalled();
});
