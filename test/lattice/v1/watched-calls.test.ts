/** The topics `calls` and `rates` of a host that serves over a real server. */
import { beforeAll, expect, test } from "vitest";
import type { Call } from "../../../src/core/call.ts";
import type { WatchedCall, WatchedCalls, WatchedRates } from "../../../src/core/watched-calls.ts";
import type { LocalComponent } from "../../support/local-runtime.ts";

import { createV1 } from "../../../src/dialects/v1/index.ts";
import { entityId, hostId, latticeId } from "../../../src/core/ids.ts";
import { parseWit } from "../../../src/wire/wit-text.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost, testHostId } from "../../support/lattice-host.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { openTestBus } from "../../support/nats-bus.ts";
import { realClock } from "../../support/real-clock.ts";
import { shared } from "../../support/shared.ts";

const interfaces = parseWit(`
  package demo:shop;
  interface till { buy: func(item: string, card-token: string) -> result<string, string>; }
  interface prices { price: func(item: string) -> u32; }
`).interfaces;
const only = (name: string) => new Map([...interfaces].filter(([each]) => each === name));
const config = parseWit(`
  package wasi:config@0.2.0-draft;
  interface store { get: func(key: string) -> result<option<string>, string>; }
`).interfaces;

const till: LocalComponent = {
  world: {
    imports: new Map([...only("demo:shop/prices"), ...config]),
    exports: only("demo:shop/till"),
  },
  functions: {},
  guest: (importing) => ({
    "demo:shop/till#buy": async (item) => {
      await importing("wasi:config/store@0.2.0-draft", "get", "currency");
      const [price] = await importing("demo:shop/prices", "price", item);
      return { tag: "ok", val: `${String(item)} for ${String(price)}` };
    },
  }),
};
const prices: LocalComponent = {
  world: { imports: new Map(), exports: only("demo:shop/prices") },
  functions: {
    "demo:shop/prices#price": async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return 7;
    },
  },
};

const server = shared(() => launchNats());
const node = shared(() => startHost({ url: server.ws }, { components: { till, prices } }));

/** Calls over the lattice, as another host does. */
async function buy(more: Partial<Call> = {}): Promise<readonly unknown[]> {
  await using bus = await openTestBus(server.ws);
  const lifetime = new AbortController();
  const caller = createV1(
    {
      control: bus,
      rpc: bus,
      lattice: latticeId("default"),
      host: hostId(testHostId()),
      clock: realClock,
      log: recordLog().log,
    },
    lifetime.signal,
  );
  try {
    return await caller.reach(entityId("till"), till.world).invoke({
      id: "1",
      source: entityId("customer"),
      target: entityId("till"),
      link: "default",
      instance: "demo:shop/till",
      func: "buy",
      args: ["tea", "tok-4711"],
      trace: new Map([["traceparent", `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`]]),
      signal: AbortSignal.timeout(30_000),
      ...more,
    });
  } finally {
    lifetime.abort();
  }
}

async function startShop(): Promise<void> {
  const annotations = new Map();
  const settings = { config: new Map([["currency", "doubloons"]]) };
  for (const id of ["till", "prices"].map(entityId)) {
    await node.host.scale({ id, image: id, maxInstances: 4, annotations, ...settings });
  }
  await node.host.run("link.put", {
    source: entityId("till"),
    target: entityId("prices"),
    name: "default",
    namespace: "demo",
    package: "shop",
    interfaces: ["prices"],
    sourceConfig: [],
    targetConfig: [],
  });
}
beforeAll(startShop);

test("a call of the lattice and the calls within it are told together, with values and without secrets", async () => {
  const ended = new AbortController();
  const told: WatchedCalls[] = [];
  const tell = async (update: WatchedCalls): Promise<void> => void told.push(update);
  const calls = (): readonly WatchedCall[] => told.flatMap((update) => update.calls);
  await node.host.watch("calls", tell, ended.signal);

  await buy();
  await expect.poll(calls).toHaveLength(3);
  ended.abort();

  const [asked, priced, bought] = calls();
  expect(bought).toMatchObject({
    way: "served",
    source: "customer",
    target: "till",
    instance: "demo:shop/till",
    func: "buy",
    outcome: "ok",
    args: [
      { name: "item", text: '"tea"' },
      { name: "card-token", text: "‹redacted›" },
    ],
    result: 'ok("tea for 7")',
  });
  expect(priced).toMatchObject({ way: "local", source: "till", target: "prices", result: "7" });
  expect(asked).toMatchObject({ way: "host", source: "till", func: "get", result: "‹redacted›" });
  expect([asked?.parent, priced?.parent]).toEqual([bought?.seq, bought?.seq]);
  expect(priced?.traceparent?.split("-")[1]).toBe("ab".repeat(16));
  expect(JSON.stringify(told)).not.toMatch(/doubloons|tok-4711/);
});

test("what is within a call begins and ends within it, and the parts of its time add up", async () => {
  const ended = new AbortController();
  const calls: WatchedCall[] = [];
  const tell = async (update: WatchedCalls): Promise<void> => void calls.push(...update.calls);
  await node.host.watch("calls", tell, ended.signal);

  await buy();
  await expect.poll(() => calls.length).toBe(3);
  ended.abort();

  const bought = calls.find(({ func }) => func === "buy");
  const priced = calls.find(({ func }) => func === "price");
  if (bought === undefined || priced === undefined) throw new Error("a call is missing");
  expect(priced.tookMs).toBeGreaterThanOrEqual(19);
  expect(priced.at).toBeGreaterThanOrEqual(bought.at);
  expect(priced.at + priced.tookMs).toBeLessThanOrEqual(bought.at + bought.tookMs + 0.01);
  for (const { times, tookMs } of calls) {
    const { waitedMs: _, ...parts } = times;
    const all = Object.values(parts).reduce((sum, part) => sum + part, 0);
    expect(all).toBeLessThanOrEqual(tookMs + 0.01);
  }
  expect(bought.times.decodeMs).toBeGreaterThanOrEqual(0);
  expect(bought.times.encodeMs).toBeGreaterThanOrEqual(0);
  expect(bought.times.guestMs).toBeGreaterThanOrEqual(19);
});

test("who watches the rates hears each second how many calls there were", async () => {
  const ended = new AbortController();
  const told: WatchedRates[] = [];
  await buy();

  await node.host.watch("rates", async (update) => void told.push(update), ended.signal);

  const sum = (): number =>
    told.at(-1)?.seconds.reduce((total, second) => total + second.calls, 0) ?? 0;
  await expect.poll(sum, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
  ended.abort();
  expect(told.at(-1)?.seconds.at(0)).toMatchObject({ errors: 0 });
});
