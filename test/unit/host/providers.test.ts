import { expect, test } from "vitest";
import type { Call } from "../../../src/core/call.ts";
import type { Dialect, Served } from "../../../src/core/dialect.ts";
import type { ProviderEvent } from "../../../src/core/event.ts";
import type { Provider, ProviderKind } from "../../../src/core/provider.ts";

import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { chain } from "../../../src/core/call.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { entityId, hostId, latticeId } from "../../../src/core/ids.ts";
import { createSource } from "../../../src/core/view.ts";
import * as providerCode from "../../../src/host/provider-run.ts";
import { createProviders } from "../../../src/host/providers.ts";
import { withCode } from "../../contract/bus.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { testHostId } from "../../support/lattice-host.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { sampleProvider } from "../../support/sample-provider.ts";

const id = entityId("sample");
const never = new AbortController().signal;
/** Lets everything happen that only waits for promises and the memory lattice. */
const settled = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) {
    // oxlint-disable-next-line no-await-in-loop -- turn by turn
    await new Promise((resolve) => setImmediate(resolve));
  }
};

/** The providers of one host; hosts that share a lattice share its leases. */
function setUp(kinds: readonly ProviderKind[], lattice = createMemoryLattice()) {
  const clock = fakeClock(1_700_000_000_000);
  const { log, entries } = recordLog();
  const events: string[] = [];
  const present = createSource(true);
  const served: Served[] = [];
  const dialect: Pick<Dialect, "serve"> & { refusal: Error | undefined } = {
    refusal: undefined,
    async serve(each) {
      if (dialect.refusal !== undefined) throw dialect.refusal;
      served.push(each);
      return { drain: () => settled() };
    },
  };
  const providers = createProviders({
    code: async () => providerCode,
    informed: async () => undefined,
    kinds,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is used
    dialects: [dialect as unknown as Dialect],
    facts: undefined,
    links: createSource(new Map()),
    control: lattice.connect(),
    host: hostId(testHostId()),
    lattice: latticeId("default"),
    jsDomain: undefined,
    clock,
    log,
    intercept: chain([]),
    present,
    callDeadlineMs: 30_000,
    placed: async (_, __, callee) => callee,
    reach: async () => {
      throw new Error("nobody is called");
    },
    announce: (event) => events.push(textOf(event)),
    changed: () => undefined,
  });
  return {
    providers,
    clock,
    entries,
    events,
    present,
    served,
    dialect,
    lattice,
    start: (image = "inlay:///sample", name = id) =>
      providers.start({ id: name, image, annotations: new Map(), configNames: [] }),
  };
}

function textOf(event: ProviderEvent): string {
  const { type } = event;
  if ("error" in event) return `${type}: ${event.error}`;
  return "reason" in event ? `${type}: ${event.reason}` : type;
}

const callOf = (signal = never): Call => ({
  id: "call",
  source: undefined,
  target: id,
  link: "default",
  instance: "demo:app/greeter",
  func: "greet",
  args: ["Ada"],
  trace: new Map(),
  signal,
});

test("a stop gives up a start that waits for a lease, and the provider may be started again", async () => {
  const first = sampleProvider({ exclusive: true });
  const holder = setUp([first.kind]);
  holder.start();
  await settled();
  const sample = sampleProvider({ exclusive: true });
  const other = setUp([sample.kind], holder.lattice);

  other.start();
  await settled();
  const waiting = other.providers.entries().map(({ state }) => state.phase);
  await other.providers.stop(id);
  await holder.providers.stop(id);
  other.start();
  await settled();

  expect(waiting).toEqual(["starting"]);
  expect(other.events).toEqual([
    "provider-start-failed: a later command stopped sample",
    "provider-started",
  ]);
  expect(sample.told).toEqual(["start {}"]);
});

test("of two starts at once the second is told that the first runs", async () => {
  const sample = sampleProvider();
  const { start, events } = setUp([sample.kind]);

  start();
  start();
  await settled();

  expect(events).toEqual([
    "provider-started",
    "provider-start-failed: provider is already running with that ID",
  ]);
  expect(start).toThrow(withCode("conflict"));
});

test("what refuses to serve has not started: the provider ends, and its lease is free", async () => {
  const sample = sampleProvider({ exclusive: true });
  const node = setUp([sample.kind]);
  node.dialect.refusal = new LatticeError("denied", "these credentials may not serve it");

  node.start();
  await settled();
  const other = setUp([sampleProvider({ exclusive: true }).kind], node.lattice);
  other.start();
  await settled();

  expect(node.events).toEqual(["provider-start-failed: these credentials may not serve it"]);
  expect(sample.told).toEqual(["start {}", "end"]);
  expect(node.providers.entries().map(({ state }) => state)).toEqual([
    { phase: "failed", error: "these credentials may not serve it" },
  ]);
  expect(other.events).toEqual(["provider-started"]);
});

test("a start that takes for ever is given up, and what comes of it later is ended", async () => {
  const sample = sampleProvider();
  const context: { finish: () => void } = { finish: () => undefined };
  const held: ProviderKind = {
    ...sample.kind,
    start: (...args) =>
      new Promise<Provider>((resolve) => {
        context.finish = () => resolve(sample.kind.start(...args));
      }),
  };
  const { start, events, clock } = setUp([held]);

  start();
  await settled();
  clock.advance(120_000);
  await settled();
  const before = [...events];
  context.finish();
  await settled();

  expect(before).toEqual(["provider-start-failed: sample had not started after 120 s"]);
  expect(sample.told).toEqual(["start {}", "end"]);
});

test("at most 256 calls are under way: then it leaves its groups until half have ended", async () => {
  const sample = sampleProvider();
  const { start, served, providers } = setUp([sample.kind]);
  let open = (): void => undefined;
  sample.gate = new Promise((resolve) => (open = () => resolve()));
  start();
  await settled();
  const [serving] = served;
  const call = async () => providers.running(id)?.callee.invoke(callOf());
  const calls = Array.from({ length: 256 }, call);

  const surplus = call();
  await expect(surplus).rejects.toThrow(withCode("overloaded"));
  const full = serving?.accepting.peek();
  open();
  await Promise.all(calls);

  expect(full).toBe(false);
  expect(serving?.accepting.peek()).toBe(true);
  expect(await call()).toEqual(["Hello, Ada!"]);
});

test("a node that keeps out of all groups keeps its providers out as well", async () => {
  const sample = sampleProvider();
  const { start, served, present } = setUp([sample.kind]);
  start();
  await settled();

  present.set(false);
  const away = served[0]?.accepting.peek();
  present.set(true);

  expect(away).toBe(false);
  expect(served[0]?.accepting.peek()).toBe(true);
});

test("no calls reach a provider that has ended, and a stop is not held up by one that hangs", async () => {
  const sample = sampleProvider();
  const { start, providers, clock, dialect, events } = setUp([sample.kind]);
  dialect.serve = async () => ({ drain: () => new Promise(() => undefined) });
  start();
  await settled();
  const { callee } = providers.running(id) ?? {};

  const stopping = providers.stop(id);
  await settled();
  const early = [...events];
  clock.advance(1000);
  await stopping;

  expect(early).toEqual(["provider-started"]);
  expect(events).toEqual(["provider-started", "provider-stopped: stop"]);
  await expect(callee?.invoke(callOf())).rejects.toThrow(withCode("closed"));
  await expect(providers.stop(id)).rejects.toThrow("provider with that ID is not running");
});

test("no word on its health is logged, and is no news", async () => {
  const sample = sampleProvider();
  const { start, clock, events, entries } = setUp([sample.kind]);
  start();
  await settled();

  sample.health = new Error("it does not know");
  clock.advance(5000);
  await settled();
  sample.health = { healthy: true };
  clock.advance(30_000);
  await settled();

  expect(events).toEqual(["provider-started", "provider-health-passed"]);
  expect(entries).toContainEqual(
    expect.objectContaining({
      event: "provider.health-unknown",
      fields: { provider: "sample", problem: "it does not know" },
    }),
  );
});

test("a host that stops ends what runs and what starts, and takes no more", async () => {
  const sample = sampleProvider();
  const held: ProviderKind = {
    name: "held",
    exclusive: false,
    start: () => new Promise(() => undefined),
  };
  const { start, providers } = setUp([sample.kind, held]);
  start();
  start("inlay:///held", entityId("held"));
  await settled();

  await providers.stopAll(AbortSignal.timeout(30_000));
  start();
  await settled();

  expect(sample.told).toEqual(["start {}", "end"]);
  expect(providers.entries()).toEqual([]);
});
