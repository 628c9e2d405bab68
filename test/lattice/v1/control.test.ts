import { expect, test } from "vitest";

import { entityId as idOf } from "../../../src/core/ids.ts";
import { createSource } from "../../../src/core/view.ts";
import { eventOf } from "../../support/lattice-events.ts";
import { greeter as hello } from "../../support/greeter.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";

const components = {
  "https://images.example/hello.wasm": hello,
  "https://images.example/hello-2.wasm": hello,
};
const image = "https://images.example/hello.wasm";

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

const ctl = (tail: string): string => `wasmbus.ctl.v1.default.${tail}`;
const events = () => peer.listen("wasmbus.evt.default.*");

test("a host announces itself with its name, labels and version", async () => {
  shows("Events: host_started");
  const heard = await events();

  await using node = await startHost({ url: server.ws });

  expect(await heard.next(eventOf("host_started", node.id))).toEqual({
    specversion: "1.0",
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    source: node.id,
    type: "com.wasmcloud.lattice.host_started",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
    datacontenttype: "application/json",
    data: {
      friendly_name: "calm-tile-0001",
      labels: { "hostcore.os": "browser" },
      uptime_seconds: 0,
      version: "0.1.0",
    },
  });
});

test("host.ping is answered with the host", async () => {
  shows("Control interface: host.ping");
  await using node = await startHost({ url: server.ws });

  const reply = await peer.ask(ctl("host.ping"));

  expect(reply).toEqual({
    success: true,
    message: "",
    response: {
      id: node.id,
      friendly_name: "calm-tile-0001",
      labels: { "hostcore.os": "browser" },
      lattice: "default",
      uptime_human: expect.stringMatching(/^\d+s$/),
      uptime_seconds: expect.any(Number),
      version: "0.1.0",
      ctl_host: server.ws,
      rpc_host: server.ws,
    },
  });
});

test("host.get gives the inventory, with annotations as they were given", async () => {
  shows("Control interface: host.get");
  await using node = await startHost({ url: server.ws }, { components });
  const heard = await events();
  const annotations = { "wasmcloud.dev/managed-by": "wadm", "wasmcloud.dev/scaler": "f0e1" };
  const scale = { component_ref: image, component_id: "hello", annotations, count: 3 };

  const ack = await peer.ask(ctl(`component.scale.${node.id}`), scale);
  await heard.next(eventOf("component_scaled", node.id));

  expect(ack).toEqual({ success: true, message: "" });
  expect(await peer.ask(ctl(`host.get.${node.id}`))).toEqual({
    success: true,
    message: "",
    response: {
      components: [
        {
          id: "hello",
          image_ref: image,
          name: "hello",
          annotations,
          revision: 0,
          max_instances: 3,
          limits: null,
        },
      ],
      providers: [],
      host_id: node.id,
      friendly_name: "calm-tile-0001",
      labels: { "hostcore.os": "browser" },
      version: "0.1.0",
      uptime_human: expect.stringMatching(/^\d+s$/),
      uptime_seconds: expect.any(Number),
    },
  });
});

test("an auction is answered only if all constraints hold and the id does not run here", async () => {
  shows("Control interface: component.auction");
  await using node = await startHost({ url: server.ws }, { components, labels: { zone: "edge" } });
  const auction = { component_ref: image, component_id: "hello", constraints: { zone: "edge" } };

  const bids = await peer.gather(ctl("component.auction"), auction, 300, 1);
  const elsewhere = await peer.gather(
    ctl("component.auction"),
    { ...auction, constraints: { zone: "core" } },
    300,
  );
  await node.host.scale({
    id: node.host.inventory().workloads[0]?.id ?? idOf("hello"),
    image,
    maxInstances: 1,
    annotations: new Map(),
  });
  const running = await peer.gather(ctl("component.auction"), auction, 300);

  expect(bids).toEqual([
    { success: true, message: "", response: { ...auction, host_id: node.id } },
  ]);
  expect(elsewhere).toEqual([]);
  expect(running).toEqual([]);
});

test("one component_scaled for each scale command, and calls in between are answered", async () => {
  shows("Control interface: component.scale", "Events: component_scaled");
  await using node = await startHost({ url: server.ws }, { components });
  const heard = await events();
  const scale = (body: object): Promise<unknown> =>
    peer.ask(ctl(`component.scale.${node.id}`), body);
  const scaled = (max: number, annotations: object): unknown => ({
    annotations,
    host_id: node.id,
    image_ref: image,
    max_instances: max,
    component_id: "hello",
  });
  const count = (): number =>
    heard.heard.filter(({ subject }) => subject.endsWith(".component_scaled")).length;
  const greet = "default.hello.wrpc.0.0.1.demo:app/greeter.greet";

  await scale({ component_ref: image, component_id: "hello", annotations: { a: "1" }, count: 2 });
  await expect.poll(count).toBe(1);
  const called = await peer.invoke(greet, new TextEncoder().encode("\u0003Ada"));
  await scale({ component_ref: image, component_id: "hello", annotations: { a: "2" }, count: 5 });
  await expect.poll(count).toBe(2);
  await scale({ component_ref: image, component_id: "hello", count: 0 });
  await expect.poll(count).toBe(3);
  const gone = await peer.invoke(greet, new Uint8Array(0));
  await scale({ component_ref: image, component_id: "hello", annotations: { b: "1" }, count: 0 });
  await expect.poll(count).toBe(4);

  expect(new TextDecoder().decode(called.bytes)).toBe("\u000bHello, Ada!");
  expect(gone.outcome).toBe("no-responders");
  const data = heard.heard
    .filter(({ subject }) => subject.endsWith(".component_scaled"))
    .map((each) => each.json<{ data: unknown }>().data);
  expect(data).toEqual([
    scaled(2, { a: "1" }),
    scaled(5, { a: "1" }),
    scaled(0, { a: "2" }),
    scaled(0, { b: "1" }),
  ]);
});

test("an image that cannot be had gives component_scale_failed, and the host serves on", async () => {
  shows("Events: component_scale_failed");
  await using node = await startHost({ url: server.ws }, { components });
  const heard = await events();
  const missing = "https://images.example/missing.wasm";

  const ack = await peer.ask(ctl(`component.scale.${node.id}`), {
    component_ref: missing,
    component_id: "lost",
    annotations: { a: "1" },
    count: 4,
  });

  expect(ack).toEqual({ success: true, message: "" });
  expect(await heard.next(eventOf("component_scale_failed", node.id))).toMatchObject({
    data: {
      annotations: { a: "1" },
      component_id: "lost",
      host_id: node.id,
      image_ref: missing,
      max_instances: 4,
      error: `GET ${missing} answered 404 Not Found`,
    },
  });
  expect(await peer.ask(ctl(`host.get.${node.id}`))).toMatchObject({
    response: { components: [] },
  });
});

test("update moves a running component to another image, and tells of both", async () => {
  shows("Control interface: component.update");
  await using node = await startHost({ url: server.ws }, { components });
  const heard = await events();
  const update = (component_id: string, new_component_ref: string): Promise<unknown> =>
    peer.ask(ctl(`component.update.${node.id}`), {
      component_id,
      new_component_ref,
      annotations: { b: "2" },
    });
  await peer.ask(ctl(`component.scale.${node.id}`), {
    component_ref: image,
    component_id: "hello",
    annotations: { a: "1" },
    count: 2,
  });
  await heard.next(eventOf("component_scaled", node.id));
  const next = "https://images.example/hello-2.wasm";

  const replies = [
    await update("absent", next),
    await update("hello", image),
    await update("hello", next),
  ];
  await expect
    .poll(() => heard.heard.filter(({ subject }) => subject.endsWith(".component_scaled")).length)
    .toBe(3);

  expect(replies).toEqual([
    { success: false, message: "component absent not found" },
    { success: true, message: `component hello already updated to ${image}` },
    { success: true, message: `component hello updating from ${image} to ${next}` },
  ]);
  const data = heard.heard
    .filter(({ subject }) => subject.endsWith(".component_scaled"))
    .map((each) => each.json<{ data: unknown }>().data);
  expect(data.slice(1)).toEqual([
    {
      annotations: { b: "2" },
      host_id: node.id,
      image_ref: next,
      max_instances: 2,
      component_id: "hello",
    },
    {
      annotations: { a: "1" },
      host_id: node.id,
      image_ref: image,
      max_instances: 0,
      component_id: "hello",
    },
  ]);
});

test("labels are put and deleted, with an event for each change", async () => {
  shows("Control interface: label.put", "Control interface: label.del", "Events: labels_changed");
  await using node = await startHost({ url: server.ws });
  const heard = await events();
  const put = (body: unknown): Promise<unknown> => peer.ask(ctl(`label.put.${node.id}`), body);
  const del = (body: unknown): Promise<unknown> => peer.ask(ctl(`label.del.${node.id}`), body);

  const replies = [
    await put({ key: "zone", value: "eu" }),
    await put({ key: "HostCore.os", value: "x" }),
    await del({ key: "zone" }),
    await del({ key: "zone" }),
  ];

  expect(replies).toEqual([
    { success: true, message: "successfully put label" },
    { success: false, message: "hostcore.* labels cannot be set dynamically" },
    { success: true, message: "successfully deleted label" },
    { success: true, message: "successfully deleted label (no such label)" },
  ]);
  const changes = (): unknown[] =>
    heard.heard
      .filter(({ subject }) => subject === "wasmbus.evt.default.labels_changed")
      .map((each) => each.json<{ data: unknown }>().data);
  await expect.poll(() => changes().length).toBe(2);
  expect(changes()).toEqual([
    { host_id: node.id, labels: { "hostcore.os": "browser", zone: "eu" } },
    { host_id: node.id, labels: { "hostcore.os": "browser" } },
  ]);
});

test("host.stop is answered first; then the host says goodbye and leaves", async () => {
  shows("Control interface: host.stop", "Events: host_stopped");
  await using node = await startHost({ url: server.ws }, { components });
  const heard = await events();

  const wrong = await peer.ask(ctl(`host.stop.${node.id}`), { host_id: "NOTHER" });
  const reply = await peer.ask(ctl(`host.stop.${node.id}`), { host_id: node.id, timeout: 500 });
  await node.host.stopped;

  expect(wrong).toEqual({ success: false, message: "invalid host_id [NOTHER]" });
  expect(reply).toEqual({ success: true, message: "successfully handled stop host" });
  expect(await heard.next(eventOf("host_stopped", node.id))).toMatchObject({
    data: { labels: { "hostcore.os": "browser" } },
  });
  expect(await peer.gather(ctl("host.ping"), undefined, 300)).toEqual([]);
});

test.each([
  { tail: "component.scale", body: "{", message: "failed to deserialize component scale command" },
  {
    tail: "component.scale",
    body: { count: 1 },
    message: "failed to deserialize component scale command",
  },
  {
    tail: "component.scale",
    body: { component_id: "a", count: -1 },
    message: "failed to deserialize component scale command",
  },
  { tail: "component.update", body: [], message: "failed to deserialize component update command" },
  { tail: "label.put", body: { key: "a" }, message: "failed to deserialize put label request" },
  { tail: "label.del", body: {}, message: "failed to deserialize delete label request" },
  { tail: "host.stop", body: "x", message: "failed to deserialize stop command" },
  { tail: "host.dance", body: {}, message: "unsupported subject" },
  { tail: "component.dance", body: {}, message: "unsupported subject" },
  { tail: "label.get", body: {}, message: "unsupported subject" },
])("$tail with $body is answered: $message", async ({ tail, body, message }) => {
  shows("Control interface: malformed requests", "Control interface: unknown subjects");
  await using node = await startHost({ url: server.ws });

  const reply = await peer.ask(ctl(`${tail}.${node.id}`), body);

  expect(reply).toEqual({ success: false, message });
});

test("a request without a reply subject is carried out, and not answered", async () => {
  shows("Control interface: requests without a reply subject");
  await using node = await startHost({ url: server.ws });
  const heard = await peer.listen("wasmbus.evt.default.labels_changed");

  peer.nats.publish(ctl(`label.put.${node.id}`), JSON.stringify({ key: "quiet", value: "yes" }));

  const event = await heard.next((json) => (json as { source: string }).source === node.id);
  expect(event).toMatchObject({ data: { labels: { quiet: "yes" } } });
});

test("a malformed auction is answered by every host", async () => {
  shows("Control interface: malformed requests");
  await using _node = await startHost({ url: server.ws });

  const replies = await peer.gather(ctl("component.auction"), { component_ref: "x" }, 300, 1);

  expect(replies).toEqual([
    { success: false, message: "failed to deserialize component auction command" },
  ]);
});

test("heartbeats carry the inventory", async () => {
  shows("Events: host_heartbeat");
  await using node = await startHost(
    { url: server.ws },
    { components, parts: { heartbeatMs: 50 } },
  );
  const heard = await events();

  const beat = await heard.next(eventOf("host_heartbeat", node.id));

  expect(beat).toMatchObject({
    data: {
      components: [],
      providers: [],
      host_id: node.id,
      friendly_name: "calm-tile-0001",
      labels: { "hostcore.os": "browser" },
      version: "0.1.0",
    },
  });
});

test("a component whose line is full leaves its queue groups until there is room", async () => {
  const load = createSource({ running: 0, waiting: 0, accepting: true });
  await using node = await startHost(
    { url: server.ws },
    { components: { [image]: { ...hello, load } } },
  );
  await node.host.scale({ id: idOf("hello"), image, maxInstances: 1, annotations: new Map() });
  const greet = "default.hello.wrpc.0.0.1.demo:app/greeter.greet";
  const params = new TextEncoder().encode("\u0003Ada");
  const left = (event: string): boolean => node.log.some((entry) => entry.event === event);

  load.set({ running: 1, waiting: 100, accepting: false });
  await expect.poll(() => left("serve.left")).toBe(true);
  const outcome = async (): Promise<string> =>
    (await peer.invoke(greet, params, { timeoutMs: 1000 })).outcome;
  await expect.poll(outcome).toBe("no-responders");
  load.set({ running: 0, waiting: 0, accepting: true });
  await expect.poll(outcome).toBe("ended");
});
