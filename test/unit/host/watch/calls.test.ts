import { expect, test } from "vitest";
import type { Call, Callee } from "../../../../src/core/call.ts";
import type { CallRecord } from "../../../../src/core/event.ts";
import type { WatchedCalls } from "../../../../src/core/watched-calls.ts";
import type { CallTap } from "../../../../src/host/interceptors/tap.ts";

import { flowing } from "../../../../src/core/call.ts";
import { LatticeError } from "../../../../src/core/error.ts";
import { entityId } from "../../../../src/core/ids.ts";
import { shown } from "../../../../src/host/interceptors/shown.ts";
import { trace } from "../../../../src/host/interceptors/trace.ts";
import { watchCalls } from "../../../../src/host/watch/calls.ts";
import { fakeClock } from "../../../support/fake-clock.ts";
import { greeter } from "../../../support/greeter.ts";

const greet: Callee = { invoke: ({ args }) => Promise.resolve([`Hello, ${String(args[0])}!`]) };

function watched(callee = greet) {
  const clock = fakeClock(5000);
  const tap: CallTap = { watcher: undefined };
  const records: CallRecord[] = [];
  const told: WatchedCalls[] = [];
  const ended = new AbortController();
  let take: (() => void) | undefined;
  const tell = (update: WatchedCalls): Promise<void> => {
    told.push(update);
    return new Promise((resolve) => (take = resolve));
  };
  const watch = (signal = ended.signal): void => watchCalls({ clock, tap }, tell, signal);
  const served = trace(clock, (call) => records.push(call), { tap });
  const invoke = (call: Partial<Call> = {}): Promise<unknown> =>
    served(shown([greeter.world], callee)).invoke({ ...plain, ...call });
  return { clock, tap, records, told, ended, watch, invoke, served, taken: () => take?.() };
}

const plain: Call = {
  id: "1",
  source: entityId("caller"),
  target: entityId("echo"),
  link: "default",
  instance: "demo:app/greeter",
  func: "greet",
  args: ["Ada"],
  trace: new Map(),
  signal: new AbortController().signal,
};

test("while nobody watches, calls pass without a probe", async () => {
  const seen: Call[] = [];
  const { invoke, records, tap } = watched({
    invoke(call) {
      seen.push(call);
      return Promise.resolve(["hi"]);
    },
  });

  await invoke();

  expect(tap.watcher).toBeUndefined();
  expect(seen[0]?.probe).toBeUndefined();
  expect(records).toHaveLength(1);
});

test("a call is told with its values, and nobody is told after the end of the watch", async () => {
  const { clock, told, ended, watch, invoke, tap, taken } = watched();
  watch();
  clock.advance(0);
  taken();
  await Promise.resolve();

  await invoke({ trace: new Map([["traceparent", "00-1-2-01"]]) });
  clock.advance(100);
  ended.abort();
  await invoke();
  clock.advance(1000);

  expect(told).toEqual([
    { calls: [], dropped: 0 },
    {
      calls: [
        {
          seq: 1,
          id: "1",
          way: "served",
          source: "caller",
          target: "echo",
          instance: "demo:app/greeter",
          func: "greet",
          traceparent: "00-1-2-01",
          at: 5000,
          tookMs: 0,
          times: {},
          outcome: "ok",
          args: [{ name: "name", text: '"Ada"' }],
          result: '"Hello, Ada!"',
        },
      ],
      dropped: 0,
    },
  ]);
  expect(tap.watcher).toBeUndefined();
});

test("calls within a call name it, also those of a companion and of the host", async () => {
  const { clock, told, watch, tap, served, taken } = watched();
  watch();
  clock.advance(0);
  taken();
  await Promise.resolve();
  const outer = served({
    async invoke(call) {
      await served(greet).invoke({ ...plain, id: `${call.id}.1`, parent: call.id });
      const { target, instance, func, source } = plain;
      const record = { id: "1.2", source, target, instance, func, at: 0, tookMs: 2 };
      tap.watcher?.accompanied({ ...record, outcome: "ok", traceparent: undefined }, call.id);
      const { link: _, target: __, ...request } = plain;
      const asked = { ...request, id: "1.3", parent: call.id, linkNames: new Map() };
      tap.watcher?.answering(asked, entityId("echo"), undefined, () => []);
      return [];
    },
  });

  await outer.invoke(plain);
  clock.advance(100);

  const calls = told.at(-1)?.calls ?? [];
  expect(calls.map(({ id, way, parent }) => [id, way, parent])).toEqual([
    ["1.1", "served", 1],
    ["1.2", "companion", 1],
    ["1.3", "host", 1],
    ["1", "served", undefined],
  ]);
  // The clock of a companion's worker may be late: it is not before its caller.
  expect(calls[1]?.at).toBe(5000);
});

test("what comes back from the lattice is within the call that went there", async () => {
  const { clock, told, watch, tap, served, taken } = watched();
  watch();
  clock.advance(0);
  taken();
  await Promise.resolve();
  const header = new Map([["traceparent", "00-11-22-01"]]);
  const away = trace(clock, () => undefined, { tap, way: "outgoing", outgoing: "component" });

  await away({
    invoke: () => served(greet).invoke({ ...plain, id: "inbox", trace: header }),
  }).invoke({ ...plain, trace: header });
  clock.advance(100);

  expect(told.at(-1)?.calls).toMatchObject([
    { seq: 2, parent: 1, way: "served" },
    { seq: 1, way: "outgoing" },
  ]);
});

test("parts of the time are told where they are known, and add up to less than all of it", async () => {
  const { clock, told, watch, invoke, taken } = watched({
    async invoke({ probe }) {
      clock.advance(1);
      probe?.queued();
      clock.advance(10);
      probe?.begun();
      clock.advance(20);
      probe?.answered({ ranMs: 15, waitedMs: 5 });
      return probe?.timed("encode", () => {
        clock.advance(3);
        return ["hi"];
      }) as readonly unknown[];
    },
  });
  watch();
  clock.advance(0);
  taken();
  await Promise.resolve();
  clock.advance(4);

  await invoke({ arrivedMs: 5002 });
  clock.advance(100);

  expect(told.at(-1)?.calls).toMatchObject([
    {
      at: 5002,
      tookMs: 36,
      times: { decodeMs: 2, queueMs: 10, workerMs: 5, guestMs: 15, waitedMs: 5, encodeMs: 3 },
    },
  ]);
});

test("a call ends with what flows in its results", async () => {
  let finish = (): void => undefined;
  const { clock, told, watch, invoke, taken } = watched({
    invoke: () => Promise.resolve(flowing([""], new Promise((resolve) => (finish = resolve)))),
  });
  watch();
  clock.advance(0);
  taken();
  await Promise.resolve();

  await invoke();
  clock.advance(500);
  expect(told).toHaveLength(1);
  finish();
  await Promise.resolve();
  await Promise.resolve();
  clock.advance(100);

  expect(told.at(-1)?.calls).toMatchObject([{ tookMs: 500, outcome: "ok" }]);
});

test("a failure is told without the secrets in its words", async () => {
  const { clock, told, watch, invoke, taken } = watched({
    invoke: () => Promise.reject(new LatticeError("denied", "no user with password=hunter22 here")),
  });
  watch();
  clock.advance(0);
  taken();
  await Promise.resolve();

  await expect(invoke()).rejects.toThrow("hunter22");
  clock.advance(100);

  expect(told.at(-1)?.calls).toMatchObject([
    { outcome: "failed", error: "denied: no user with password=‹redacted› here" },
  ]);
});

test("a watcher that is slow is told how many calls it has missed, and what is kept for it is bounded", async () => {
  const { clock, told, watch, invoke, taken } = watched();
  watch();
  clock.advance(0);

  for (let call = 0; call < 1000; call++) await invoke({ id: String(call) });
  clock.advance(100);
  expect(told).toHaveLength(1);
  taken();
  await Promise.resolve();
  await Promise.resolve();
  clock.advance(100);

  expect(told.at(-1)?.calls).toHaveLength(300);
  expect(told.at(-1)?.dropped).toBe(700);
});

test("two who watch hear of the same calls, and the tap stays open for the one that stays", async () => {
  const { clock, told, watch, invoke, tap, taken } = watched();
  const other = new AbortController();
  watch();
  watch(other.signal);
  other.abort();
  clock.advance(0);
  taken();
  await Promise.resolve();

  await invoke();
  clock.advance(100);

  expect(tap.watcher).toBeDefined();
  expect(told.flatMap(({ calls }) => calls)).toHaveLength(1);
});
