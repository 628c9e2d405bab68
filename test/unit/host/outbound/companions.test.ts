/** Who gets a companion, and when it has to go: the decisions, with pools that stand in for workers. */
import { describe, expect, test } from "vitest";
import type { Call, Callee } from "../../../../src/core/call.ts";
import type { CallRecord } from "../../../../src/core/event.ts";
import type { EntityId } from "../../../../src/core/ids.ts";
import type { Link } from "../../../../src/core/link.ts";
import type { Pool, PoolLoad, Witness } from "../../../../src/core/runtime.ts";
import type { World } from "../../../../src/core/wit.ts";
import type { Workload } from "../../../../src/host/workload.ts";

import { LatticeError } from "../../../../src/core/error.ts";
import { digest, entityId } from "../../../../src/core/ids.ts";
import { createSource } from "../../../../src/core/view.ts";
import { createLinks } from "../../../../src/host/links.ts";
import { createCompanions } from "../../../../src/host/outbound/companions.ts";
import { specOf } from "../../../../src/host/workload-spec.ts";
import { DEFAULT_LIMITS } from "../../../../src/core/workload.ts";
import { parseWit } from "../../../../src/wire/wit-text.ts";
import { fakeClock } from "../../../support/fake-clock.ts";
import { recordLog } from "../../../support/log-recorder.ts";

const CALLER = entityId("caller");
const TARGET = entityId("target");
const IFACE = "a:b/c";
const functions = parseWit(
  "package a:b; interface c { f: func(n: u8) -> u8; g: func(); h: func() -> string; }",
).interfaces;
const typeOf = (func: string) => {
  const type = functions.get(IFACE)?.get(func);
  if (type === undefined) throw new Error(`no ${func}`);
  return type;
};

/** A companion as a test sees it. */
interface Joined {
  readonly witness: Witness;
  readonly entrusted: string[];
  readonly lose: (reason: LatticeError) => void;
  dismissed: boolean;
  /** Its worker has heard of the dismissal. */
  readonly acknowledge: () => void;
}

function setUp({ maxInstances = 4, portable = true, accompanies = true } = {}) {
  const clock = fakeClock();
  const { log, entries } = recordLog();
  const records: CallRecord[] = [];
  const joined: Joined[] = [];
  const targetLoad = createSource<PoolLoad>({ running: 0, waiting: 0, accepting: true });
  const pool = (load: typeof targetLoad, more: Partial<Pool>): Pool => ({
    load,
    invoke: () => Promise.resolve([]),
    resize: () => undefined,
    drained: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...more,
  });
  const accompany: Pool["accompany"] = (_, witness) => {
    const lost = new AbortController();
    let acknowledge = (): void => undefined;
    const acknowledged = new Promise<void>((resolve) => (acknowledge = resolve));
    const one: Joined = {
      witness,
      entrusted: [],
      dismissed: false,
      lose: (reason) => lost.abort(reason),
      acknowledge: () => acknowledge(),
    };
    joined.push(one);
    return {
      lost: lost.signal,
      entrust: (_instance, func) => one.entrusted.push(func),
      dismiss() {
        one.dismissed = true;
        return acknowledged;
      },
    };
  };
  const workloadOf = (id: EntityId, world: World, own: Pool, most: number) =>
    ({
      spec: specOf({ id, image: id, maxInstances: most, annotations: new Map() }, DEFAULT_LIMITS),
      component: {
        digest: digest("0".repeat(64)),
        sizeBytes: 0,
        world,
        run: () => Promise.reject(new Error("it runs")),
      },
      pool: own,
    }) satisfies Pick<Workload, "spec" | "component" | "pool">;
  const none: World["imports"] = new Map();
  const callerPool = pool(targetLoad, accompanies ? { accompany } : {});
  const serves = (_: string, func: string): boolean => func !== "h";
  const targetPool = pool(targetLoad, portable ? { portable: { serves } } : {});
  const workloads = new Map([
    [CALLER, workloadOf(CALLER, { imports: functions, exports: none }, callerPool, 8)],
    [TARGET, workloadOf(TARGET, { imports: none, exports: functions }, targetPool, maxInstances)],
  ]);
  const link: Link = {
    source: CALLER,
    target: TARGET,
    name: "default",
    namespace: "a",
    package: "b",
    interfaces: ["c"],
    sourceConfig: [],
    targetConfig: [],
  };
  const links = createSource<ReadonlyMap<EntityId, readonly Link[]>>(new Map([[CALLER, [link]]]));
  const companions = createCompanions({
    clock,
    log,
    record: (call) => records.push(call),
    links: createLinks(links),
    workload: (id) => workloads.get(id),
  });
  links.subscribe(() => companions.review());
  /** Calls `func` so many times by the usual way, each in so many milliseconds. */
  const calls = async (
    times: number,
    options: {
      readonly func?: string;
      readonly tookMs?: number;
      readonly fails?: boolean;
      readonly more?: Partial<Call>;
    } = {},
  ): Promise<void> => {
    const { func = "f", tookMs = 1, fails = false, more = {} } = options;
    const callee: Callee = {
      async invoke() {
        clock.advance(tookMs);
        if (fails) throw new LatticeError("guest-trapped", "unreachable");
        return [];
      },
    };
    const call: Call = {
      id: "1",
      source: CALLER,
      target: TARGET,
      link: "default",
      instance: IFACE,
      func,
      args: [],
      trace: new Map(),
      signal: new AbortController().signal,
      ...more,
    };
    const watched = companions.watch(callee, typeOf(func));
    for (let n = 0; n < times; n++) await watched.invoke(call).catch(() => undefined);
  };
  const told = (tookMs: number, func = "f") => ({
    id: "1.1",
    source: CALLER,
    instance: IFACE,
    func,
    trace: new Map<string, string>(),
    signal: new AbortController().signal,
    at: 5,
    tookMs,
  });
  const reasons = (): unknown[] =>
    entries
      .filter(({ event }) => event === "companion.dismissed")
      .map(({ fields }) => fields["why"]);
  return {
    companions,
    calls,
    joined,
    links,
    workloads,
    targetLoad,
    callerPool,
    targetPool,
    records,
    told,
    entries,
    reasons,
  };
}

describe("who gets a companion", () => {
  test("a function that was quick 32 times, and no other", async () => {
    const { calls, joined } = setUp();

    await calls(31);
    expect(joined).toHaveLength(0);
    await calls(1);
    await calls(40, { func: "g", tookMs: 20 });

    expect(joined.map(({ entrusted }) => entrusted)).toEqual([["f"]]);
  });

  test("one companion answers all functions of its component that were quick", async () => {
    const { calls, joined } = setUp();

    await calls(32);
    await calls(32, { func: "g" });

    expect(joined.map(({ entrusted }) => entrusted)).toEqual([["f", "g"]]);
  });

  test("a slow or failed call takes four quick ones away", async () => {
    const { calls, joined } = setUp();

    await calls(31);
    await calls(1, { tookMs: 6 });
    await calls(1, { fails: true });
    await calls(8);
    expect(joined).toHaveLength(0);
    await calls(1);

    expect(joined).toHaveLength(1);
  });

  test.each([
    { why: "the target's guests may wait", options: { portable: false }, call: {} },
    {
      why: "the caller's are not answered in their worker",
      options: { accompanies: false },
      call: {},
    },
    { why: "the target may have one instance", options: { maxInstances: 1 }, call: {} },
    { why: "a companion could not answer it", options: {}, call: { func: "h" } },
    {
      why: "it goes by another link than the usual one",
      options: {},
      call: { more: { link: "backup" } },
    },
    { why: "a provider calls", options: {}, call: { more: { source: entityId("provider") } } },
    { why: "nobody known calls", options: {}, call: { more: { source: undefined } } },
    {
      why: "the host translates what the guest imports",
      options: {},
      call: { more: { instance: "x:y/z" } },
    },
  ])("nobody where $why", async ({ options, call }) => {
    const { calls, joined } = setUp(options);

    await calls(100, call);

    expect(joined).toEqual([]);
  });
});

describe("when it has to go", () => {
  test.each([
    { what: "its link goes", act: ({ links }: ReturnType<typeof setUp>) => links.set(new Map()) },
    {
      what: "its target stops",
      act({ workloads, companions }: ReturnType<typeof setUp>) {
        workloads.delete(TARGET);
        companions.review();
      },
    },
    {
      what: "another one takes its target's place",
      act({ workloads, companions, callerPool }: ReturnType<typeof setUp>) {
        const target = workloads.get(TARGET);
        if (target !== undefined) workloads.set(TARGET, { ...target, pool: callerPool });
        companions.review();
      },
    },
    {
      what: "its target may have one instance only",
      act({ workloads, companions }: ReturnType<typeof setUp>) {
        const target = workloads.get(TARGET);
        if (target === undefined) return;
        workloads.set(TARGET, { ...target, spec: { ...target.spec, maxInstances: 1 } });
        companions.review();
      },
    },
    {
      what: "its target's line is full",
      act: ({ targetLoad }: ReturnType<typeof setUp>) =>
        targetLoad.set({ running: 4, waiting: 100, accepting: false }),
    },
  ])("when $what; its trial begins again", async ({ act }) => {
    const stage = setUp();
    await stage.calls(32);

    act(stage);

    expect(stage.joined[0]?.dismissed).toBe(true);
    expect(stage.reasons()).toHaveLength(1);
  });

  test("it stays as long as nothing of that changes", async () => {
    const { calls, joined, links, companions, targetLoad } = setUp();
    await calls(32);

    links.set(new Map([...links.peek(), [entityId("other"), []]]));
    targetLoad.set({ running: 3, waiting: 2, accepting: true });
    companions.review();

    expect(joined[0]?.dismissed).toBe(false);
  });

  test("a new link gives a new companion, after a new trial", async () => {
    const { calls, joined, links } = setUp();
    const before = links.peek();
    await calls(32);
    links.set(new Map());
    joined[0]?.acknowledge();
    links.set(before);

    await calls(31);
    expect(joined).toHaveLength(1);
    await calls(1);

    expect(joined.map(({ dismissed }) => dismissed)).toEqual([true, false]);
  });

  test("who stops waits until its worker's companions, or those made of it, answer no more", async () => {
    const { calls, joined, companions, targetPool } = setUp();
    await calls(32);
    let released = false;

    const release = companions.release(targetPool).then(() => (released = true));
    await Promise.resolve();
    expect(released).toBe(false);
    joined[0]?.acknowledge();
    await release;
    await calls(100);

    expect(joined).toHaveLength(1);
  });

  test("a pair whose worker was lost gets none again", async () => {
    const { calls, joined, entries } = setUp();
    await calls(32);

    joined[0]?.lose(new LatticeError("worker-lost", "silent for 2000 ms"));
    await calls(10_000);

    expect(joined).toHaveLength(1);
    expect(entries.at(-1)).toMatchObject({
      event: "companion.lost",
      fields: { workload: "caller", target: "target", code: "worker-lost" },
    });
  });

  test("one whose worker was not needed any more does", async () => {
    const { calls, joined } = setUp();
    await calls(32);

    joined[0]?.lose(new LatticeError("closed", "fewer workers"));
    await calls(32);

    expect(joined).toHaveLength(2);
  });
});

describe("what it answers", () => {
  test("is recorded as calls within a node are, in a span of its own", async () => {
    const { calls, joined, records, told } = setUp();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await calls(32);

    joined[0]?.witness.ended({ ...told(0.02), trace: new Map([["traceparent", traceparent]]) });

    expect(records).toEqual([
      {
        id: "1.1",
        source: "caller",
        target: "target",
        instance: IFACE,
        func: "f",
        traceparent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b)/),
        at: 5,
        tookMs: 0.02,
        outcome: "ok",
      },
    ]);
  });

  test("fails in the words that the lattice has, and is recorded in its own", async () => {
    const { calls, joined, records, told, entries } = setUp();
    await calls(32);
    await calls(32, { func: "g" });
    const failed = (func: string) =>
      joined[0]?.witness.failed(told(0.1, func), new LatticeError("guest-trapped", "unreachable"));

    expect(() => failed("f")).toThrow("target ended f without a result: it failed there");
    expect(failed("g")).toEqual([]);

    expect(records).toMatchObject([
      { func: "f", outcome: "failed", error: "guest-trapped: unreachable" },
      { func: "g", outcome: "failed", error: "guest-trapped: unreachable" },
    ]);
    expect(entries.filter(({ event }) => event === "import.failed")).toMatchObject([
      { fields: { workload: "caller", func: "f", link: "default", target: "target" } },
    ]);
  });

  test("may be slow now and then", async () => {
    const { calls, joined, told } = setUp();
    await calls(32);

    for (let round = 0; round < 20; round++) {
      joined[0]?.witness.ended(told(7));
      for (let n = 0; n < 32; n++) joined[0]?.witness.ended(told(0.1));
    }

    // A worker takes the function from its companion each time, until it is told otherwise.
    expect(joined[0]?.entrusted).toHaveLength(21);
    expect(joined[0]?.dismissed).toBe(false);
  });

  test("may not be slow often: then the function owes a longer trial", async () => {
    const { calls, joined, told } = setUp();
    await calls(32);

    for (let n = 0; n < 5; n++) joined[0]?.witness.ended(told(7));
    expect(joined[0]?.entrusted).toHaveLength(5);
    await calls(127);
    expect(joined[0]?.entrusted).toHaveLength(5);
    await calls(1);

    expect(joined[0]?.entrusted).toHaveLength(6);
  });

  test("may not keep its caller's worker for half a second", async () => {
    const { calls, joined, told, reasons } = setUp();
    await calls(32);

    joined[0]?.witness.ended(told(500));
    await calls(10_000);

    expect(joined.map(({ dismissed }) => dismissed)).toEqual([true]);
    expect(reasons()).toEqual(["it kept the other guests of its caller waiting"]);
  });
});
