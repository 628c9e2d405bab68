/** npm `@wasmcloud/lattice-client-core`, the washboard's client, reads and changes a lattice of our nodes. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { NatsServer } from "../support/launch-nats.ts";

import { WebSocket } from "ws";
import { entityId } from "../../src/core/ids.ts";
import { startHost } from "../support/lattice-host.ts";
import { launchNats } from "../support/launch-nats.ts";
import { linkJson } from "../support/link-json.ts";
import { connectPeer } from "../support/native-peer.ts";
import { plainComponent } from "./support/local-components.ts";
import { NPM } from "./support/places.ts";

const IMAGE = "https://images.example/plain.wasm";

type Ask = (...args: readonly unknown[]) => Promise<unknown>;

interface LatticeClient {
  readonly hosts: Readonly<Record<"list" | "get" | "putLabel" | "deleteLabel" | "stop", Ask>>;
  readonly components: Readonly<Record<"scale" | "update", Ask>>;
  readonly links: Readonly<Record<"list" | "put" | "delete", Ask>>;
  readonly configs: Readonly<Record<"list" | "get" | "put" | "delete", Ask>>;
  readonly instance: {
    disconnect(): Promise<void>;
    subscribe(subject: string, listener: (event: unknown) => void): { unsubscribe(): void };
  };
}

let server: NatsServer;
let node: LatticeHost;
let client: LatticeClient;
beforeAll(async () => {
  server = await launchNats();
  node = await startHost({ url: server.ws }, { components: { [IMAGE]: plainComponent() } });
  await node.sharing(true);
  const id = entityId("plain");
  await node.host.scale({ id, image: IMAGE, maxInstances: 4, annotations: new Map() });
  // Browsers have it; Node 20 does not.
  Object.assign(globalThis, { WebSocket });
  const entry = join(NPM, "node_modules/@wasmcloud/lattice-client-core/build/index.js");
  const core = (await import(pathToFileURL(entry).href)) as {
    LatticeClient: new (options: object) => LatticeClient;
  };
  client = new core.LatticeClient({
    config: { latticeUrl: server.ws, latticeId: "default", retryCount: 50 },
  });
});
afterAll(async () => {
  await client.instance.disconnect();
  await node[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test("it reads a host's inventory", async () => {
  expect(await client.hosts.get(node.id)).toMatchObject({
    success: true,
    response: {
      host_id: node.id,
      components: [{ id: "plain", image_ref: IMAGE, max_instances: 4 }],
      providers: [],
    },
  });
});

test("it lists hosts as wadm knows them, with what each says of itself", async () => {
  await using peer = await connectPeer(server.ws);
  const state = await peer.nats.jetstream().views.kv("wadm_state");
  const known = { id: node.id, friendly_name: "calm", labels: {}, components: {}, providers: [] };
  await state.put("host_default", JSON.stringify({ [node.id]: known }));

  expect(await client.hosts.list({ expand: true })).toMatchObject({
    success: true,
    response: [{ host_id: node.id, components: [{ id: "plain" }] }],
  });
});

test("it puts, lists and deletes configuration, by the bucket's own keys", async () => {
  const entries = { host: "127.0.0.1" };

  expect(await client.configs.put("address", entries)).toMatchObject({ success: true });
  expect(await client.configs.get("address")).toMatchObject({ response: entries });
  expect(await client.configs.list({ expand: true })).toMatchObject({
    success: true,
    response: [{ name: "address", entries }],
  });
  expect(await client.configs.delete("address")).toMatchObject({ success: true });
  expect(await client.configs.list()).toMatchObject({ success: true, response: [] });
});

test("it puts, lists and deletes links", async () => {
  const link = linkJson("plain", "other");

  expect(await client.links.put(link)).toMatchObject({ success: true });
  expect(await client.links.list()).toMatchObject({ success: true, response: [link] });
  expect(await client.links.delete(link)).toMatchObject({ success: true });
  expect(await client.links.list()).toMatchObject({ success: true, response: [] });
});

test("it sets and removes labels", async () => {
  expect(await client.hosts.putLabel(node.id, "zone", "eu")).toMatchObject({ success: true });
  expect(await client.hosts.get(node.id)).toMatchObject({ response: { labels: { zone: "eu" } } });
  expect(await client.hosts.deleteLabel(node.id, "zone")).toMatchObject({ success: true });
});

test("it hears events", async () => {
  const heard: unknown[] = [];
  const subscription = client.instance.subscribe("wasmbus.evt.default.>", (event) =>
    heard.push(event),
  );
  // The connection is shared, and the server takes messages in order: it has the subscription when it answers.
  await client.hosts.get(node.id);

  await client.hosts.putLabel(node.id, "zone", "us");

  await expect
    .poll(() => heard)
    .toContainEqual(
      expect.objectContaining({
        type: "com.wasmcloud.lattice.labels_changed",
        source: node.id,
        data: expect.objectContaining({ labels: expect.objectContaining({ zone: "us" }) }),
      }),
    );
  subscription.unsubscribe();
});

test("it scales a component, under the name that this version gives the number", async () => {
  const body = { host_id: node.id, component_id: "plain", component_ref: IMAGE, count: 2 };

  expect(await client.components.scale(body)).toMatchObject({ success: true });

  await expect
    .poll(() => client.hosts.get(node.id))
    .toMatchObject({ response: { components: [{ max_instances: 2 }] } });
});

test("it stops the host", async () => {
  const other = await startHost({ url: server.ws }, {});

  expect(await client.hosts.stop(other.id)).toMatchObject({ success: true });

  await other.host.stopped;
  await other[Symbol.asyncDispose]();
});
