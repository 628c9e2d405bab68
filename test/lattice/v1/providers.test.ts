/** In-page providers as the lattice sees them: commands, events, inventories, the subjects of a provider. */
import { expect, test } from "vitest";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { Listener } from "../../support/native-peer.ts";

import { keyvalueKind } from "../../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../../src/storage/keyvalue-memory.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { eventOf } from "../../support/lattice-events.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { sampleProvider } from "../../support/sample-provider.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";

const annotations = { "wasmcloud.dev/managed-by": "wadm", "wasmcloud.dev/scaler": "f0e1" };
const keyvalue = keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes));

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

const ctl = (tail: string): string => `wasmbus.ctl.v1.default.${tail}`;
const events = (): Promise<Listener> => peer.listen("wasmbus.evt.default.*");
const dataOf = async (heard: Listener, type: string, node: LatticeHost): Promise<unknown> => {
  const event = await heard.next(eventOf(type, node.id));
  return typeof event === "object" && event !== null && "data" in event ? event.data : undefined;
};
/** Ids of their own, so that tests share a lattice. */
let ids = 0;
const fresh = (name: string): string => `${name}-${++ids}`;
const bytes = (hex: string): Uint8Array => Buffer.from(hex, "hex");
const hexOf = (data: Uint8Array): string => Buffer.from(data).toString("hex");

async function startProvider(
  node: LatticeHost,
  provider_id: string,
  rest: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  const heard = await events();
  const request = { provider_id, provider_ref: "inlay:///sample", host_id: node.id, ...rest };
  await peer.ask(ctl(`provider.start.${node.id}`), request);
  return dataOf(heard, "provider_started", node);
}

test("a start is acknowledged, then told of, and then stands in inventory and heartbeat", async () => {
  shows("Control interface: provider.start", "Events: provider_started");
  const sample = sampleProvider();
  await using node = await startHost(
    { url: server.ws },
    { parts: { providers: [sample.kind], heartbeatMs: 50 } },
  );
  const heard = await events();
  const id = fresh("sample");

  const ack = await peer.ask(ctl(`provider.start.${node.id}`), {
    provider_id: id,
    provider_ref: "inlay:///sample",
    host_id: node.id,
    config: [],
    annotations,
  });
  const started = await dataOf(heard, "provider_started", node);

  const listed = [{ id, image_ref: "inlay:///sample", revision: 0, annotations }];
  expect(ack).toEqual({ success: true, message: "successfully started provider" });
  expect(started).toEqual({
    host_id: node.id,
    image_ref: "inlay:///sample",
    provider_id: id,
    annotations,
  });
  expect(await peer.ask(ctl(`host.get.${node.id}`))).toMatchObject({
    response: { components: [], providers: listed },
  });
  const beats = await events();
  expect(await dataOf(beats, "host_heartbeat", node)).toMatchObject({ providers: listed });
});

test("a stop ends the provider, tells of it, and answers then", async () => {
  shows("Control interface: provider.stop", "Events: provider_stopped");
  const sample = sampleProvider();
  await using node = await startHost({ url: server.ws }, { parts: { providers: [sample.kind] } });
  const id = fresh("sample");
  await startProvider(node, id, { annotations });
  await using witness = await connectPeer(server.ws);
  const order = await witness.listen(">");

  const reply = await peer.ask(ctl(`provider.stop.${node.id}`), {
    host_id: node.id,
    provider_id: id,
  });

  const answered = (): number =>
    order.heard.findIndex(({ data }) =>
      Buffer.from(data).includes("successfully stopped provider"),
    );
  await expect.poll(answered).toBeGreaterThan(-1);
  const stopped = order.heard.findIndex(({ subject }) => subject.endsWith(".provider_stopped"));
  expect(reply).toEqual({ success: true, message: "successfully stopped provider" });
  expect(stopped).toBeGreaterThan(-1);
  expect(answered()).toBeGreaterThan(stopped);
  expect(await dataOf(order, "provider_stopped", node)).toEqual({
    host_id: node.id,
    provider_id: id,
    annotations,
    reason: "stop",
    instance_id: id,
    public_key: id,
    link_name: "default",
  });
  expect(sample.told.at(-1)).toBe("end");
  expect(await peer.ask(ctl(`host.get.${node.id}`))).toMatchObject({ response: { providers: [] } });
  await witness.nats.close(); // it hears calls as well, and does not answer
  const subject = `default.${id}.wrpc.0.0.1.demo:app/greeter.greet`;
  const outcome = async () =>
    (await peer.invoke(subject, bytes("0141"), { timeoutMs: 500 })).outcome;
  await expect.poll(outcome).toBe("no-responders");
});

test("the old name of a stop's field is read as well", async () => {
  const sample = sampleProvider();
  await using node = await startHost({ url: server.ws }, { parts: { providers: [sample.kind] } });
  const id = fresh("sample");
  await startProvider(node, id);

  const reply = await peer.ask(ctl(`provider.stop.${node.id}`), { provider_ref: id });

  expect(reply).toEqual({ success: true, message: "successfully stopped provider" });
});

test("what does not run cannot be stopped, and what runs not be started again", async () => {
  const sample = sampleProvider();
  await using node = await startHost({ url: server.ws }, { parts: { providers: [sample.kind] } });
  const id = fresh("sample");
  await startProvider(node, id);
  const request = { provider_id: id, provider_ref: "inlay:///sample" };

  const again = await peer.ask(ctl(`provider.start.${node.id}`), request);
  const absent = await peer.ask(ctl(`provider.stop.${node.id}`), { provider_id: fresh("absent") });

  expect(again).toEqual({
    success: false,
    message: "provider with that ID is already running",
  });
  expect(absent).toEqual({ success: false, message: "provider with that ID is not running" });
});

test.each([
  {
    ref: "ghcr.io/wasmcloud/http-server:0.24.0",
    error:
      '"ghcr.io/wasmcloud/http-server:0.24.0" is not a provider that runs in a page, and this host runs no others; ' +
      "there are: inlay:///sample, inlay:///keyvalue",
  },
  {
    ref: "inlay:///nosuch",
    error: 'there is no in-page provider "nosuch"; there are: inlay:///sample, inlay:///keyvalue',
  },
  {
    ref: "inlay:///sample?lease=maybe",
    error: '"inlay:///sample?lease=maybe" asks for "lease=maybe"; the only option is lease=off',
  },
])("$ref is acknowledged and then refused", async ({ ref, error }) => {
  shows("Events: provider_start_failed");
  const sample = sampleProvider();
  await using node = await startHost(
    { url: server.ws },
    { parts: { providers: [sample.kind, keyvalue] } },
  );
  const heard = await events();
  const id = fresh("refused");

  const ack = await peer.ask(ctl(`provider.start.${node.id}`), {
    provider_id: id,
    provider_ref: ref,
  });

  expect(ack).toEqual({ success: true, message: "successfully started provider" });
  expect(await dataOf(heard, "provider_start_failed", node)).toEqual({
    provider_ref: ref,
    provider_id: id,
    host_id: node.id,
    error,
    link_name: "default",
  });
  expect(await peer.ask(ctl(`host.get.${node.id}`))).toMatchObject({ response: { providers: [] } });
});

test.each([
  { verb: "start", message: "failed to deserialize provider start command" },
  { verb: "stop", message: "failed to deserialize provider stop command" },
])("a $verb that cannot be read is refused with upstream's text", async ({ verb, message }) => {
  await using node = await startHost({ url: server.ws });

  const replies = [
    await peer.ask(ctl(`provider.${verb}.${node.id}`), "no JSON"),
    await peer.ask(ctl(`provider.${verb}.${node.id}`), { provider_id: 7 }),
  ];

  expect(replies).toEqual([
    { success: false, message },
    { success: false, message },
  ]);
});

test("a bid echoes the auction, for in-page providers that do not run here, on hosts that fit", async () => {
  shows("Control interface: provider.auction");
  const sample = sampleProvider();
  await using node = await startHost(
    { url: server.ws },
    { parts: { providers: [sample.kind, keyvalue] }, labels: { zone: "a" } },
  );
  await using _other = await startHost({ url: server.ws }, { parts: { providers: [sample.kind] } });
  const id = fresh("sample");
  const auction = { provider_ref: "inlay:///sample", provider_id: id, constraints: { zone: "a" } };
  const bid = { success: true, message: "", response: { host_id: node.id, ...auction } };

  const bids = await peer.gather(ctl("provider.auction"), auction, 400, 1);
  await startProvider(node, id);
  const afterStart = await peer.gather(ctl("provider.auction"), auction, 400);

  expect(bids).toEqual([bid]);
  expect(afterStart).toEqual([]);
});

test.each([
  { ref: "ghcr.io/wasmcloud/http-server:0.24.0" },
  { ref: "inlay:///nosuch" },
  { ref: "file:///tmp/provider.par.gz" },
  { ref: "" },
])("$ref gets no bid", async ({ ref }) => {
  shows("Control interface: provider.auction");
  const sample = sampleProvider();
  await using _node = await startHost({ url: server.ws }, { parts: { providers: [sample.kind] } });
  const auction = { provider_ref: ref, provider_id: fresh("other"), constraints: {} };

  expect(await peer.gather(ctl("provider.auction"), auction, 200)).toEqual([]);
});

test("an auction that cannot be read is refused", async () => {
  await using _node = await startHost({ url: server.ws });

  const reply = await peer.ask(ctl("provider.auction"), { provider_ref: "inlay:///sample" });

  expect(reply).toEqual({
    success: false,
    message: "failed to deserialize provider auction command",
  });
});

test("health is looked at after 5 s and then each 30 s, and told of as it changes", async () => {
  shows(
    "Events: health_check_passed",
    "Events: health_check_failed",
    "Events: health_check_status",
  );
  const sample = sampleProvider();
  const clock = fakeClock();
  await using node = await startHost(
    { url: server.ws },
    { parts: { providers: [sample.kind], clock } },
  );
  const id = fresh("sample");
  await startProvider(node, id);
  const heard = await events();
  const checks = () => heard.heard.filter(({ subject }) => subject.includes("health_check"));
  const types = (): readonly unknown[] => checks().map(({ subject }) => subject.split(".").at(-1));
  const look = async (ms: number, health: typeof sample.health): Promise<void> => {
    const before = types().length;
    sample.health = health;
    clock.advance(ms);
    await expect.poll(() => types().length).toBe(before + 1);
  };

  clock.advance(4999);
  await look(1, { healthy: false });
  await look(30_000, { healthy: true });
  await look(30_000, { healthy: true });
  await look(30_000, { healthy: false, message: "the disk is full" });

  expect(types()).toEqual([
    "health_check_status",
    "health_check_passed",
    "health_check_status",
    "health_check_failed",
  ]);
  for (const message of checks()) {
    expect(JSON.parse(message.string())).toMatchObject({
      source: node.id,
      data: { host_id: node.id, provider_id: id },
    });
  }
});

test("the lattice may ask for its health, which is no event", async () => {
  const sample = sampleProvider();
  await using node = await startHost({ url: server.ws }, { parts: { providers: [sample.kind] } });
  const id = fresh("sample");
  await startProvider(node, id);

  const well = await peer.ask(`wasmbus.rpc.default.${id}.health`);
  sample.health = { healthy: false, message: "the disk is full" };
  const ill = await peer.ask(`wasmbus.rpc.default.${id}.health`);

  expect(well).toEqual({ healthy: true });
  expect(ill).toEqual({ healthy: false, message: "the disk is full" });
});

test("a shutdown on the bus stops the provider of the host that it names, and no other", async () => {
  const sample = sampleProvider();
  await using node = await startHost({ url: server.ws }, { parts: { providers: [sample.kind] } });
  const id = fresh("sample");
  await startProvider(node, id);
  const heard = await events();
  const subject = `wasmbus.rpc.default.${id}.default.shutdown`;

  peer.nats.publish(subject, JSON.stringify({ host_id: "NOTHER" }));
  const other = await peer.ask(`wasmbus.rpc.default.${id}.health`);
  const reply = await peer.nats.request(subject, JSON.stringify({ host_id: node.id }), {
    timeout: 30_000,
  });

  expect(other).toEqual({ healthy: true });
  expect(reply.string()).toBe("shutting down");
  expect(await dataOf(heard, "provider_stopped", node)).toMatchObject({ provider_id: id });
});

test("where the lattice keeps no links, those that hosts tell on the bus count", async () => {
  const sample = sampleProvider();
  await using bare = await launchNats({ jetstream: false });
  await using other = await connectPeer(bare.ws);
  await using node = await startHost({ url: bare.ws }, { parts: { providers: [sample.kind] } });
  const heard = await other.listen("wasmbus.evt.default.*");
  await other.ask(ctl(`provider.start.${node.id}`), {
    provider_id: "sample",
    provider_ref: "inlay:///sample",
  });
  await dataOf(heard, "provider_started", node);
  const link = {
    source_id: "hello",
    target: "sample",
    name: "default",
    wit_namespace: "demo",
    wit_package: "app",
    interfaces: ["greeter"],
    source_config: { secret: "not yours" },
    target_config: { colour: "red" },
    source_secrets: null,
    target_secrets: null,
  };
  const tell = async (verb: string, body: object): Promise<void> => {
    other.nats.publish(`wasmbus.rpc.default.sample.${verb}`, JSON.stringify(body));
    await other.ask("wasmbus.rpc.default.sample.health"); // answered after what came before
  };

  await tell("linkdefs.put", link);
  await tell("linkdefs.put", { ...link, target_config: { colour: "blue" } });
  await tell("linkdefs.put", { ...link, source_id: "x", target: "y" });
  await tell("linkdefs.put", { nonsense: true });
  await tell("config.update", { size: "7" });
  await tell("linkdefs.del", { ...link, source_config: {}, target_config: {} });

  await expect
    .poll(() => sample.told)
    .toEqual([
      "start {}",
      'link target hello->sample default {"colour":"red"}',
      'link target hello->sample default {"colour":"blue"}',
      'configure {"size":"7"}',
      "unlink target hello->sample default",
    ]);
});

test("calls go to the provider in its queue group, with who calls", async () => {
  const sample = sampleProvider();
  await using node = await startHost({ url: server.ws }, { parts: { providers: [sample.kind] } });
  const id = fresh("sample");
  await startProvider(node, id);

  const answer = await peer.invoke(
    `default.${id}.wrpc.0.0.1.demo:app/greeter.greet`,
    bytes("0341646d"),
    { headers: { "source-id": "hello", "link-name": "other" } },
  );

  expect(Buffer.from(answer.bytes).subarray(1).toString()).toBe("Hello, Adm!");
  expect(sample.calls).toMatchObject([{ source: "hello", link: "other", target: id }]);
  expect(node.calls).toMatchObject([{ target: id, outcome: "ok" }]);
});

test("a host that is stopped ends its providers, and says so by its own goodbye alone", async () => {
  const sample = sampleProvider();
  const node = await startHost({ url: server.ws }, { parts: { providers: [sample.kind] } });
  await startProvider(node, fresh("sample"));
  const heard = await events();

  await node[Symbol.asyncDispose]();
  await heard.next(eventOf("host_stopped", node.id));
  await peer.nats.flush();

  const types = heard.heard.map(({ subject }) => subject.split(".").at(-1));
  expect(sample.told.at(-1)).toBe("end");
  expect(types).not.toContain("provider_stopped");
});

test("a native caller stores and reads by wrpc:keyvalue", async () => {
  await using node = await startHost({ url: server.ws }, { parts: { providers: [keyvalue] } });
  const id = fresh("kv");
  await startProvider(node, id, { provider_ref: "inlay:///keyvalue" });
  const call = async (func: string, params: string): Promise<string> => {
    const subject = `default.${id}.wrpc.0.0.1.wrpc:keyvalue/${func}`;
    return hexOf((await peer.invoke(subject, bytes(params))).bytes);
  };
  const store = (func: string, params: string) => call(`store@0.2.0-draft.${func}`, params);

  const answers = {
    none: await store("get", "00056d796b6579"), // get("", "mykey")
    set: await store("set", "00056d796b65790576616c7565"), // set("", "mykey", "value")
    some: await store("get", "00056d796b6579"),
    exists: await store("exists", "00056d796b6579"),
    sum: await call("atomics@0.2.0-draft.increment", "00016e07"), // increment("", "n", 7)
    keys: await store("list-keys", "0000"),
    many: await call("batch@0.2.0-draft.get-many", "0002016e0178"), // get-many("", ["n", "x"])
    deleted: await store("delete", "00056d796b6579"),
    after: await store("exists", "00056d796b6579"),
  };

  expect(answers).toEqual({
    none: "0000",
    set: "00",
    some: "00010576616c7565",
    exists: "0001",
    sum: "0007",
    keys: "0002056d796b6579016e00",
    many: "000201016e013700",
    deleted: "00",
    after: "0000",
  });
});

test("whoever says who it is and has no link is denied", async () => {
  await using node = await startHost({ url: server.ws }, { parts: { providers: [keyvalue] } });
  const id = fresh("kv");
  await startProvider(node, id, { provider_ref: "inlay:///keyvalue" });

  const answer = await peer.invoke(
    `default.${id}.wrpc.0.0.1.wrpc:keyvalue/store@0.2.0-draft.get`,
    bytes("00056d796b6579"),
    { headers: { "source-id": "stranger" } },
  );

  expect(hexOf(answer.bytes)).toBe("0101");
});
