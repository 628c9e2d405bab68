/** wash's client library (`wasmcloud-control-interface`) commands a node of ours. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { NatsServer } from "../support/launch-nats.ts";
import type { CtlResponse, WashPeer } from "./support/wash-peer.ts";

import { startHost } from "../support/lattice-host.ts";
import { launchNats } from "../support/launch-nats.ts";
import { linkJson } from "../support/link-json.ts";
import { everythingComponent, plainComponent } from "./support/local-components.ts";
import { startWash } from "./support/wash-peer.ts";

const ONE = "ghcr.io/acme/plain:0.1.0";
const TWO = "ghcr.io/acme/plain:0.2.0";

let server: NatsServer;
let wash: WashPeer;
let node: LatticeHost;
beforeAll(async () => {
  server = await launchNats();
  wash = await startWash(server.nats);
  await wash.listen("*");
  node = await startHost(
    { url: server.ws },
    {
      components: { [ONE]: plainComponent(), [TWO]: everythingComponent() },
      labels: { zone: "browser" },
    },
  );
  await node.sharing(true);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await wash[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const scaled = (id: string, image: string, max: number): Promise<unknown> =>
  wash.event(
    ({ event, source, data }) =>
      event === "com.wasmcloud.lattice.component_scaled" &&
      source === node.id &&
      data["component_id"] === id &&
      data["image_ref"] === image &&
      data["max_instances"] === max,
  );

const inventory = async () => {
  const { response } = await wash.run<CtlResponse<Record<string, unknown>>>(
    "get_host_inventory",
    node.id,
  );
  return response;
};

test("it finds our host", async () => {
  const hosts = await wash.run<readonly CtlResponse[]>("get_hosts");

  expect(hosts).toEqual([
    {
      success: true,
      message: "",
      response: {
        id: node.id,
        friendly_name: "calm-tile-0001",
        lattice: "default",
        labels: { "hostcore.os": "browser", zone: "browser" },
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        uptime_human: expect.stringMatching(/s$/),
        uptime_seconds: expect.any(Number),
        ctl_host: expect.any(String),
        rpc_host: expect.any(String),
      },
    },
  ]);
});

test("it reads an empty inventory", async () => {
  expect(await inventory()).toMatchObject({ host_id: node.id, components: [], providers: [] });
});

test("an auction finds our host by its labels, and none by others", async () => {
  const fitting = { zone: "browser" };

  const bids = await wash.run("perform_component_auction", ONE, "plain", fitting);
  const none = await wash.run("perform_component_auction", ONE, "plain", { zone: "elsewhere" });

  expect(bids).toEqual([
    {
      success: true,
      message: "",
      response: {
        component_ref: ONE,
        component_id: "plain",
        host_id: node.id,
        constraints: fitting,
      },
    },
  ]);
  expect(none).toEqual([]);
});

test("a native provider finds no host here", async () => {
  const image = "ghcr.io/wasmcloud/http-server:0.27.0";

  expect(await wash.run("perform_provider_auction", image, "default", {})).toEqual([]);
  await wash.run("start_provider", node.id, image, "httpserver", null, []);
  const failed = await wash.event(
    ({ event, data }) =>
      event.endsWith(".provider_start_failed") && data["provider_id"] === "httpserver",
  );

  expect(failed).toMatchObject({
    source: node.id,
    data: { provider_ref: image, provider_id: "httpserver", error: expect.any(String) },
  });
});

test("it starts, scales, updates and stops a component", async () => {
  const annotations = { "wasmcloud.dev/managed-by": "interop" };
  const scale = (image: string, max: number): Promise<CtlResponse> =>
    wash.run("scale_component", node.id, image, "plain", max, annotations, [], false);

  expect(await scale(ONE, 3)).toMatchObject({ success: true });
  await scaled("plain", ONE, 3);
  expect(await inventory()).toMatchObject({
    components: [{ id: "plain", image_ref: ONE, max_instances: 3, annotations, limits: null }],
  });

  expect(await scale(ONE, 5)).toMatchObject({ success: true });
  await scaled("plain", ONE, 5);

  const updated = await wash.run("update_component", node.id, "plain", TWO, null);
  expect(updated).toMatchObject({ success: true });
  await scaled("plain", TWO, 5);

  expect(await scale(TWO, 0)).toMatchObject({ success: true });
  await scaled("plain", TWO, 0);
  expect(await inventory()).toMatchObject({ components: [] });
});

test("it hears why a component cannot be started", async () => {
  const absent = "ghcr.io/acme/absent:1.0.0";

  const ack = await wash.run("scale_component", node.id, absent, "absent", 1, null, [], false);
  const failed = await wash.event(({ event }) => event.endsWith(".component_scale_failed"));

  expect(ack).toMatchObject({ success: true });
  expect(failed).toMatchObject({
    source: node.id,
    data: { component_id: "absent", image_ref: absent, max_instances: 1 },
  });
});

const LINK = linkJson("plain", "other", { target_config: ["address"] });

test("it puts, reads and deletes configuration and links", async () => {
  const address = { host: "127.0.0.1", port: "6379" };

  const early = await wash.run("put_link", LINK);
  expect(early).toEqual({ success: false, message: expect.stringContaining("address") });

  expect(await wash.run("put_config", "address", address)).toMatchObject({ success: true });
  expect(await wash.run("get_config", "address")).toMatchObject({
    success: true,
    response: address,
  });
  expect(await wash.run("put_link", LINK)).toMatchObject({ success: true });
  expect(await wash.run("get_links")).toMatchObject({ success: true, response: [LINK] });
  const other = await wash.run("put_link", { ...LINK, target: "third" });
  expect(other).toMatchObject({ success: false });

  const deleted = await wash.run("delete_link", "plain", "default", "wasi", "keyvalue");
  expect(deleted).toMatchObject({ success: true });
  expect(await wash.run("get_links")).toMatchObject({ response: [] });
  expect(await wash.run("delete_config", "address")).toMatchObject({ success: true });
  expect(await wash.run("get_config", "address")).toEqual({
    success: true,
    message: "Configuration not found",
  });
});

test("it reads claims", async () => {
  expect(await wash.run("get_claims")).toEqual({ success: true, message: "", response: [] });
});

test("it sets and removes labels", async () => {
  expect(await wash.run("put_label", node.id, "room", "4")).toMatchObject({ success: true });
  expect(await inventory()).toMatchObject({ labels: { room: "4" } });

  expect(await wash.run("put_label", node.id, "hostcore.os", "x")).toMatchObject({
    success: false,
  });
  expect(await wash.run("delete_label", node.id, "room")).toMatchObject({ success: true });
  const { labels } = (await inventory()) as { labels: object };
  expect(labels).not.toHaveProperty("room");
});

test("registries are handed over without an answer", async () => {
  const credentials = { username: "u", password: "p", token: null, registryType: "oci" };

  const ack = await wash.run("put_registries", { "registry.example": credentials });

  expect(ack).toMatchObject({ success: true });
});

test("it stops our host", async () => {
  const other = await startHost({ url: server.ws }, {});

  expect(await wash.run("stop_host", other.id, 1000)).toMatchObject({ success: true });

  await wash.event(
    ({ event, source }) => event === "com.wasmcloud.lattice.host_stopped" && source === other.id,
  );
  await other[Symbol.asyncDispose]();
});
