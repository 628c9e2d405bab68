import { expect, test } from "vitest";

import type { Call } from "../../../src/core/call.ts";
import type { Pool } from "../../../src/core/runtime.ts";
import type { PoolParts } from "../../../src/runtime/pool.ts";
import type { Runner, RunningCall } from "../../../src/runtime/runner.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { openPool } from "../../../src/runtime/pool.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { recordLog } from "../../support/log-recorder.ts";

/** A runner whose calls end when the test says so. */
class FakeRunner implements Runner {
  readonly running = new Map<string, PromiseWithResolvers<readonly unknown[]>>();
  readonly #responses = new Map<string, (results: readonly unknown[]) => void>();
  readonly cancelled: string[] = [];
  readonly #dead = new AbortController();

  get lost(): AbortSignal {
    return this.#dead.signal;
  }

  get ids(): readonly string[] {
    return [...this.running.keys()];
  }

  invoke(call: Call): RunningCall {
    const settling = withResolvers<readonly unknown[]>();
    const early = withResolvers<readonly unknown[]>();
    this.running.set(call.id, settling);
    this.#responses.set(call.id, early.resolve);
    const over = settling.promise.finally(() => this.running.delete(call.id));
    const ended = over.then(
      () => true,
      () => false,
    );
    return { results: Promise.race([early.promise, over]), ended };
  }

  /** Gives the results of a call that goes on. */
  respond(id: string, result: unknown = id): void {
    this.#responses.get(id)?.([result]);
  }

  finish(id: string, result: unknown = id): void {
    this.running.get(id)?.resolve([result]);
  }

  cancel(call: Call): void {
    this.cancelled.push(call.id);
  }

  drop(): Promise<void> {
    return Promise.resolve();
  }

  end(reason: LatticeError): void {
    this.#dead.abort(reason);
    for (const { reject } of this.running.values()) reject(reason);
  }
}

// Node 20 has no Promise.withResolvers.
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T | PromiseLike<T>) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

function callOf(id: string, signal: AbortSignal = new AbortController().signal): Call {
  const target = entityId("greeter");
  const rest = { link: "default", instance: "a:b/c", func: "f", args: [], trace: new Map() };
  return { id, source: undefined, target, signal, ...rest };
}

interface Setup {
  readonly pool: Pool;
  readonly runners: FakeRunner[];
  readonly clock: ReturnType<typeof fakeClock>;
  readonly events: () => readonly string[];
}

async function setUp(
  options: { maxInstances?: number; queueLimit?: number } & Partial<PoolParts> = {},
): Promise<Setup> {
  const { maxInstances = 2, queueLimit = 4, ...rest } = options;
  const runners: FakeRunner[] = [];
  const clock = fakeClock();
  const recorder = recordLog();
  const pool = await openPool({
    name: "greeter",
    maxInstances,
    limits: { maxMemoryBytes: 1, callDeadlineMs: 1000, queueLimit },
    clock,
    log: recorder.log,
    open: async () => {
      const runner = new FakeRunner();
      runners.push(runner);
      return runner;
    },
    opening: new AbortController().signal,
    signal: new AbortController().signal,
    ...rest,
  });
  return { pool, runners, clock, events: () => recorder.entries.map(({ event }) => event) };
}

/** Lets what was settled be heard. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("the signal of its start means nothing to a pool that runs", async () => {
  const opening = new AbortController();
  const { pool, runners } = await setUp({ opening: opening.signal });

  opening.abort(new LatticeError("deadline", "the start took too long"));
  const call = pool.invoke(callOf("1"));
  runners[0]?.finish("1");

  await expect(call).resolves.toEqual(["1"]);
});

test("a start that is given up rejects with the reason", async () => {
  const opening = new AbortController();
  const never = (signal: AbortSignal): Promise<Runner> =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  const start = setUp({ opening: opening.signal, open: never });

  opening.abort(new LatticeError("deadline", "the start took too long"));

  await expect(start).rejects.toMatchObject({ code: "deadline" });
});

test("calls run up to the limit, the others wait in order", async () => {
  const { pool, runners } = await setUp();
  const results = ["1", "2", "3"].map((id) => pool.invoke(callOf(id)));

  expect(runners[0]?.ids).toEqual(["1", "2"]);
  expect(pool.load.peek()).toEqual({ running: 2, waiting: 1, accepting: true });
  runners[0]?.finish("2");
  await settled();
  expect(runners[0]?.ids).toEqual(["1", "3"]);
  runners[0]?.finish("1");
  runners[0]?.finish("3");

  await expect(Promise.all(results)).resolves.toEqual([["1"], ["2"], ["3"]]);
  expect(pool.load.peek()).toEqual({ running: 0, waiting: 0, accepting: true });
});

test("a full line refuses, and is open again when it is half empty", async () => {
  const { pool, runners } = await setUp({ maxInstances: 1, queueLimit: 4 });
  const accepted = ["1", "2", "3", "4", "5"].map((id) => pool.invoke(callOf(id)));
  const full = pool.load.peek();
  const refused = await pool.invoke(callOf("6")).catch((error: unknown) => error);
  const accepting: boolean[] = [];
  pool.load.subscribe((load) => accepting.push(load.accepting));

  for (const id of ["1", "2", "3", "4", "5"]) {
    runners[0]?.finish(id);
    await settled();
  }

  expect(full).toEqual({ running: 1, waiting: 4, accepting: false });
  expect(refused).toMatchObject({
    code: "overloaded",
    message: "greeter runs 1 calls and 4 wait, which is all it takes",
  });
  await Promise.all(accepted);
  // Three wait: still closed. Two wait: open.
  expect(accepting[accepting.indexOf(true) - 1]).toBe(false);
  expect(accepting.filter((open) => open)).not.toHaveLength(accepting.length);
  expect(pool.load.peek().accepting).toBe(true);
});

test("without a line, what runs is all", async () => {
  const { pool, runners } = await setUp({ maxInstances: 1, queueLimit: 0 });
  const first = pool.invoke(callOf("1"));

  expect(pool.load.peek()).toEqual({ running: 1, waiting: 0, accepting: false });
  await expect(pool.invoke(callOf("2"))).rejects.toMatchObject({ code: "overloaded" });
  runners[0]?.finish("1");
  await first;
  await settled();

  expect(pool.load.peek().accepting).toBe(true);
});

test("the deadline counts from the acceptance, for waiting calls too", async () => {
  const { pool, runners, clock } = await setUp({ maxInstances: 1 });
  const running = pool.invoke(callOf("1"));
  const waiting = pool.invoke(callOf("2"));
  const outcomes = Promise.allSettled([running, waiting]);

  clock.advance(999);
  await settled();
  expect(pool.load.peek()).toMatchObject({ running: 1, waiting: 1 });
  clock.advance(1);

  const late = { status: "rejected", reason: { code: "deadline" } };
  await expect(outcomes).resolves.toMatchObject([late, late]);
  expect(runners[0]?.cancelled).toEqual(["1"]);
  // Its place is free when the runner says so.
  expect(pool.load.peek()).toMatchObject({ running: 1, waiting: 0 });
  runners[0]?.finish("1");
  await settled();
  expect(pool.load.peek()).toMatchObject({ running: 0, waiting: 0 });
});

test("a caller that gives up leaves the line, or has its call cancelled", async () => {
  const { pool, runners } = await setUp({ maxInstances: 1 });
  const callers = [new AbortController(), new AbortController()] as const;
  const running = pool.invoke(callOf("1", callers[0].signal));
  const waiting = pool.invoke(callOf("2", callers[1].signal));

  callers[1].abort();
  callers[0].abort();

  await expect(waiting).rejects.toMatchObject({ code: "aborted" });
  await expect(running).rejects.toMatchObject({ code: "aborted" });
  expect(runners[0]?.cancelled).toEqual(["1"]);
  expect(pool.load.peek().waiting).toBe(0);
  const gone = AbortSignal.abort();
  await expect(pool.invoke(callOf("3", gone))).rejects.toMatchObject({ code: "aborted" });
});

test("a lost runner fails its calls; those that wait go to a fresh one", async () => {
  const { pool, runners, events } = await setUp({ maxInstances: 1 });
  const running = pool.invoke(callOf("1"));
  const waiting = pool.invoke(callOf("2"));

  runners[0]?.end(new LatticeError("worker-lost", "silent"));
  await expect(running).rejects.toMatchObject({ code: "worker-lost" });
  await settled();

  expect(runners).toHaveLength(2);
  expect(runners[1]?.ids).toEqual(["2"]);
  runners[1]?.finish("2");
  await expect(waiting).resolves.toEqual(["2"]);
  expect(events()).toEqual(["pool.runner-lost"]);
});

test("if no fresh runner is to be had, those that wait hear why, and the next call tries again", async () => {
  const runners: FakeRunner[] = [];
  let works = true;
  const { pool, events } = await setUp({
    maxInstances: 1,
    open: async () => {
      if (!works) throw new LatticeError("bad-image", "no more");
      const runner = new FakeRunner();
      runners.push(runner);
      return runner;
    },
  });
  void pool.invoke(callOf("1")).catch(() => undefined);
  const waiting = pool.invoke(callOf("2"));

  works = false;
  runners[0]?.end(new LatticeError("worker-lost", "silent"));
  await expect(waiting).rejects.toMatchObject({ code: "bad-image", message: "no more" });
  works = true;
  const later = pool.invoke(callOf("3"));
  await settled();
  runners[1]?.finish("3");

  await expect(later).resolves.toEqual(["3"]);
  expect(events()).toEqual(["pool.runner-lost", "pool.no-runner"]);
});

test("a pool tells that it has no runner and can have none, until it has one again", async () => {
  const runners: FakeRunner[] = [];
  let works = true;
  const { pool } = await setUp({
    open: async () => {
      if (!works) throw new LatticeError("worker-lost", "no more");
      const runner = new FakeRunner();
      runners.push(runner);
      return runner;
    },
  });
  const told: (string | undefined)[] = [];
  pool.broken?.subscribe((reason) => told.push(reason?.message));

  runners[0]?.end(new LatticeError("worker-lost", "silent"));
  await settled();
  works = false;
  runners[1]?.end(new LatticeError("worker-lost", "again"));
  await settled();
  const broken = pool.broken?.peek();
  works = true;
  const call = pool.invoke(callOf("1"));
  await settled();
  runners.at(-1)?.finish("1");
  await call;

  expect(broken).toMatchObject({ code: "worker-lost", message: "no more" });
  expect(told).toEqual(["no more", undefined]);
});

test("runners that take one call each are opened as calls come, and ended when fewer may run", async () => {
  const { pool, runners } = await setUp({ maxInstances: 3, callsPerRunner: 1 });
  const calls = ["1", "2", "3", "4"].map((id) => pool.invoke(callOf(id)));
  await settled();

  expect(runners.map(({ ids }) => ids)).toEqual([["1"], ["2"], ["3"]]);
  for (const [index, id] of ["1", "2", "3"].entries()) runners[index]?.finish(id);
  await settled();
  runners[0]?.finish("4");
  await Promise.all(calls);
  pool.resize(1);
  await settled();

  expect(runners.filter(({ lost }) => !lost.aborted)).toHaveLength(1);
});

test("a call that has given its results keeps its place, its deadline and its caller until it ends", async () => {
  const { pool, runners, clock } = await setUp({ maxInstances: 2 });
  const caller = new AbortController();
  const calls = [pool.invoke(callOf("1")), pool.invoke(callOf("2", caller.signal))];
  for (const id of ["1", "2"]) runners[0]?.respond(id);

  await expect(Promise.all(calls)).resolves.toEqual([["1"], ["2"]]);
  expect(pool.load.peek()).toMatchObject({ running: 2 });
  caller.abort();
  clock.advance(1000);

  expect(runners[0]?.cancelled).toEqual(["2", "1"]);
  for (const id of ["1", "2"]) runners[0]?.finish(id);
  await settled();
  expect(pool.load.peek()).toMatchObject({ running: 0 });
});

test("a call that has ended is not cancelled any more", async () => {
  const { pool, runners, clock } = await setUp();
  const caller = new AbortController();
  const call = pool.invoke(callOf("1", caller.signal));
  runners[0]?.respond("1");
  runners[0]?.finish("1");
  await call;
  await settled();

  caller.abort();
  clock.advance(1000);

  expect(runners[0]?.cancelled).toEqual([]);
});

test("streams among the arguments of a call that never begins are cancelled", async () => {
  const { pool, runners } = await setUp({ maxInstances: 1, queueLimit: 1 });
  const cancelled: string[] = [];
  const withStream = (id: string, signal?: AbortSignal): Call => {
    const body = new ReadableStream({ cancel: () => void cancelled.push(id) });
    return { ...callOf(id, signal), args: [{ body }] };
  };
  const caller = new AbortController();
  const calls = [
    pool.invoke(withStream("runs")),
    pool.invoke(withStream("waits", caller.signal)),
    pool.invoke(withStream("finds no place")),
  ];
  const outcomes = Promise.allSettled(calls);

  caller.abort();
  runners[0]?.finish("runs");

  await outcomes;
  expect(cancelled).toEqual(["finds no place", "waits"]);
});

test("a larger pool starts what waits", async () => {
  const { pool, runners } = await setUp({ maxInstances: 1 });
  for (const id of ["1", "2"]) void pool.invoke(callOf(id)).catch(() => undefined);

  pool.resize(2);

  expect(runners[0]?.ids).toEqual(["1", "2"]);
});

test("it is drained when nothing runs or waits", async () => {
  const { pool, runners } = await setUp({ maxInstances: 1 });
  const calls = ["1", "2"].map((id) => pool.invoke(callOf(id)));
  let drained = false;
  const draining = pool.drained(new AbortController().signal).then(() => (drained = true));

  runners[0]?.finish("1");
  await settled();
  expect(drained).toBe(false);
  runners[0]?.finish("2");

  await Promise.all([draining, ...calls]);
});

test.each(["disposal", "signal"])(
  "the end by %s ends the runner and everything under way",
  async (how) => {
    const life = new AbortController();
    const { pool, runners } = await setUp({ maxInstances: 1, signal: life.signal });
    const outcomes = Promise.allSettled(["1", "2"].map((id) => pool.invoke(callOf(id))));

    if (how === "signal") life.abort();
    else await pool[Symbol.asyncDispose]();

    const closed = { status: "rejected", reason: { code: "closed" } };
    await expect(outcomes).resolves.toMatchObject([closed, closed]);
    await expect(pool.invoke(callOf("3"))).rejects.toMatchObject({ code: "closed" });
    expect(runners.map(({ lost }) => lost.aborted)).toEqual([true]);
  },
);

test("a pool whose first runner cannot be opened does not open", async () => {
  const failed = setUp({ open: () => Promise.reject(new LatticeError("bad-image", "no")) });

  await expect(failed).rejects.toMatchObject({ code: "bad-image" });
});
