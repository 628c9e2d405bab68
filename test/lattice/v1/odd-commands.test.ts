/**
 * What a careless or hostile sender may send: each command is answered in the shape that clients parse, nothing of it is
 * half-applied, and the host keeps its connection and serves on.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { LatticeStore } from "../../support/lattice-store.ts";
import type { NatsServer } from "../../support/launch-nats.ts";
import type { Listener, NativePeer } from "../../support/native-peer.ts";
import type { WashInventory } from "../../support/wash.ts";

import { replyShape } from "../../support/control-replies.ts";
import { greeter as hello } from "../../support/greeter.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore } from "../../support/lattice-store.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { inventoryShape } from "../../support/wash.ts";

const image = "https://images.example/hello.wasm";

let server: NatsServer;
let peer: NativePeer;
let node: LatticeHost;
let store: LatticeStore;
let events: Listener;
beforeAll(async () => {
  server = await launchNats();
  peer = await connectPeer(server.ws);
  node = await startHost({ url: server.ws }, { components: { [image]: hello } });
  await node.sharing(true);
  store = await openStore(peer.nats, "default");
  events = await peer.listen("wasmbus.evt.default.*");
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** `HOST` in `tail` is the host's id, `LONG` a name of 3,900 letters. */
async function send(tail: string, body: string): Promise<unknown> {
  const subject = `wasmbus.ctl.v1.default.${tail.replace("HOST", node.id).replace("LONG", "n".repeat(3900))}`;
  return (await peer.nats.request(subject, body, { timeout: 30_000 })).json();
}
/** The kinds of events with `id` in them, of now. */
const kinds = (id: string): readonly string[] =>
  events.heard
    .filter((each) => each.string().includes(`"${id}"`))
    .map(({ subject }) => subject.slice(subject.lastIndexOf(".") + 1));
const eventsAbout = (id: string): Promise<readonly string[]> =>
  expect
    .poll(() => kinds(id))
    .not.toEqual([])
    .then(() => kinds(id));
const keysOf = async (bucket: LatticeStore["data"]): Promise<readonly string[]> => {
  const keys: string[] = [];
  for await (const key of await bucket.keys()) keys.push(key);
  return keys.toSorted();
};
/** As a client reads it. */
const inventory = async (): Promise<WashInventory> => {
  const { response } = replyShape(await send("host.get.HOST", ""), "");
  return inventoryShape(response, "");
};
/** All that commands can change. */
const state = async (): Promise<unknown> => {
  return {
    ...(await inventory()),
    uptime_human: "",
    uptime_seconds: 0,
    data: await keysOf(store.data),
    config: await keysOf(store.config),
  };
};

const long = "a".repeat(5000);
const large = "x".repeat(1_000_000);
const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
const json = (value: unknown): string => JSON.stringify(value);
const scale = (more: object): string =>
  json({ component_ref: image, component_id: "odd", count: 1, ...more });
const link = (more: object): string =>
  json({
    source_id: "odd",
    target: "t",
    wit_namespace: "a",
    wit_package: "b",
    interfaces: ["c"],
    ...more,
  });

const noScale = "failed to deserialize component scale command";
const noUpdate = "failed to deserialize component update command";
const noLink = "failed to deserialize wrpc link definition";
const noConfig = "config data should be a map of string -> string";
const tooLong = expect.stringMatching(/^the subject .* has \d+ bytes .*: 4000 at most$/);

test.each([
  ...["", "null", "1", "[]", "{", '"x"', "{}", `{"component_id":${deep(200_000)}}`].map((body) => ({
    tail: "component.scale.HOST",
    what: body.slice(0, 20),
    body,
    message: noScale,
  })),
  ...[
    { count: -1 },
    { count: 1.5 },
    { count: 4_294_967_296 },
    { count: 1e300 },
    { count: "1" },
    { count: null },
    { count: [1] },
    { component_id: "" },
    { component_id: " " },
    { component_id: "a.>" },
    { component_id: "..a" },
    { component_id: "grüße" },
    { component_id: "\ud800" },
    { component_id: "a\nPUB x 0\r\n" },
    { component_id: 7 },
    { component_id: long },
    { component_ref: { a: 1 } },
    { annotations: { a: 1 } },
    { annotations: [] },
    { config: "name" },
    { config: [1] },
    { allow_update: "yes" },
    { component_limits: { max_memory_limit: 1 } },
  ].map((more) => ({
    tail: "component.scale.HOST",
    what: json(more).slice(0, 60),
    body: scale(more),
    message: noScale,
  })),
  ...[
    {
      more: { annotations: { a: large } },
      message: "annotations of 1000001 characters: 65536 at most",
    },
    {
      more: { component_ref: large },
      message: "image reference of 1000000 characters: 4096 at most",
    },
    { more: { config: Array(257).fill("n") }, message: "configuration of 257 names: 256 at most" },
  ].map(({ more, message }) => ({
    tail: "component.scale.HOST",
    what: json(more).slice(0, 30),
    body: scale(more),
    message,
  })),
  ...[{ component_id: "" }, { component_id: long }, { component_id: null }, { annotations: 1 }].map(
    (more) => ({
      tail: "component.update.HOST",
      what: json(more).slice(0, 30),
      body: json({ component_id: "odd", new_component_ref: image, ...more }),
      message: noUpdate,
    }),
  ),
  ...[
    {
      what: "an unknown component",
      body: { component_id: "odd", new_component_ref: image },
      message: "component odd not found",
    },
    {
      what: "a reference of 1 MB",
      body: { component_id: "odd", new_component_ref: large },
      message: "image reference of 1000000 characters: 4096 at most",
    },
  ].map(({ what, body, message }) => ({
    tail: "component.update.HOST",
    what,
    body: json(body),
    message,
  })),
  ...[
    { source_id: "" },
    { source_id: long },
    { target: "" },
    { target: long },
    { target: "a b" },
    { interfaces: "c" },
    { interfaces: null },
    { name: 1 },
    { wit_namespace: "\ud800" },
  ].map((more) => ({
    tail: "link.put",
    what: json(more).slice(0, 30),
    body: link(more),
    message: noLink,
  })),
  {
    tail: "link.put",
    what: "a long name",
    body: link({ source_config: [long] }),
    message: tooLong,
  },
  { tail: "link.del", what: "a long id", body: link({ source_id: long }), message: noLink },
  ...["", "{", "[]", '{"a":1}', '{"a":{}}', '{"a":"\\ud800"}', `{"a":${deep(100_000)}}`].map(
    (body) => ({ tail: "config.put.odd", what: body.slice(0, 20), body, message: noConfig }),
  ),
  { tail: "config.put.LONG", what: "long name", body: "{}", message: tooLong },
  { tail: "config.del.LONG", what: "long name", body: "", message: tooLong },
  {
    tail: "label.put.HOST",
    what: "a value of 1 MB",
    body: json({ key: "odd", value: large }),
    message: expect.stringMatching(/^labels of 10000\d\d characters: 65536 at most$/),
  },
  {
    tail: "label.put.HOST",
    what: "a number",
    body: json({ key: "odd", value: 1 }),
    message: "failed to deserialize put label request",
  },
  ...[{}, { provider_id: "" }, { provider_id: long, provider_ref: "inlay:///keyvalue" }].map(
    (body) => ({
      tail: "provider.start.HOST",
      what: json(body).slice(0, 30),
      body: json(body),
      message: "failed to deserialize provider start command",
    }),
  ),
  ...[{ timeout: -1 }, { timeout: 1e300 }, { timeout: "1" }, { host_id: 1 }].map((body) => ({
    tail: "host.stop.HOST",
    what: json(body),
    body: json(body),
    message: "failed to deserialize stop command",
  })),
  {
    tail: "host.stop.HOST",
    what: "text",
    body: "x",
    message: "failed to deserialize stop command",
  },
])("$tail with $what is refused, and changes nothing", async ({ tail, body, message }) => {
  const before = await state();

  const reply = await send(tail, body);

  expect(reply).toEqual({ success: false, message });
  expect(await state()).toEqual(before);
  expect(node.log.filter(({ event }) => event === "bus.lost")).toEqual([]);
});

test.each([
  { id: "most", more: { count: 4_294_967_295 }, max: 4_294_967_295 },
  { id: "whole", more: {}, raw: '"count":2.0', max: 2 },
  { id: "minus-nothing", more: {}, raw: '"count":-0', max: 0 },
  { id: "twice", more: {}, raw: '"count":1,"count":3', max: 3 },
  { id: "surplus", more: {}, raw: `"count":1,"more":${deep(100_000)}`, max: 1 },
  { id: "proto", more: { annotations: JSON.parse('{"__proto__":"x"}') as object }, max: 1 },
  {
    id: "limits",
    more: {
      component_limits: {
        max_execution_time: "99999999999999999999999",
        max_memory_limit: "-1",
        other: "x",
      },
    },
    max: 1,
  },
  { id: "late", more: { component_limits: { max_execution_time: "9000000000" } }, max: 1 },
])("a scale that is odd but readable is carried out: $id", async ({ id, more, raw, max }) => {
  const body = scale({ component_id: id, ...more });

  const reply = await send(
    "component.scale.HOST",
    raw === undefined ? body : body.replace('"count":1', raw),
  );

  expect(reply).toEqual({ success: true, message: "" });
  expect(await eventsAbout(id)).toEqual(["component_scaled"]);
  const greet = `default.${id}.wrpc.0.0.1.demo:app/greeter.greet`;
  const called = await peer.invoke(greet, new TextEncoder().encode("\u0003Ada"));
  expect(called.outcome).toBe(max === 0 ? "no-responders" : "ended");
  const found = (await inventory()).components.find((each) => each.id === id);
  expect(found?.max_instances ?? 0).toBe(max);
  expect(await send("component.scale.HOST", scale({ component_id: id, count: 0 }))).toMatchObject({
    success: true,
  });
  await expect.poll(() => kinds(id)).toHaveLength(2);
});

test.each([
  { what: "no reference", id: "no-reference", more: { component_ref: "" } },
  {
    what: "a reference in another script",
    id: "script",
    more: { component_ref: "https://例え.example/ü.wasm" },
  },
  { what: "a local file", id: "file", more: { component_ref: "file:///etc/passwd" } },
  { what: "code", id: "code", more: { component_ref: "javascript:alert(1)" } },
  { what: "configuration that is not there", id: "absent-config", more: { config: ["absent"] } },
  { what: "a long name of configuration", id: "long-config", more: { config: [long] } },
])("a start with $what is acknowledged and ends as failed", async ({ id, more }) => {
  const reply = await send("component.scale.HOST", scale({ component_id: id, ...more }));

  expect(reply).toEqual({ success: true, message: "" });
  expect(await eventsAbout(id)).toEqual(["component_scale_failed"]);
  expect(await state()).toMatchObject({ components: [] });
});

test("a stop with more time than timers have is a stop", async () => {
  await using other = await startHost({ url: server.ws }, { lattice: "other" });
  const subject = `wasmbus.ctl.v1.other.host.stop.${other.id}`;

  const reply = await peer.ask(subject, { timeout: Number.MAX_SAFE_INTEGER });
  await other.host.stopped;

  expect(reply).toEqual({ success: true, message: "successfully handled stop host" });
  expect(other.log.map(({ event }) => event)).not.toContain("host.stop-failed");
});
