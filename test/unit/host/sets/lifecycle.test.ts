/** What becomes of a set: each state, and that nothing half-started stays. */
import { describe, expect, test } from "vitest";

import type { Component, PoolLoad } from "../../../../src/core/runtime.ts";
import type { LatticeError as Failure } from "../../../../src/core/error.ts";
import type { LocalComponent } from "../../../support/local-runtime.ts";

import { LatticeError } from "../../../../src/core/error.ts";
import { createSource } from "../../../../src/core/view.ts";
import { localRuntime } from "../../../support/local-runtime.ts";
import {
  callMember,
  createTestSets,
  entryOf,
  memberOf,
  sampleOffer,
  serviceOf,
  setOf,
  settled,
  worldOf,
} from "../../../support/sets.ts";

const WIT = `
package demo:app@1.0.0;
interface drive { go: func(word: string) -> string; }
package wasi:cli@0.2.0 { interface run { run: func() -> result; } }
`;
const DRIVE = "demo:app/drive@1.0.0";
const RUN = "wasi:cli/run@0.2.0";
const DRIVEN = [entryOf("demo:app", ["drive"])];
const EMPTY = [{ name: "data", kind: "empty" }] as const;

const plain: LocalComponent = {
  world: worldOf(WIT, { exports: [DRIVE] }),
  functions: { [`${DRIVE}#go`]: (word) => `went ${String(word)}` },
};
const runner = (run: () => unknown): LocalComponent => ({
  world: worldOf(WIT, { exports: [RUN] }),
  functions: { [`${RUN}#run`]: run },
});
const exportsDrive = { exports: [entryOf("demo:app@1.0.0", ["drive"])] };

/** A promise that a test resolves. */
function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

describe("a set that is not there", () => {
  test("is absent to status and stop", async () => {
    const { sets } = createTestSets({});
    const absent = { id: "x", phase: "absent", message: "Workload not found" };

    expect(sets.status("x")).toEqual(absent);
    expect(await sets.stop("x")).toEqual(absent);
  });
});

describe("while it starts", () => {
  test("it says so, and shows what it loads", async () => {
    const loading = gate();
    const inner = localRuntime({ plain });
    const runtime = {
      ...inner,
      load: async (...args: Parameters<typeof inner.load>): Promise<Component> => {
        args[1].onProgress?.({ stage: "fetch", bytes: 5 });
        await loading.opened;
        return inner.load(...args);
      },
    };
    const { sets } = createTestSets({}, { runtime });

    const started = sets.start(setOf(["plain"]));
    await settled();

    expect(sets.status("set-1")).toEqual({
      id: "set-1",
      phase: "starting",
      message: "Workload is Starting",
    });
    expect(sets.entries()[0]?.members.map(({ entry: { state } }) => state)).toEqual([
      { phase: "starting", progress: { stage: "fetch", bytes: 5 } },
    ]);
    loading.open();
    expect((await started).phase).toBe("running");
  });

  test("a stop gives it up, and both are answered when nothing of it is left", async () => {
    const sample = sampleOffer(
      { id: "slow", ...exportsDrive },
      {
        begin: (signal) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
          }),
      },
    );
    let ended = 0;
    const component = { ...plain, onEnd: () => ended++ };
    const { sets, volumes } = createTestSets({ component }, { offers: [sample.offer] });
    const started = sets.start(setOf(["component"], { interfaces: DRIVEN, volumes: EMPTY }));
    await expect.poll(() => sample.told).toEqual(["bind", "begin"]);

    const stopped = await sets.stop("set-1");

    expect(stopped).toEqual({
      id: "set-1",
      phase: "stopping",
      message: "Workload stopped successfully",
    });
    expect(await started).toMatchObject({ id: "set-1", phase: "stopping" });
    expect(sets.entries()).toEqual([]);
    expect(sample.told).toEqual(["bind", "begin", "dispose"]);
    expect(volumes).toEqual([]);
    expect(ended).toBe(1);
  });

  test("it has five minutes", async () => {
    const runtime = {
      ...localRuntime({}),
      load: (_: unknown, { signal }: { readonly signal: AbortSignal }): Promise<Component> =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
    };
    const { sets, clock } = createTestSets({}, { runtime });
    const started = sets.start(setOf(["plain"]));
    await settled();

    clock.advance(300_000);

    expect(await started).toEqual({
      id: "set-1",
      phase: "failed",
      message: "the workload was not ready within 300 s",
    });
  });
});

describe("what fails in a start undoes all before it", () => {
  const refusing = (): Promise<never> => Promise.reject(new LatticeError("bad-input", "not me"));
  const broken: LocalComponent = {
    world: worldOf(WIT, { imports: [DRIVE] }),
    functions: {},
    onRun: () => {
      throw new LatticeError("bad-image", "does not run");
    },
  };
  const first = () => sampleOffer({ id: "a", ...exportsDrive });

  test.each([
    { step: "bind", hooks: { bind: refusing }, told: ["bind"], ran: 0, error: "not me" },
    {
      step: "begin",
      hooks: { begin: refusing },
      told: ["bind", "begin", "dispose"],
      ran: 1,
      error: "not me",
    },
  ])("$step of an offer", async ({ hooks, told, ran, error }) => {
    const early = sampleOffer({
      id: "early",
      exports: [entryOf("demo:app@1.0.0", ["drive"])],
      named: true,
    });
    const late = sampleOffer({ id: "late", ...exportsDrive }, hooks);
    const runs: string[] = [];
    const component = {
      ...plain,
      onRun: () => void runs.push("run"),
      onEnd: () => void runs.push("end"),
    };
    const { sets, volumes } = createTestSets({ component }, { offers: [early.offer, late.offer] });
    const interfaces = [
      entryOf("demo:app", ["drive"], { name: "early" }),
      entryOf("demo:app", ["drive"]),
    ];

    const started = await sets.start(setOf(["component"], { interfaces, volumes: EMPTY }));

    expect(started).toMatchObject({ phase: "failed", message: error });
    expect(early.told.filter((each) => each !== "begin" && each !== "end")).toEqual([
      "bind",
      "dispose",
    ]);
    expect(late.told).toEqual(told);
    expect(runs.filter((each) => each === "run")).toHaveLength(ran);
    expect(runs.filter((each) => each === "end")).toHaveLength(ran);
    expect(volumes).toEqual([]);
    expect(sets.entries().map(({ phase, members }) => [phase, members])).toEqual([["failed", []]]);
  });

  test("a component that does not run", async () => {
    const offer = first();
    let ended = 0;
    const { sets } = createTestSets(
      { plain: { ...plain, onEnd: () => ended++ }, broken },
      { offers: [offer.offer] },
    );

    const started = await sets.start(setOf(["broken", "plain"], { interfaces: DRIVEN }));

    expect(started).toMatchObject({ phase: "failed", message: "does not run" });
    expect(offer.told).toEqual(["bind", "dispose"]);
    expect(ended).toBe(1);
  });

  test("an import that nobody meets is named before anything starts", async () => {
    const offer = first();
    const runs: string[] = [];
    const lost: LocalComponent = {
      ...plain,
      world: worldOf(`${WIT} package x:y@1.0.0 { interface z { f: func(); } }`, {
        imports: ["x:y/z@1.0.0"],
        exports: [DRIVE],
      }),
      onRun: () => void runs.push("run"),
    };
    const { sets } = createTestSets({ lost }, { offers: [offer.offer] });

    const started = await sets.start(setOf(["lost"], { interfaces: DRIVEN }));

    expect(started.message).toMatch(
      /^component 'lost' imports x:y\/z@1.0.0: a matching implementation was not found in the linker/,
    );
    expect([...offer.told, ...runs]).toEqual([]);
  });

  test("what it looks like is checked before anything is loaded", async () => {
    const { sets } = createTestSets({ plain });

    const started = await sets.start(
      setOf(["plain"], { volumes: [{ name: "disk", kind: "host-path" }] }),
    );

    expect(started.message).toContain("volume 'disk' is a host path");
  });
});

describe("a stop", () => {
  test("waits for calls that run, and is answered at once where one is under way", async () => {
    const working = gate();
    const sample = sampleOffer({ id: "driver", ...exportsDrive });
    const component: LocalComponent = {
      ...plain,
      functions: {
        [`${DRIVE}#go`]: async () => {
          await working.opened;
          return "done";
        },
      },
    };
    const { sets } = createTestSets({ component }, { offers: [sample.offer] });
    await sets.start(setOf(["component"], { interfaces: DRIVEN }));
    const call = callMember(sample.members.get("component"), DRIVE, "go", ["x"]);

    const stopped = sets.stop("set-1");
    await settled();
    const second = await sets.stop("set-1");
    const status = sets.status("set-1");
    const again = await sets.start(setOf(["component"]));
    working.open();

    expect(await call).toBe("done");
    expect(second).toEqual({ id: "set-1", phase: "stopping", message: "Workload is Stopping" });
    expect(status.phase).toBe("stopping");
    expect(again.message).toContain("already exists");
    expect((await stopped).message).toBe("Workload stopped successfully");
    expect(sets.status("set-1").phase).toBe("absent");
  });

  test("of one does not wait for another", async () => {
    const stuck = sampleOffer({ id: "a", ...exportsDrive }, { end: () => new Promise(() => {}) });
    const { sets } = createTestSets({ plain }, { offers: [stuck.offer] });
    await sets.start(setOf(["plain"], { interfaces: DRIVEN }));
    await sets.start(setOf(["plain"], { id: "set-2" }));

    void sets.stop("set-1");
    const other = await sets.stop("set-2");

    expect(other.message).toBe("Workload stopped successfully");
    expect(sets.status("set-1").phase).toBe("stopping");
    await sets.stopAll(AbortSignal.abort());
  });

  test("of the node waits no longer than it may for calls that do not end", async () => {
    const sample = sampleOffer({ id: "driver", ...exportsDrive });
    let ended = 0;
    const endless: LocalComponent = {
      ...plain,
      functions: { [`${DRIVE}#go`]: () => new Promise(() => {}) },
      onEnd: () => ended++,
    };
    const { sets } = createTestSets({ endless }, { offers: [sample.offer] });
    await sets.start(setOf(["endless"], { interfaces: DRIVEN }));
    const caller = new AbortController();
    const call = callMember(sample.members.get("endless"), DRIVE, "go", ["x"], caller.signal);
    call.catch(() => undefined);
    await settled();

    await sets.stopAll(AbortSignal.timeout(50));
    await expect.poll(() => ended).toBe(1);
    caller.abort(new LatticeError("aborted", "over"));

    expect(sets.entries()).toEqual([]);
    expect(sample.told).toEqual(["bind", "begin", "end", "dispose"]);
  });

  test("of the node ends all sets and takes no more", async () => {
    const { sets, ingress } = createTestSets({ plain });
    await sets.start(setOf(["plain"]));
    await sets.start(setOf(["plain"], { id: "set-2" }));

    await sets.stopAll(AbortSignal.timeout(10_000));
    const late = await sets.start(setOf(["plain"], { id: "set-3" }));

    expect(late).toEqual({ id: "set-3", phase: "failed", message: "this host is stopping" });
    expect(sets.entries()).toEqual([]);
    expect([...ingress]).toEqual([]);
  });
});

describe("a component that cannot be brought back", () => {
  test("makes its set fail, of which nothing is left then", async () => {
    const broken = createSource<Failure | undefined>(undefined);
    let ended = 0;
    const sample = sampleOffer({ id: "driver", ...exportsDrive });
    const component = { ...plain, broken, onEnd: () => ended++ };
    const { sets } = createTestSets({ component }, { offers: [sample.offer] });
    await sets.start(setOf(["component"], { interfaces: DRIVEN }));

    broken.set(new LatticeError("worker-lost", "no worker can be started"));
    const status = sets.status("set-1");
    await expect.poll(() => sample.told.at(-1)).toBe("dispose");

    expect(status).toEqual({
      id: "set-1",
      phase: "failed",
      message: "Error: component 'component' cannot be called any more: no worker can be started",
    });
    expect(ended).toBe(1);
    expect(sets.status("set-1").phase).toBe("failed");
    expect((await sets.stop("set-1")).phase).toBe("stopping");
    expect(sets.status("set-1").phase).toBe("absent");
  });
});

describe("calls that come no more", () => {
  const denied = () => createSource<Failure | undefined>(undefined);
  const refusal = new LatticeError("denied", "the server refuses it");

  test("by an offer make the set fail, of which nothing is left then", async () => {
    const broken = denied();
    const sample = sampleOffer({ id: "driver", ...exportsDrive }, { broken });
    const { sets } = createTestSets({ plain }, { offers: [sample.offer] });
    await sets.start(setOf(["plain"], { interfaces: DRIVEN }));

    broken.set(refusal);
    const status = sets.status("set-1");
    await expect.poll(() => sample.told.at(-1)).toBe("dispose");

    expect(status).toEqual({
      id: "set-1",
      phase: "failed",
      message: "Error: driver: the server refuses it",
    });
  });

  test("by HTTP do so as well", async () => {
    const broken = denied();
    const handler = "wrpc:http/incoming-handler@0.1.0";
    const web = {
      ...plain,
      world: { imports: new Map(), exports: new Map([[handler, new Map()]]) },
    };
    const { sets, ingress } = createTestSets({ web }, { broken });
    const config = new Map([["host", "shop.example"]]);
    const interfaces = [entryOf("wasi:http", ["incoming-handler"], { config })];
    await sets.start(setOf(["web"], { interfaces }));

    broken.set(refusal);

    expect(sets.status("set-1")).toMatchObject({
      phase: "failed",
      message: "Error: HTTP requests come no more: the server refuses it",
    });
    await expect.poll(() => ingress.size).toBe(0);
  });

  test("and that were refused while the set was started let the start fail", async () => {
    const broken = createSource<Failure | undefined>(refusal);
    const sample = sampleOffer({ id: "driver", ...exportsDrive }, { broken });
    const { sets } = createTestSets({ plain }, { offers: [sample.offer] });

    const started = await sets.start(setOf(["plain"], { interfaces: DRIVEN }));

    expect(started).toMatchObject({ phase: "failed", message: "driver: the server refuses it" });
  });
});

describe("a service", () => {
  const ok = { tag: "ok", val: undefined };

  test("that ends well completes a set of nothing else", async () => {
    const { sets } = createTestSets({ once: runner(() => ok) });

    await sets.start(setOf([], { service: serviceOf("once") }));
    await expect.poll(() => sets.status("set-1").phase).toBe("completed");

    expect(sets.status("set-1").message).toBe("Workload is Completed");
    expect((await sets.stop("set-1")).phase).toBe("stopping");
  });

  test("that ends well leaves the others running", async () => {
    const { sets, log } = createTestSets({ once: runner(() => ok), plain });

    await sets.start(setOf(["plain"], { service: serviceOf("once") }));
    await log.heard("service.ended");

    expect(sets.status("set-1").phase).toBe("running");
  });

  test("that fails is called again, and the set fails when its restarts are used up", async () => {
    let runs = 0;
    const failing = runner(() => {
      runs++;
      throw new LatticeError("guest-trapped", "unreachable executed");
    });
    const { sets, clock, log } = createTestSets({ failing, plain });
    await sets.start(setOf(["plain"], { service: serviceOf("failing", { maxRestarts: 1 }) }));
    await log.heard("service.restarting");
    const before = sets.status("set-1").phase;

    clock.advance(500);
    await expect.poll(() => sets.status("set-1").phase).toBe("failed");

    expect(before).toBe("running");
    expect(runs).toBe(2);
    expect(sets.status("set-1").message).toBe(
      "Error: service failed after 1 restart: unreachable executed",
    );
  });

  test("is ended by a stop, and has no deadline before", async () => {
    let deadlineMs = 0;
    const endless: LocalComponent = {
      ...runner(() => new Promise(() => {})),
      onRun: ({ limits }) => (deadlineMs = limits.callDeadlineMs),
    };
    const { sets, calls } = createTestSets({ endless });
    await sets.start(setOf([], { service: serviceOf("endless") }));

    await sets.stop("set-1");

    expect(deadlineMs).toBe(0x7fff_ffff);
    expect(calls.map(({ target, func, outcome }) => [target, func, outcome])).toEqual([
      ["default/shop/service", "run", "aborted"],
    ]);
  });

  test("with a single export stays to be called, as one instance", async () => {
    const options: unknown[] = [];
    const live = {
      ...plain,
      onRun: ({ kept, maxInstances }: { kept?: unknown; maxInstances: number }) =>
        void options.push({ kept, maxInstances }),
    };
    const sample = sampleOffer({ id: "driver", ...exportsDrive });
    const { sets } = createTestSets({ live }, { offers: [sample.offer] });

    await sets.start(setOf([], { service: serviceOf("live"), interfaces: DRIVEN }));
    const said = await callMember(sample.members.get("service"), DRIVE, "go", ["on"]);

    expect(said).toBe("went on");
    expect(options).toEqual([{ kept: { instances: 1, maxCalls: 0 }, maxInstances: 1 }]);
    expect(sets.status("set-1").phase).toBe("running");
  });

  test("that nobody could call is refused", async () => {
    const none: LocalComponent = { world: worldOf(WIT, {}), functions: {} };
    const { sets } = createTestSets({ none });

    const started = await sets.start(setOf([], { service: serviceOf("none") }));

    expect(started.message).toBe(
      "service must export wasi:cli/run or have exactly one export, and has 0",
    );
  });
});

describe("how much a node keeps", () => {
  test("of sets that have failed the newest fifty", async () => {
    const { sets } = createTestSets({});

    for (let count = 0; count < 52; count++) await sets.start(setOf(["gone"], { id: `s${count}` }));

    expect(sets.entries()).toHaveLength(50);
    expect(sets.status("s1").phase).toBe("absent");
    expect(sets.status("s2").phase).toBe("failed");
  });

  test("of components of sets that run 256, and a start beyond leaves nothing", async () => {
    const { sets } = createTestSets({ plain });
    const members = Array.from({ length: 64 }, (_, index) =>
      memberOf(`m${index}`, { image: { reference: "plain" } }),
    );
    for (const id of ["a", "b", "c", "d"]) await sets.start(setOf(members, { id }));

    const refused = await sets.start(setOf(["plain"], { id: "e" }));
    await sets.stop("a");
    const taken = await sets.start(setOf(["plain"], { id: "e" }));

    expect(refused).toEqual({
      id: "e",
      phase: "failed",
      message: "this host has 256 components of workloads, and takes 256",
    });
    expect(taken.phase).toBe("running");
  });
});

test("a call that begins is told, so that views show it", async () => {
  const load = createSource<PoolLoad>({ running: 0, waiting: 0, accepting: true });
  const { sets, told } = createTestSets({ plain: { ...plain, load } });
  await sets.start(setOf(["plain"]));
  const before = told.changes;

  load.set({ running: 1, waiting: 0, accepting: true });

  expect(told.changes).toBe(before + 1);
});
