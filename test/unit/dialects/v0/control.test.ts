/** JSON of the 0.82 control plane, byte for byte where it is told; the examples are those of its documentation. */
import { describe, expect, test } from "vitest";
import type { HostDescription, Inventory } from "../../../../src/core/command.ts";
import type { HostEvent } from "../../../../src/core/event.ts";

import { digest, entityId, hostId, latticeId } from "../../../../src/core/ids.ts";
import { wireEvents, type EventContext } from "../../../../src/dialects/v0/events.ts";
import { identifier, providerKey } from "../../../../src/dialects/v0/identify.ts";
import {
  accepted,
  configurationOf,
  inventoryJson,
  pingJson,
  refused,
} from "../../../../src/dialects/v0/messages.ts";
import { createRunning } from "../../../../src/dialects/v0/running.ts";

const HOST = hostId(`N${"A".repeat(55)}`);
const ISSUER = `C${"A".repeat(55)}`;
const ACTOR = entityId(`M${"A".repeat(55)}`);
const PROVIDER = entityId(`V${"A".repeat(55)}`);
const IMAGE = "registry.example/echo:0.3.8";
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const annotations = new Map([["app", "demo"]]);
const claims = {
  subject: ACTOR,
  issuer: `A${"A".repeat(55)}`,
  name: "Echo",
  version: "0.3.8",
  revision: 4,
  tags: [],
  capabilities: ["wasmcloud:httpserver"],
};

const description: HostDescription = {
  id: HOST,
  friendlyName: "quiet-river-1234",
  lattice: latticeId("default"),
  labels: new Map([["hostcore.os", "browser"]]),
  uptimeSeconds: 61,
  version: "0.82.0",
  controlServer: "nats://127.0.0.1:4222",
  rpcServer: "nats://127.0.0.1:4222",
  jsDomain: undefined,
};
const inventory: Inventory = {
  ...description,
  labels: new Map(),
  workloads: [{ id: ACTOR, image: IMAGE, maxInstances: 5, annotations, limits: undefined, claims }],
  providers: [{ id: PROVIDER, image: "inlay:///keyvalue", annotations: new Map() }],
  sets: { count: 0, members: 0, imports: [], exports: [] },
};

function setUp(): EventContext {
  return {
    host: HOST,
    issuer: ISSUER,
    version: "0.1.0",
    running: createRunning(() => 0x018d_5777_2400),
    contractOf: () => "wasmcloud:keyvalue",
  };
}
const scaled = (maxInstances: number, more: object = {}): HostEvent => ({
  type: "workload-scaled",
  id: ACTOR,
  image: IMAGE,
  maxInstances,
  annotations,
  claims,
  ...more,
});
/** Names, with what tells the amount. */
const amounts = (event: HostEvent, context: EventContext): readonly unknown[] =>
  wireEvents(event, context).map(({ name, data }) => ({
    name,
    ...Object.fromEntries(
      Object.entries(data).filter(([key]) => ["count", "remaining", "max_instances"].includes(key)),
    ),
  }));

describe("answers", () => {
  test("an ack", () => expect(text(accepted)).toBe('{"accepted":true,"error":""}'));

  test("a refusal is JSON whatever is in its text", () => {
    const answer = text(refused('no "such" thing\n'));
    expect(JSON.parse(answer)).toEqual({ accepted: false, error: 'no "such" thing\n' });
  });

  test("a ping", () => {
    const answer = pingJson(description, { issuer: ISSUER, issuers: new Set([ISSUER]) });
    expect(JSON.stringify(answer)).toBe(
      `{"id":"${HOST}","issuer":"${ISSUER}","labels":{"hostcore.os":"browser"},` +
        '"friendly_name":"quiet-river-1234","uptime_seconds":61,"uptime_human":"1m 1s","version":"0.82.0",' +
        `"cluster_issuers":"${ISSUER}","js_domain":null,"ctl_host":"nats://127.0.0.1:4222",` +
        '"rpc_host":"nats://127.0.0.1:4222","lattice_prefix":"default","lattice":"default"}',
    );
  });

  test("an inventory", () => {
    const context = setUp();
    context.running.putProvider(PROVIDER, { linkName: "default", contract: "wasmcloud:keyvalue" });
    const answer = inventoryJson(inventory, context);
    expect(JSON.stringify(answer).replace(/"instance_id":"[^"]*"/, '"instance_id":"I"')).toBe(
      `{"actors":[{"id":"${ACTOR}","image_ref":"${IMAGE}","name":"Echo",` +
        `"instances":[{"annotations":{"app":"demo"},"image_ref":"${IMAGE}","instance_id":"I",` +
        '"revision":4,"max_instances":5}]}],' +
        `"providers":[{"annotations":{},"id":"${PROVIDER}","image_ref":"inlay:///keyvalue",` +
        '"contract_id":"wasmcloud:keyvalue","link_name":"default","name":"Inlay keyvalue","revision":0}],' +
        `"host_id":"${HOST}","issuer":"${ISSUER}","friendly_name":"quiet-river-1234","labels":{},` +
        '"version":"0.82.0","uptime_human":"1m 1s","uptime_seconds":61}',
    );
  });

  test("an instance keeps its id while it runs, which has the time in it", () => {
    const context = setUp();
    const idNow = (): string | undefined => {
      inventoryJson(inventory, context);
      return context.running.actor(ACTOR, IMAGE)?.instanceId;
    };
    const first = idNow();
    expect(first).toMatch(/^018d5777-2400-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(idNow()).toBe(first);
    wireEvents(scaled(0), context);
    expect(idNow()).not.toBe(first);
  });
});

describe("events", () => {
  test("a start, as documented", () => {
    const [, event] = wireEvents(scaled(5), setUp());
    expect(event?.name).toBe("actor_scaled");
    expect(JSON.stringify(event?.data)).toBe(
      `{"public_key":"${ACTOR}","claims":{"call_alias":null,"caps":["wasmcloud:httpserver"],` +
        `"issuer":"${claims.issuer}","tags":[],"name":"Echo","version":"0.3.8","revision":4,` +
        '"not_before_human":"TODO","expires_human":"TODO"},"annotations":{"app":"demo"},' +
        `"host_id":"${HOST}","image_ref":"${IMAGE}","max_instances":5}`,
    );
  });

  test("more and less are told by the difference, a stop by what there was", () => {
    const context = setUp();
    expect(amounts(scaled(2), context)).toEqual([
      { name: "actors_started", count: 2 },
      { name: "actor_scaled", max_instances: 2 },
    ]);
    expect(amounts(scaled(5), context)).toEqual([
      { name: "actors_started", count: 3 },
      { name: "actor_scaled", max_instances: 5 },
    ]);
    expect(amounts(scaled(5), context)).toEqual([]);
    expect(amounts(scaled(4), context)).toEqual([
      { name: "actors_stopped", count: 1, remaining: 4 },
      { name: "actor_scaled", max_instances: 4 },
    ]);
    expect(amounts(scaled(0), context)).toEqual([
      { name: "actors_stopped", count: 4, remaining: 0 },
      { name: "actor_scaled", max_instances: 4 },
    ]);
    expect(amounts(scaled(0), context)).toEqual([]);
  });

  test("a move starts the new image before the old one stops, and counts what is left", () => {
    const context = setUp();
    wireEvents(scaled(2), context);
    expect(amounts(scaled(2, { image: "registry.example/echo:2" }), context)).toEqual([
      { name: "actors_started", count: 2 },
      { name: "actor_scaled", max_instances: 2 },
    ]);
    expect(amounts(scaled(0), context)).toEqual([
      { name: "actors_stopped", count: 2, remaining: 2 },
      { name: "actor_scaled", max_instances: 2 },
    ]);
  });

  test("other annotations are a start of their own", () => {
    const context = setUp();
    wireEvents(scaled(2), context);
    const events = wireEvents(scaled(2, { annotations: new Map([["app", "other"]]) }), context);
    expect(events.map(({ data }) => Reflect.get(data, "annotations"))).toEqual([
      { app: "other" },
      { app: "other" },
    ]);
  });

  test("what 1.x alone tells is not told", () => {
    expect(wireEvents({ type: "labels-changed", labels: new Map() }, setUp())).toEqual([]);
    expect(wireEvents({ type: "config-put", name: "a" }, setUp())).toEqual([]);
  });

  test("an image that is nobody's is told under both names of its reference", () => {
    const error = 'GET "x" failed';
    const failed = wireEvents(
      { type: "image-refused", image: IMAGE, maxInstances: 3, annotations, error },
      setUp(),
    );
    expect(failed).toEqual([
      {
        name: "actors_start_failed",
        data: {
          public_key: "",
          annotations: { app: "demo" },
          host_id: HOST,
          image_ref: IMAGE,
          error,
        },
      },
      {
        name: "actor_scale_failed",
        data: {
          public_key: "",
          annotations: { app: "demo" },
          host_id: HOST,
          image_ref: IMAGE,
          actor_ref: IMAGE,
          max_instances: 3,
          error,
        },
      },
    ]);
  });
});

describe("who it is", () => {
  const subject = "MAASGRLHRGV433YBENCWPCNLZXXQCI2FM6E2XTPPAERUKZ4JVPG6745U";
  const unsigned = { digest: digest("0123456789abcdef".repeat(4)) };

  test("the subject of the claims", () => {
    const signed = { ...unsigned, claims: { ...claims, subject } };
    expect(identifier({ allowUnsigned: false })(signed)).toBe(subject);
  });

  test("claims of something else than a module are refused, also where nobody has to sign", () => {
    const signed = { ...unsigned, claims: { ...claims, subject: ISSUER } };
    expect(() => identifier({ allowUnsigned: true })(signed)).toThrow(/begins with M/);
  });

  test("the digest of what nobody has signed, if that is allowed", () => {
    expect(() => identifier({ allowUnsigned: false })(unsigned)).toThrow("claims missing");
    expect(identifier({ allowUnsigned: true })(unsigned)).toBe(subject);
  });

  test("an in-page provider is its reference, whatever its options", async () => {
    const key = "VAYNUBJE6CYFA6R6TYS7WHOLYD4XVVZNMEIFNK4OOV23XAA7UBIXAICV";
    expect(await providerKey("inlay:///keyvalue")).toBe(key);
    expect(await providerKey("inlay:///keyvalue?lease=off")).toBe(key);
  });
});

describe("configuration of a provider", () => {
  test("an object of plain values", () => {
    const read = configurationOf('{"a":"b","n":1.5,"on":true}');
    expect(Object.fromEntries(read)).toEqual({ a: "b", n: "1.5", on: "true" });
    expect(configurationOf(undefined).size).toBe(0);
    expect(configurationOf(" ").size).toBe(0);
  });

  test.each(["nothing", "[]", '{"a":{}}', '{"a":null}'])("refused: %s", (wrong) => {
    expect(() => configurationOf(wrong)).toThrow(/JSON object of plain values/);
  });
});
