/** Two connections, one for control and one for calls: one up and the other down. */
import { expect, test } from "vitest";
import type { NativePeer } from "../../support/native-peer.ts";

import { entityId } from "../../../src/core/ids.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { openTcpProxy } from "../../support/tcp-proxy.ts";

const image = "https://images.example/hello.wasm";
const string = { kind: "string" } as const;
const components = {
  [image]: {
    world: {
      imports: new Map(),
      exports: new Map([
        ["demo:app/greeter", new Map([["greet", { params: [], result: string }]])],
      ]),
    },
    functions: { "demo:app/greeter#greet": () => "hi" },
  },
};
/** How a call ended. What was on its way to a connection that is gone is never answered: whoever asks again waits a short while. */
const greet = async (peer: NativePeer, timeoutMs = 1000): Promise<string> => {
  const subject = "default.hello.wrpc.0.0.1.demo:app/greeter.greet";
  return (await peer.invoke(subject, new Uint8Array(0), { timeoutMs })).outcome;
};
const isChange =
  (labels: object) =>
  (json: unknown): boolean => {
    const { type, data } = json as { type: string; data: { labels: object } };
    return (
      type === "com.wasmcloud.lattice.labels_changed" &&
      JSON.stringify(data.labels) === JSON.stringify(labels)
    );
  };

test("calls and control go by connections of their own", async () => {
  // As the reference lists them.
  const ofBucket = (name: string): string[] => [
    `$JS.API.STREAM.INFO.KV_${name}`,
    `$JS.API.STREAM.CREATE.KV_${name}`,
    `$JS.API.DIRECT.GET.KV_${name}`,
    `$JS.API.DIRECT.GET.KV_${name}.>`,
    `$KV.${name}.>`,
  ];
  const events = "wasmbus.evt.default.*";
  const calls = ["default.>", "wasmbus.rpc.default.>", "_INBOX.>"];
  const control = {
    publish: [
      events,
      "wasmbus.ctl.v1.default.host.ping",
      "wasmbus.ctl.v1.default.host.get.*",
      "_INBOX.>",
      ...ofBucket("LATTICEDATA_default"),
      ...ofBucket("CONFIGDATA_default"),
    ],
    subscribe: [
      events,
      "wasmbus.ctl.v1.default.>",
      "_INBOX.>",
      "$KV.LATTICEDATA_default.>",
      "$KV.CONFIGDATA_default.>",
    ],
  };
  await using server = await launchNats({
    users: [
      { user: "control", password: "c", permissions: control },
      { user: "rpc", password: "r", permissions: { publish: calls, subscribe: calls } },
      { user: "peer", password: "p" },
    ],
  });
  await using peer = await connectPeer(server.ws, { user: "peer", pass: "p" });
  const providers = await peer.listen("wasmbus.rpc.default.*.linkdefs.put");
  const at = (who: string): string => server.ws.replace("//", `//${who}@`);

  await using node = await startHost({ url: at("control:c"), rpcUrl: at("rpc:r") }, { components });
  await node.host.scale({ id: entityId("hello"), image, maxInstances: 1, annotations: new Map() });
  await node.sharing(true);
  const outcome = await greet(peer, 30_000);
  const put = await peer.ask("wasmbus.ctl.v1.default.link.put", {
    source_id: "hello",
    target: "kv",
    wit_namespace: "wasi",
    wit_package: "keyvalue",
    interfaces: ["store"],
  });

  await providers.next(() => true);
  expect(put).toEqual({ success: true, message: "successfully set link" });
  expect(node.facts.status.peek()).toEqual({ phase: "live" });
  expect(outcome).toBe("ended");
  expect(node.log.filter(({ event }) => event.includes("denied"))).toEqual([]);
});

test("without its connection for calls a host obeys, says by a label that it cannot be called, and serves when it is back", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  await using proxy = await openTcpProxy(server.wsPort);
  const events = await peer.listen("wasmbus.evt.default.*");
  await using node = await startHost(
    { url: server.ws, rpcUrl: `ws://127.0.0.1:${proxy.port}` },
    { components },
  );
  await node.host.scale({ id: entityId("hello"), image, maxInstances: 1, annotations: new Map() });

  await proxy.refuse();
  await expect.poll(() => greet(peer)).toBe("no-responders");
  const labels = { "hostcore.os": "browser" };
  await events.next(isChange({ ...labels, "inlay.calls": "disconnected" }));
  const inventory = await peer.ask(`wasmbus.ctl.v1.default.host.get.${node.id}`);
  await proxy.accept();
  await events.next(isChange(labels));
  await expect.poll(() => greet(peer)).toBe("ended");

  expect(inventory).toMatchObject({
    response: {
      components: [{ id: "hello" }],
      labels: { "inlay.calls": "disconnected" },
    },
  });
  expect(
    node.log
      .filter(({ event }) => event.startsWith("connection."))
      .map(({ event, fields }) => `${event} ${String(fields["connection"])}`),
  ).toEqual(["connection.lost calls", "connection.open calls"]);
});

test("without its connection for control a host answers calls on", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  await using proxy = await openTcpProxy(server.wsPort);
  const events = await peer.listen("wasmbus.evt.default.host_heartbeat");
  await using node = await startHost(
    { url: `ws://127.0.0.1:${proxy.port}`, rpcUrl: server.ws },
    { components },
  );
  await node.host.scale({ id: entityId("hello"), image, maxInstances: 1, annotations: new Map() });

  await proxy.refuse();
  await expect.poll(() => node.bus.status.peek().phase).toBe("reconnecting");
  const meanwhile = await greet(peer, 30_000);
  await proxy.accept();
  const beat = await events.next((json) => (json as { source: string }).source === node.id);

  expect(meanwhile).toBe("ended");
  expect(beat).toMatchObject({ data: { components: [{ id: "hello" }] } });
});
