import { expect, test } from "vitest";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { Manifest, Wadm } from "../../support/wadm.ts";

import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { startWadm } from "../../support/wadm.ts";
import { shared } from "../../support/shared.ts";

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

const world = { imports: new Map(), exports: new Map() };
const components = {
  "http://images.test/front.wasm": { world, functions: {} },
  "http://images.test/back.wasm": { world, functions: {} },
};

/** Beats fast, for wadm learns of a host that it has not seen start by its heartbeats only. */
const join = (lattice: string, labels: Readonly<Record<string, string>>): Promise<LatticeHost> =>
  startHost({ url: server.ws }, { lattice, labels, components, parts: { heartbeatMs: 300 } });

const shop: Manifest = {
  name: "shop",
  components: [
    {
      id: "front",
      image: "http://images.test/front.wasm",
      config: { greeting: { text: "hello" } },
      spread: [
        { name: "east", instances: 3, requirements: { zone: "east" } },
        { name: "west", instances: 2, requirements: { zone: "west", "hostcore.os": "browser" } },
      ],
      links: [{ target: "back", namespace: "shop", package: "stock", interfaces: ["shelf"] }],
    },
    {
      id: "back",
      image: "http://images.test/back.wasm",
      spread: [{ name: "any", instances: 4, requirements: { fleet: "web" } }],
    },
  ],
};

/** What of each component runs where: `east/front 3`. */
function placed(hosts: Readonly<Record<string, LatticeHost>>): readonly string[] {
  return Object.entries(hosts).flatMap(([name, { host }]) =>
    host
      .inventory()
      .workloads.map(({ id, maxInstances }) => `${name}/${id} ${maxInstances}`)
      .toSorted(),
  );
}

async function control(lattice: string, tail: string): Promise<unknown> {
  return peer.ask(`wasmbus.ctl.v1.${lattice}.${tail}`);
}

test("wadm deploys onto two tabs by label, scales, and takes all away again", async () => {
  await using wadm: Wadm = await startWadm(peer, "fleet");
  await using east = await join("fleet", { zone: "east", fleet: "web" });
  await using west = await join("fleet", { zone: "west", fleet: "none" });
  await Promise.race([east.sharing(true), west.sharing(true)]);

  await wadm.deploy(shop);

  expect(placed({ east, west })).toEqual(["east/back 4", "east/front 3", "west/front 2"]);
  const [front] = east.host.inventory().workloads.filter(({ id }) => id === "front");
  expect(Object.fromEntries(front?.annotations ?? [])).toEqual({
    "wasmcloud.dev/appspec": "shop",
    "wasmcloud.dev/managed-by": "wadm",
    "wasmcloud.dev/scaler": "shop-front",
    "wasmcloud.dev/spread_name": "east",
  });
  expect(await control("fleet", "link.get")).toMatchObject({
    success: true,
    response: [{ source_id: "front", target: "back", wit_namespace: "shop", wit_package: "stock" }],
  });
  expect(await control("fleet", "config.get.shop-greeting")).toMatchObject({
    response: { text: "hello" },
  });

  const [first, second] = shop.components;
  if (first === undefined || second === undefined) throw new Error("a shop of two components");
  const more = first.spread.map((spread) => ({ ...spread, instances: spread.instances + 5 }));
  await wadm.deploy({ ...shop, components: [{ ...first, spread: more }, second] });

  expect(placed({ east, west })).toEqual(["east/back 4", "east/front 8", "west/front 7"]);

  await wadm.undeploy("shop");

  expect(placed({ east, west })).toEqual([]);
  expect(await control("fleet", "link.get")).toMatchObject({ response: [] });
  expect(await control("fleet", "config.get.shop-greeting")).toEqual({
    success: true,
    message: "Configuration not found",
  });
  expect(wadm.dropped).toEqual([]);
  expect(wadm.refused).toEqual([]);
});

test("what ran in a tab that leaves runs in another one soon", async () => {
  await using wadm: Wadm = await startWadm(peer, "moving");
  const one = await join("moving", { fleet: "web" });
  const manifest = { name: "solo", components: shop.components.slice(1) };
  await one.sharing(true);
  await wadm.deploy(manifest);
  expect(placed({ one })).toEqual(["one/back 4"]);
  await using two = await join("moving", { fleet: "web" });

  await one[Symbol.asyncDispose]();
  await expect.poll(() => wadm.hosts.has(one.id)).toBe(false);
  await wadm.settled();

  expect(placed({ two })).toEqual(["two/back 4"]);
  expect(wadm.dropped).toEqual([]);
});

test("an image that cannot be had is a failure that wadm hears of, with its own words", async () => {
  await using wadm: Wadm = await startWadm(peer, "natives");
  await using tab = await join("natives", {});
  const failed = await peer.listen("wasmbus.evt.natives.component_scale_failed");

  const deployed = wadm.deploy({
    name: "far",
    components: [
      {
        id: "far",
        image: "ghcr.io/acme/absent:1.0.0",
        spread: [{ name: "here", instances: 1, requirements: { "hostcore.os": "browser" } }],
      },
    ],
  });
  deployed.catch(() => undefined); // it never is

  const event = await failed.next(() => true);
  expect(event).toMatchObject({
    source: tab.id,
    data: {
      component_id: "far",
      image_ref: "ghcr.io/acme/absent:1.0.0",
      max_instances: 1,
      annotations: { "wasmcloud.dev/appspec": "far", "wasmcloud.dev/spread_name": "here" },
    },
  });
  expect(placed({ tab })).toEqual([]);
});
