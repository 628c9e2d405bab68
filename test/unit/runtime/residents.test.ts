/** Where resources live, for how long, and how many: the pool of a component that exports some, without workers. */
import { describe, expect, test } from "vitest";

import type { Call } from "../../../src/core/call.ts";
import type { Pool } from "../../../src/core/runtime.ts";
import type { Runner, RunningCall } from "../../../src/runtime/runner.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { openPool } from "../../../src/runtime/pool.ts";
import { IDLE_MS, MOST_INSTANCES, MOST_RESOURCES } from "../../../src/runtime/resident-table.ts";
import { createResidents } from "../../../src/runtime/residents.ts";
import { parseWit } from "../../../src/wire/wit-text.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { recordLog } from "../../support/log-recorder.ts";

const BOXES = "a:b/boxes";
const { interfaces: exports } = parseWit(`package a:b; interface boxes {
  resource box {
    constructor();
    get: func() -> u32;
    both: func(other: borrow<box>) -> u32;
    open: static func(of: box) -> u32;
  }
  resource lid { constructor(); }
  many: func(count: u32) -> list<box>;
  all: func(of: list<borrow<box>>) -> u32;
  plain: func() -> u32;
}`);

interface Running {
  readonly call: Call;
  readonly resident: number | undefined;
  readonly settle: {
    readonly resolve: (results: readonly unknown[]) => void;
    readonly reject: (reason: unknown) => void;
  };
}

/** A runner whose calls end when the test says so, and which counts what it makes. */
class FakeRunner implements Runner {
  readonly running: Running[] = [];
  readonly drops: (readonly [resident: number, slot: number | undefined])[] = [];
  readonly cancelled: Call[] = [];
  readonly #dead = new AbortController();
  #slots = 0;

  get lost(): AbortSignal {
    return this.#dead.signal;
  }

  invoke(call: Call, resident?: number): RunningCall {
    let resolve: (results: readonly unknown[]) => void = () => undefined;
    let reject: (reason: unknown) => void = () => undefined;
    const promise = new Promise<readonly unknown[]>((...both) => ([resolve, reject] = both));
    const running = { call, resident, settle: { resolve, reject } };
    this.running.push(running);
    const forget = (well: boolean): boolean => {
      this.running.splice(this.running.indexOf(running), 1);
      return well;
    };
    const ended = promise.then(
      () => forget(true),
      () => forget(false),
    );
    return { results: promise, ended };
  }

  /** Ends the oldest call well. */
  async finish(): Promise<void> {
    const [oldest] = this.running;
    if (oldest === undefined) throw new Error("nothing runs");
    const { func, args } = oldest.call;
    const made = func.startsWith("[constructor]");
    const many = func === "many" ? Array.from({ length: Number(args[0]) }, () => ++this.#slots) : 1;
    oldest.settle.resolve([made ? ++this.#slots : many]);
    await settled();
  }

  cancel(call: Call): void {
    this.cancelled.push(call);
    const found = this.running.find((each) => each.call === call);
    found?.settle.reject(new LatticeError("aborted", "nobody waits for the call any more"));
  }

  drop(resident: number, slot?: number): Promise<void> {
    this.drops.push([resident, slot]);
    return Promise.resolve();
  }

  end(reason: LatticeError): void {
    this.#dead.abort(reason);
    for (const { settle } of Array.from(this.running)) settle.reject(reason);
  }
}

const settled = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

async function setUp(maxInstances = 4) {
  const clock = fakeClock();
  const runners: FakeRunner[] = [];
  const pool = await openPool({
    name: "boxes",
    maxInstances,
    limits: DEFAULT_LIMITS,
    clock,
    log: recordLog().log,
    residents: (freed) =>
      createResidents({ name: "boxes", world: { imports: new Map(), exports }, clock, freed }),
    open: () => {
      const runner = new FakeRunner();
      runners.push(runner);
      return Promise.resolve(runner);
    },
    opening: new AbortController().signal,
    signal: new AbortController().signal,
  });
  const [runner] = runners;
  if (runner === undefined) throw new Error("no runner was opened");
  return { pool, clock, runner, runners };
}

interface From {
  readonly source?: string;
  readonly session?: string;
  readonly signal?: AbortSignal;
}

function call(pool: Pool, func: string, args: readonly unknown[] = [], from: From = {}) {
  const { source, session, signal = new AbortController().signal } = from;
  const given = pool.invoke({
    id: func,
    source: source === undefined ? undefined : entityId(source),
    target: entityId("boxes"),
    link: "default",
    instance: BOXES,
    func,
    args,
    ...(session === undefined ? {} : { session }),
    trace: new Map(),
    signal,
  });
  const outcome = given.then(
    ([value]) => value,
    (cause: unknown) => Reflect.get(Object(cause), "code"),
  );
  return outcome;
}

/** Calls, and has the runner end it. */
async function done(
  { pool, runner }: { readonly pool: Pool; readonly runner: FakeRunner },
  func: string,
  args: readonly unknown[] = [],
  from: From = {},
): Promise<unknown> {
  const outcome = call(pool, func, args, from);
  await settled();
  if (runner.running.length > 0) await runner.finish();
  return outcome;
}

describe("where a call runs", () => {
  test("one session's resources live in one instance, those of others in others", async () => {
    const stage = await setUp();
    const { runner } = stage;
    const residents: unknown[] = [];
    const make = async (from: From): Promise<void> => {
      const outcome = call(stage.pool, "[constructor]box", [], from);
      residents.push(runner.running[0]?.resident);
      await runner.finish();
      await outcome;
    };

    for (const session of ["one", "two", "one"]) await make({ source: "a", session });
    await make({ source: "b", session: "one" });
    // Who names no session is one with all others of the same name who name none.
    for (const source of ["a", "b", "a"]) await make({ source });

    expect(residents).toEqual([1, 2, 1, 3, 4, 5, 4]);
  });

  test("what has nothing to do with resources runs anywhere", async () => {
    const { pool, runner } = await setUp();

    void call(pool, "plain");

    expect(runner.running.map(({ resident }) => resident)).toEqual([undefined]);
  });

  test("the worker gets numbers for handles", async () => {
    const stage = await setUp();
    const one = await done(stage, "[constructor]box");
    const other = await done(stage, "[constructor]box");

    void call(stage.pool, "all", [[one, other, one]]);

    expect(stage.runner.running[0]?.call.args).toEqual([[1, 2, 1]]);
    expect(stage.runner.running[0]?.resident).toBe(1);
  });

  test("calls of one instance go one after the other; others do not wait for them", async () => {
    const stage = await setUp();
    const one = await done(stage, "[constructor]box");
    const funcs = (): unknown[] => stage.runner.running.map(({ call: { func } }) => func);

    void call(stage.pool, "[method]box.get", [one]);
    void call(stage.pool, "[method]box.both", [one, one]);
    void call(stage.pool, "plain");
    void call(stage.pool, "[constructor]box", [], { session: "another" });
    const before = funcs();
    await stage.runner.finish();

    expect(before).toEqual(["[method]box.get", "plain", "[constructor]box"]);
    expect(funcs()).toEqual(["plain", "[constructor]box", "[method]box.both"]);
  });

  test("an instance that is kept takes no place: one that may run one call runs it", async () => {
    const stage = await setUp(1);
    const one = await done(stage, "[constructor]box");

    expect(await done(stage, "plain")).toBe(1);
    expect(await done(stage, "[method]box.get", [one])).toBe(1);
    expect(stage.runners).toHaveLength(1);
  });

  test("a call that is given up ends its instance, for nobody may enter that again", async () => {
    const stage = await setUp();
    const one = await done(stage, "[constructor]box");
    const given = new AbortController();

    const running = call(stage.pool, "[method]box.get", [one], { signal: given.signal });
    const waiting = call(stage.pool, "[method]box.get", [one]);
    given.abort(new LatticeError("aborted", "enough"));

    expect(await running).toBe("aborted");
    expect(await waiting).toBe("gone");
    expect(stage.runner.drops).toEqual([[1, undefined]]);
  });

  test("a worker that is lost takes its instances along", async () => {
    const stage = await setUp();
    const one = await done(stage, "[constructor]box");
    const running = call(stage.pool, "[method]box.get", [one]);
    const waiting = call(stage.pool, "[method]box.get", [one]);

    stage.runner.end(new LatticeError("worker-lost", "silent"));

    expect(await running).toBe("worker-lost");
    expect(await waiting).toBe("gone");
    expect(await call(stage.pool, "[method]box.get", [one])).toBe("gone");
  });
});

describe("what a handle is good for", () => {
  test("nothing, once it was given away for good", async () => {
    const stage = await setUp();
    const one = await done(stage, "[constructor]box");

    expect(await done(stage, "[static]box.open", [one])).toBe(1);
    expect(await done(stage, "[method]box.get", [one])).toBe("gone");
    // The last one has gone, and the instance with it.
    expect(stage.runner.drops).toEqual([[1, undefined]]);
  });

  test("its own resource, in its own component, with what lives beside it", async () => {
    const stage = await setUp();
    const other = await setUp();
    const one = await done(stage, "[constructor]box", [], { session: "a" });
    const apart = await done(stage, "[constructor]box", [], { session: "b" });
    const lid = await done(stage, "[constructor]lid", [], { session: "a" });
    const foreign = await done(other, "[constructor]box");

    expect(await done(stage, "[method]box.get", [foreign])).toBe("gone");
    expect(await done(stage, "[method]box.get", [lid])).toBe("bad-input");
    expect(await done(stage, "[method]box.both", [one, apart])).toBe("bad-input");
    expect(await done(stage, "[method]box.get", [new Uint8Array(37)])).toBe("gone");
    expect(await done(stage, "[method]box.get", [7])).toBe("gone");
    // Nobody has lost anything by that.
    expect(await done(stage, "[method]box.both", [one, one])).toBe(1);
  });

  test("it is dropped by whoever has it, after the call that runs", async () => {
    const stage = await setUp();
    const one = await done(stage, "[constructor]box");
    const other = await done(stage, "[constructor]box");
    const { runner, pool } = stage;

    void call(pool, "[method]box.get", [other]);
    pool.resources?.drop(one as Uint8Array);
    const during = [...runner.drops];
    await runner.finish();

    expect(during).toEqual([]);
    expect(runner.drops).toEqual([[1, 1]]);
    pool.resources?.drop(new Uint8Array(37));
    pool.resources?.drop(one as Uint8Array);
    pool.resources?.drop(other as Uint8Array);
    expect(runner.drops).toEqual([
      [1, 1],
      [1, 2],
      [1, undefined],
    ]);
  });
});

describe("bounds", () => {
  test("a resource that nobody uses is dropped in time, one that is used stays", async () => {
    const stage = await setUp();
    const { clock, runner } = stage;
    const one = await done(stage, "[constructor]box");
    const other = await done(stage, "[constructor]box");

    clock.advance(IDLE_MS * 0.75);
    await done(stage, "[method]box.get", [other]);
    clock.advance(IDLE_MS * 0.5);

    expect(runner.drops).toEqual([[1, 1]]);
    expect(await done(stage, "[method]box.get", [one])).toBe("gone");
    expect(await done(stage, "[method]box.get", [other])).toBe(1);
    clock.advance(IDLE_MS * 1.25);
    expect(runner.drops.at(-1)).toEqual([1, undefined]);
  });

  test("a call that lasts keeps what it uses", async () => {
    const stage = await setUp();
    const one = await done(stage, "[constructor]box");

    void call(stage.pool, "[method]box.get", [one]);
    stage.clock.advance(20_000);
    await stage.runner.finish();

    expect(stage.runner.drops).toEqual([]);
  });

  test("instances, for one source and for all", async () => {
    const stage = await setUp();
    const make = (source: string, session: number): Promise<unknown> =>
      done(stage, "[constructor]box", [], { source, session: String(session) });
    const { all, perSource } = MOST_INSTANCES;

    for (let session = 0; session < perSource; session++) await make("a", session);
    const more = await make("a", perSource);
    for (let session = 0; session < all - perSource; session++) await make("b", session);
    const most = await make("c", 0);

    expect([more, most]).toEqual(["overloaded", "overloaded"]);
    expect(await make("a", 0)).toBeInstanceOf(Uint8Array);
  });

  test("resources, for one source and for all; what is too much is dropped at once", async () => {
    const stage = await setUp();
    const many = (source: string, count: number): Promise<unknown> =>
      done(stage, "many", [count], { source });
    const { all, perSource } = MOST_RESOURCES;

    await many("a", perSource);
    const more = await many("a", 1);
    await many("b", all - perSource);
    const most = await many("c", 2);

    expect([more, most]).toEqual(["overloaded", "overloaded"]);
    expect(stage.runner.drops).toEqual([
      [1, perSource + 1],
      [3, all + 2],
      [3, all + 3],
      [3, undefined],
    ]);
  });

  test("the end of the component ends them all", async () => {
    const stage = await setUp();
    const one = await done(stage, "[constructor]box");

    await stage.pool[Symbol.asyncDispose]();

    expect(stage.runner.drops).toEqual([[1, undefined]]);
    expect(await call(stage.pool, "[method]box.get", [one])).toBe("closed");
  });
});

test("a component without resources of its own has no place", () => {
  const world = { imports: exports, exports: new Map() };

  expect(createResidents({ name: "x", world, clock: fakeClock(), freed: () => undefined })).toBe(
    undefined,
  );
});
