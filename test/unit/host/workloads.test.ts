import { expect, test } from "vitest";
import type { ScaleRequest } from "../../../src/core/command.ts";
import type { HostEvent } from "../../../src/core/event.ts";
import type { Component, Runtime } from "../../../src/core/runtime.ts";
import type { ImageSource } from "../../../src/core/workload.ts";

import { chain } from "../../../src/core/call.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { createSource } from "../../../src/core/view.ts";
import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { createWorkloads } from "../../../src/host/workloads.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { localRuntime } from "../../support/local-runtime.ts";
import { recordLog } from "../../support/log-recorder.ts";

const id = entityId("hello");
const empty = { world: { imports: new Map(), exports: new Map() }, functions: {} };

/** A runtime whose loads end when the test says so, or when they are given up. */
function heldRuntime(): Runtime & {
  readonly loads: { readonly image: ImageSource; finish(): void; fail(error: Error): void }[];
  readonly runs: string[];
} {
  const inner = localRuntime({ any: empty });
  const loads: ReturnType<typeof heldRuntime>["loads"] = [];
  const runs: string[] = [];
  return {
    loads,
    runs,
    load: (image, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        const finish = async (): Promise<Component> => {
          const component = await inner.load({ reference: "any" }, { signal });
          return {
            ...component,
            run(options) {
              const text = "bytes" in image ? `bytes of ${image.bytes.length}` : image.reference;
              runs.push(`${text} with ${options.limits.maxMemoryBytes}`);
              return component.run(options);
            },
          };
        };
        loads.push({ image, finish: () => void finish().then(resolve, reject), fail: reject });
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function setUp(informed: () => Promise<unknown> = async () => undefined) {
  const runtime = heldRuntime();
  const events: string[] = [];
  const told = { changes: 0 };
  const clock = fakeClock();
  const { log } = recordLog();
  const workloads = createWorkloads({
    runtime,
    dialects: [],
    clock,
    intercept: chain([]),
    informed,
    interfaces: async () => createInterfaces(),
    facts: undefined,
    placed: async (_, __, pool) => pool,
    imports: async () => ({ invoke: () => Promise.reject(new Error("nothing is imported")) }),
    present: createSource(true),
    limits: DEFAULT_LIMITS,
    log,
    announce: (event) => events.push(textOf(event)),
    changed: () => (told.changes += 1),
    released: () => Promise.resolve(),
  });
  const scale = (image: string, maxInstances: number, rest: Partial<ScaleRequest> = {}) =>
    workloads.scale({ id, image, maxInstances, annotations: new Map(), ...rest }).done;
  return { runtime, events, told, clock, workloads, scale };
}

function textOf(event: HostEvent): string {
  if (event.type === "workload-scaled") return `${event.image} ${event.maxInstances}`;
  if (event.type === "workload-scale-failed") return `${event.image} failed: ${event.error}`;
  return event.type;
}

/** Lets everything happen that only waits for promises. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a start ends with its event once it serves", async () => {
  const { runtime, events, scale } = setUp();

  const done = scale("a", 2);
  await settled();
  const early = [...events];
  runtime.loads[0]?.finish();
  await done;

  expect(early).toEqual([]);
  expect(events).toEqual(["a 2"]);
});

test("a start waits until the host knows what the lattice keeps, and no longer than it is wanted", async () => {
  let inform = (): void => undefined;
  const informed = new Promise<void>((resolve) => (inform = resolve));
  const { runtime, events, scale } = setUp(() => informed);

  const givenUp = scale("a", 1).catch(String);
  await settled();
  await scale("a", 0);
  expect(await givenUp).toContain("a later command stopped hello");
  const done = scale("b", 1);
  await settled();
  expect(runtime.loads).toEqual([]);
  inform();
  await settled();
  runtime.loads[0]?.finish();
  await done;

  expect(events.at(-1)).toBe("b 1");
});

test("a call that begins is told before it ends, so that views show what still runs", async () => {
  const { runtime, told, workloads, scale } = setUp();
  const done = scale("a", 1);
  await expect.poll(() => runtime.loads.length).toBe(1);
  runtime.loads[0]?.finish();
  await done;
  const before = told.changes;

  const load = workloads.running(id)?.pool.load;
  if (load === undefined || !("set" in load) || typeof load.set !== "function") {
    throw new Error("the local runtime's load is no source");
  }
  load.set({ running: 1, waiting: 0, accepting: true });

  expect(told.changes).toBe(before + 1);
});

test("a stop gives up everything of its id that has not ended", async () => {
  const { events, scale, workloads } = setUp();
  const first = scale("a", 1).catch(String);
  const second = scale("a", 2).catch(String);
  await settled();

  await scale("a", 0);

  expect(await first).toContain("a later command stopped hello");
  expect(await second).toContain("a later command stopped hello");
  expect(events).toEqual([
    "a failed: a later command stopped hello",
    "a failed: a later command stopped hello",
    "a 0",
  ]);
  expect(workloads.entries()).toEqual([]);
});

test("a stop gives up an update that still loads", async () => {
  const { runtime, events, scale, workloads } = setUp();
  const done = scale("a", 1);
  await settled();
  runtime.loads[0]?.finish();
  await done;
  workloads.update({ id, image: "b", annotations: new Map() });
  await settled();

  await scale("a", 0);

  expect(events).toEqual(["a 1", "a 0"]);
  expect(workloads.entries()).toEqual([]);
});

test("stopping the host waits for nothing that hangs", async () => {
  const { events, scale, workloads } = setUp();
  const start = scale("a", 1).catch(String);
  await settled();

  await workloads.stopAll(AbortSignal.timeout(1000));

  expect(await start).toContain("this host is stopping");
  expect(events).toEqual(["a failed: this host is stopping"]);
  await expect(scale("b", 1)).rejects.toMatchObject({ code: "closed" });
});

test("a start that takes five minutes is given up, and one that runs is not", async () => {
  const { runtime, clock, events, scale, workloads } = setUp();
  const slow = scale("a", 1).catch(String);
  await settled();
  clock.advance(300_000);
  expect(await slow).toContain("not ready within 300 s");

  const done = scale("a", 1);
  await settled();
  runtime.loads[1]?.finish();
  await done;
  clock.advance(3_600_000);
  await settled();

  expect(events.at(-1)).toBe("a 1");
  expect(workloads.running(id)?.pool.load.peek().accepting).toBe(true);
});

test("new bytes, limits or configuration take the place of what runs; the image's name alone does not", async () => {
  const { runtime, events, scale } = setUp();
  const load = async (done: Promise<void>): Promise<void> => {
    await settled();
    runtime.loads.at(-1)?.finish();
    await done;
  };
  await load(scale("a", 1));

  await scale("b", 1);
  await load(scale("a", 1, { bytes: new Uint8Array(7) }));
  await load(scale("a", 1, { limits: { maxMemoryBytes: 1000 } }));
  await load(scale("a", 1, { config: new Map([["k", "v"]]) }));
  await scale("a", 3, { config: new Map([["k", "v"]]) });

  expect(runtime.runs).toEqual([
    "a with 268435456",
    "bytes of 7 with 268435456",
    "bytes of 7 with 1000",
    "bytes of 7 with 1000",
  ]);
  expect(events).toEqual(["a 1", "a 1", "a 1", "a 1", "a 1", "a 3"]);
});

test("allow_update moves to the other image after scaling", async () => {
  const { runtime, events, scale } = setUp();
  const done = scale("a", 1);
  await settled();
  runtime.loads[0]?.finish();
  await done;

  const moved = scale("b", 4, { allowUpdate: true });
  await settled();
  runtime.loads[1]?.finish();
  await moved;

  expect(events).toEqual(["a 1", "a 4", "b 4", "a 0"]);
});

test("without a place for named configuration it is refused, also by a component that runs", async () => {
  const { runtime, events, scale } = setUp();
  const done = scale("a", 1);
  await settled();
  runtime.loads[0]?.finish();
  await done;

  await expect(scale("a", 2, { configNames: ["x"] })).rejects.toMatchObject({
    code: "unsupported",
  });

  expect(events).toEqual(["a 1", "a failed: no dialect of this node keeps configuration: x"]);
});

test("of failed starts the last fifty are kept to be shown", async () => {
  const { runtime, workloads } = setUp();

  for (let n = 0; n < 60; n++) {
    const request = { id: entityId(`w${n}`), image: "a", maxInstances: 1, annotations: new Map() };
    const { done } = workloads.scale(request);
    await settled();
    runtime.loads[n]?.fail(new LatticeError("image-unavailable", "gone"));
    await expect(done).rejects.toThrow("gone");
  }

  const shown = workloads.entries().map(({ spec }) => spec.id);
  expect(shown.length).toBe(50);
  expect(shown.at(-1)).toBe("w59");
});
