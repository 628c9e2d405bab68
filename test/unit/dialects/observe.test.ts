import { setMaxListeners } from "node:events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { MemoryConnectOptions } from "../../../src/bus/memory-bus.ts";
import type { Bus } from "../../../src/core/bus.ts";
import type { Word } from "../../../src/core/observation.ts";

import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { hostId, latticeId } from "../../../src/core/ids.ts";
import { observe as observeV0 } from "../../../src/dialects/v0/observe.ts";
import { observe as observeV1 } from "../../../src/dialects/v1/observe.ts";
import { observe as observeV2 } from "../../../src/dialects/v2/observe.ts";
import { hostHeartbeat } from "../../../src/dialects/v2/schema.ts";
import { createRoster } from "../../../src/host/watch/roster.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { recordLog } from "../../support/log-recorder.ts";

// What is heard ends by one signal; Node takes more than ten for a leak.
setMaxListeners(0);

const SELF = `N${"A".repeat(55)}`;
const OTHER = `N${"B".repeat(55)}`;
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
/** Lets everything happen that only waits for the bus in memory. */
const settled = async (): Promise<void> => {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve));
};

const starters = {
  v0: observeV0,
  v1: observeV1,
  v2: (parts, hear, signal) => observeV2(parts, "own-id", hear, signal),
} satisfies Record<string, typeof observeV1>;

function setUp(generation: keyof typeof starters = "v1", options: MemoryConnectOptions = {}) {
  const clock = fakeClock(1_000_000);
  const lattice = createMemoryLattice({ clock });
  const bus = lattice.connect(options);
  const peer = lattice.connect();
  const { log, entries } = recordLog();
  const ended = new AbortController();
  const heard: Word[] = [];
  const parts = {
    control: bus,
    rpc: bus,
    lattice: latticeId("default"),
    host: hostId(SELF),
    clock,
    log,
  };
  const start = () => starters[generation](parts, (word) => heard.push(word), ended.signal);
  return { clock, bus, peer, entries, ended, heard, start };
}

const event = (peer: Bus, name: string, source: unknown, data: unknown): void =>
  peer.publish(`wasmbus.evt.default.${name}`, encode({ source, data }));

const HOST = {
  friendly_name: "solid-rock-0002",
  labels: { zone: "edge" },
  version: "1.9.2",
  uptime_seconds: 10,
};
const INVENTORY = {
  ...HOST,
  components: [{ id: "hello", image_ref: "r/hello:1", max_instances: 3, annotations: { a: "b" } }],
  providers: [{ id: "kv", image_ref: "r/kv:1", annotations: {} }],
};

/** Answers as a host of 1.x; gives the subjects of questions. */
function answerAs(peer: Bus, id: string, inventory: () => object = () => INVENTORY): string[] {
  const asked: string[] = [];
  const answer = (subject: string, response: () => object): void => {
    peer.subscribe(subject, ({ reply }) => {
      asked.push(subject);
      if (reply !== undefined) {
        peer.publish(reply, encode({ success: true, message: "", response: response() }));
      }
    });
  };
  answer("wasmbus.ctl.v1.default.host.ping", () => ({ ...HOST, id }));
  answer(`wasmbus.ctl.v1.default.host.get.${id}`, inventory);
  return asked;
}

const WORD = {
  friendlyName: "solid-rock-0002",
  labels: new Map([["zone", "edge"]]),
  version: "1.9.2",
  uptimeSeconds: 10,
};
const INVENTORY_WORD = {
  ...WORD,
  components: [
    {
      id: "hello",
      image: "r/hello:1",
      name: undefined,
      maxInstances: 3,
      annotations: new Map([["a", "b"]]),
    },
  ],
  providers: [
    { id: "kv", linkName: undefined, image: "r/kv:1", name: undefined, annotations: new Map() },
  ],
};

describe("hosts of 1.x", () => {
  test("that are there are asked for all of themselves at the beginning", async () => {
    const { clock, peer, heard, start } = setUp();
    answerAs(peer, OTHER);

    const { listening } = start();
    await settled();
    const before = listening.peek();
    clock.advance(2_000);

    expect(heard).toEqual([
      { type: "presence", host: OTHER, word: WORD },
      { type: "inventory", host: OTHER, inventory: INVENTORY_WORD },
    ]);
    expect([before, listening.peek()]).toEqual([{ phase: "asking" }, { phase: "live" }]);
  });

  test("are heard as they come, change and go; this node is not", async () => {
    const { peer, heard, start } = setUp();
    start();
    await settled();

    event(peer, "host_heartbeat", SELF, INVENTORY);
    event(peer, "host_heartbeat", OTHER, INVENTORY);
    event(peer, "component_scaled", OTHER, {
      component_id: "hello",
      image_ref: "r/hello:1",
      max_instances: 0,
      annotations: {},
    });
    event(peer, "provider_started", OTHER, { provider_id: "kv", image_ref: "r/kv:1" });
    event(peer, "health_check_failed", OTHER, { host_id: OTHER, provider_id: "kv" });
    event(peer, "labels_changed", OTHER, { host_id: OTHER, labels: { zone: "eu" } });
    event(peer, "provider_stopped", OTHER, { provider_id: "kv", link_name: "default" });
    event(peer, "host_stopped", OTHER, { labels: {} });
    await settled();

    expect(heard).toEqual([
      { type: "inventory", host: OTHER, inventory: INVENTORY_WORD },
      {
        type: "scaled",
        host: OTHER,
        component: {
          id: "hello",
          image: "r/hello:1",
          name: undefined,
          maxInstances: 0,
          annotations: new Map(),
        },
      },
      {
        type: "provider",
        host: OTHER,
        provider: {
          id: "kv",
          linkName: undefined,
          image: "r/kv:1",
          name: undefined,
          annotations: new Map(),
        },
      },
      { type: "health", host: OTHER, id: "kv", linkName: undefined, healthy: false },
      { type: "labels", host: OTHER, labels: new Map([["zone", "eu"]]) },
      { type: "provider-stopped", host: OTHER, id: "kv", linkName: undefined },
      { type: "stopped", host: OTHER },
    ]);
  });

  test("that say that they have started before they listen are asked once more", async () => {
    const { clock, peer, heard, start } = setUp();
    start();
    await settled();

    event(peer, "host_started", OTHER, HOST);
    await settled();
    answerAs(peer, OTHER);
    clock.advance(2_000);
    await settled();

    expect(heard).toEqual([{ type: "inventory", host: OTHER, inventory: INVENTORY_WORD }]);
  });

  test("with the same name of the lattice in 0.82 are not heard", async () => {
    const { peer, heard, start } = setUp();
    start();
    await settled();

    event(peer, "host_heartbeat", OTHER, { ...HOST, actors: [], providers: [] });
    event(peer, "provider_started", OTHER, { public_key: "V1", contract_id: "c", link_name: "d" });
    event(peer, "health_check_failed", OTHER, { public_key: "V1", contract_id: "c" });
    await settled();

    expect(heard).toEqual([]);
  });

  test("are asked again when the line is back", async () => {
    const { clock, bus, peer, heard, start } = setUp();
    answerAs(peer, OTHER);
    const { listening } = start();
    await settled();
    clock.advance(2_000);
    heard.length = 0;

    bus.cut();
    await settled();
    const down = listening.peek();
    bus.restore();
    await settled();

    expect(down).toEqual({ phase: "stale" });
    expect(heard.map(({ type }) => type)).toEqual(["presence", "inventory"]);
  });

  test("are asked each 30 s where their events may not be heard, and that is told", async () => {
    const { clock, peer, heard, start } = setUp("v1", {
      permits: (operation, subject) =>
        operation === "publish" || !subject.startsWith("wasmbus.evt."),
    });
    answerAs(peer, OTHER);

    const { listening } = start();
    await settled();
    clock.advance(30_000);
    await settled();

    expect(listening.peek()).toMatchObject({ phase: "denied" });
    expect(listening.peek()).toHaveProperty("events.length", 9);
    expect(heard.map(({ type }) => type)).toEqual([
      "presence",
      "inventory",
      "presence",
      "inventory",
    ]);
  });

  test("are asked eight at a time", async () => {
    const { peer, start } = setUp();
    let waiting = 0;
    peer.subscribe("wasmbus.ctl.v1.default.host.get.*", () => void waiting++);
    peer.subscribe("wasmbus.ctl.v1.default.host.ping", ({ reply }) => {
      for (let index = 0; index < 40; index++) {
        if (reply !== undefined) {
          peer.publish(reply, encode({ success: true, response: { ...HOST, id: `N${index}` } }));
        }
      }
    });

    start();
    await settled();

    expect(waiting).toBe(8);
  });

  test("of which one entry cannot be read have the others", async () => {
    const { peer, heard, start } = setUp();
    start();
    await settled();

    const components = [{ id: 7 }, { id: "ok" }, "no"];
    event(peer, "host_heartbeat", OTHER, { ...HOST, components, providers: [] });
    await settled();

    expect(heard).toMatchObject([{ inventory: { components: [{ id: "ok" }] } }]);
  });

  test("are not read past a thousand messages a second; what is missed is counted and asked for later", async () => {
    const { clock, peer, heard, start } = setUp();
    const asked = answerAs(peer, OTHER);
    const observation = start();
    await settled();
    clock.advance(1_000);
    heard.length = 0;
    asked.length = 0;

    for (let index = 0; index < 1_500; index++) event(peer, "host_heartbeat", OTHER, INVENTORY);
    await settled();
    const read = heard.length;
    clock.advance(30_000);
    await settled();

    expect(read).toBe(1_000);
    expect(observation.unread()).toBe(500);
    expect(asked[0]).toBe("wasmbus.ctl.v1.default.host.ping");
  });

  test("can send any bytes: nothing breaks, and nothing is heard of ids that are no word", async () => {
    const names = ["host_heartbeat", "host_started", "component_scaled", "health_check_failed"];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.json().map((text) => new TextEncoder().encode(text)),
          fc
            .record({ source: fc.oneof(fc.constant(OTHER), fc.string()), data: fc.jsonValue() })
            .map(encode),
          fc
            .dictionary(fc.constantFrom("components", "providers", "labels"), fc.jsonValue())
            .map((data) => encode({ source: OTHER, data })),
        ),
        async (name, bytes) => {
          const { peer, heard, start } = setUp();
          const roster = createRoster();
          start();
          await settled();

          peer.publish(`wasmbus.evt.default.${name}`, bytes);
          await settled();

          for (const word of heard) roster.hear("v1", word, { monotonicMs: 0, epochMs: 0 });
          expect(heard.every(({ host }) => /^[-\w]+$/.test(host))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("are not heard any more when nobody listens", async () => {
    const { ended, peer, heard, start } = setUp();
    start();
    await settled();

    ended.abort();
    event(peer, "host_heartbeat", OTHER, INVENTORY);
    await settled();

    expect(heard).toEqual([]);
  });
});

describe("hosts of 0.82", () => {
  test("are read with their instances, and before 0.82 with their counts", async () => {
    const { peer, heard, start } = setUp("v0");
    start();
    await settled();

    event(peer, "host_heartbeat", OTHER, {
      ...HOST,
      actors: [
        {
          id: "MA",
          name: "Echo",
          instances: [
            { image_ref: "r/echo:1", max_instances: 2, annotations: { a: "b" } },
            { image_ref: "r/echo:1", max_instances: 3, annotations: {} },
          ],
        },
      ],
      providers: [{ id: "VA", link_name: "default", contract_id: "wasmcloud:keyvalue" }],
    });
    event(peer, "host_heartbeat", OTHER, {
      ...HOST,
      actors: { MB: 4 },
      providers: [{ public_key: "VB", link_name: "other", contract_id: "wasmcloud:httpserver" }],
    });
    await settled();

    expect(heard).toMatchObject([
      {
        inventory: {
          components: [{ id: "MA", name: "Echo", image: "r/echo:1", maxInstances: 5 }],
          providers: [{ id: "VA", linkName: "default", name: "wasmcloud:keyvalue" }],
        },
      },
      {
        inventory: {
          components: [{ id: "MB", maxInstances: 4 }],
          providers: [{ id: "VB", linkName: "other" }],
        },
      },
    ]);
  });

  test("are asked for all of themselves when an actor is scaled", async () => {
    const { peer, heard, start } = setUp("v0");
    peer.subscribe(`wasmbus.ctl.default.get.${OTHER}.inv`, ({ reply }) => {
      if (reply !== undefined) peer.publish(reply, encode({ ...HOST, actors: [], providers: [] }));
    });
    start();
    await settled();

    event(peer, "actor_scaled", OTHER, { public_key: "MA", max_instances: 5 });
    await settled();

    expect(heard).toMatchObject([{ type: "inventory", host: OTHER }]);
  });
});

describe("hosts of v2", () => {
  test("are counted by their heartbeats", async () => {
    const { clock, peer, heard, start } = setUp("v2");
    const { listening } = start();
    await settled();
    const beat = (id: string): void =>
      peer.publish(
        `runtime.operator.heartbeat.${id}`,
        hostHeartbeat.encode({
          id,
          friendlyName: "wash-1",
          version: "2.7.0",
          labels: new Map([["hostgroup", "default"]]),
          startedAt: BigInt(clock.now() - 60_000) * 1_000_000n,
          componentCount: 3n,
          workloadCount: 2n,
        }),
      );

    beat("own-id");
    beat("9b5f");
    peer.publish("runtime.operator.heartbeat.x", encode({ id: "a.b" }));
    peer.publish("runtime.operator.heartbeat.x", Uint8Array.of(255));
    await settled();
    clock.advance(15_000);

    expect(heard).toEqual([
      {
        type: "tally",
        host: "9b5f",
        word: {
          friendlyName: "wash-1",
          labels: new Map([["hostgroup", "default"]]),
          version: "2.7.0",
          uptimeSeconds: 60,
        },
        tally: { workloads: 2, components: 3 },
      },
    ]);
    expect(listening.peek()).toEqual({ phase: "live" });
  });
});
