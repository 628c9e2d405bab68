/** The client library of wash of 0.82 (`wasmcloud-control-interface` 0.33) commands a node of ours. */
import { expect, test } from "vitest";
import type { LatticeEvent } from "./support/wash-peer.ts";

import { actorWorld } from "../../src/interfaces/actor.ts";
import { keyvalueKind } from "../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../src/storage/keyvalue-memory.ts";
import { startHost } from "../support/lattice-host.ts";
import { launchNats } from "../support/launch-nats.ts";
import { shared } from "../support/shared.ts";
import { ACCEPTED } from "../support/wasmbus-control.ts";
import { nkey } from "../support/wasmbus-peer.ts";
import { wasmbusPeer } from "./support/places.ts";
import { startWash } from "./support/wash-peer.ts";

const LATTICE = "wash";
const ONE = "registry.example/echo:0.3.8";
const TWO = "registry.example/echo:0.3.9";
const KEYVALUE = "wasmcloud:keyvalue";
const cluster = nkey("C");
const key = nkey("M").public;
const claims = {
  subject: key,
  issuer: nkey("A").public,
  name: "Echo",
  version: "0.3.8",
  revision: 4,
  callAlias: "echo",
  tags: ["demo"],
  capabilities: [KEYVALUE],
};
const annotations = { app: "demo" };
const actor = { world: actorWorld(), functions: {} };

const server = shared(() => launchNats());
const wash = shared(() => startWash(server.nats, LATTICE, wasmbusPeer("wasmbus-wash-peer")));
const start = () =>
  startHost(
    { url: server.ws },
    {
      lattice: LATTICE,
      v0: { issuers: [], seed: cluster.seed },
      labels: { zone: "browser" },
      components: {
        [ONE]: { ...actor, claims },
        [TWO]: { ...actor, claims: { ...claims, version: "0.3.9", revision: 5 } },
      },
      parts: { providers: [keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes))] },
    },
  );
const node = shared(async () => {
  await wash.listen("*");
  const started = await start();
  await started.sharing(true);
  return started;
});

/** What an event of this type told; `wanted`: which one. */
const told = async (type: string, wanted: LatticeEvent["data"] = {}): Promise<unknown> => {
  const { data } = await wash.event(
    ({ event, source, data: said }) =>
      event === `com.wasmcloud.lattice.${type}` &&
      source === node.id &&
      Object.entries(wanted).every(([name, value]) => said[name] === value),
  );
  return data;
};
const inventory = () => wash.run<Record<string, unknown>>("get_host_inventory", node.id);

test("it finds our host, by ping and by auction", async () => {
  expect(await wash.run("get_hosts")).toEqual([
    {
      id: node.id,
      friendly_name: "calm-tile-0001",
      labels: { "hostcore.os": "browser", zone: "browser" },
      lattice: LATTICE,
      cluster_issuers: cluster.public,
      ctl_host: server.ws,
      rpc_host: server.ws,
      uptime_human: expect.stringMatching(/s$/),
      uptime_seconds: expect.any(Number),
      version: "0.1.0",
    },
  ]);
  const bid = { host_id: node.id, constraints: { zone: "browser" } };
  expect(await wash.run("perform_actor_auction", ONE, bid.constraints)).toEqual([
    { ...bid, actor_ref: ONE },
  ]);
  expect(await wash.run("perform_actor_auction", ONE, { zone: "elsewhere" })).toEqual([]);
  const provider = "inlay:///keyvalue?lease=off";
  expect(await wash.run("perform_provider_auction", provider, "default", bid.constraints)).toEqual([
    { ...bid, provider_ref: provider, link_name: "default" },
  ]);
});

test("it starts, scales, updates and stops an actor, and reads the inventory", async () => {
  const scale = (count: number): Promise<unknown> =>
    wash.run("scale_actor", node.id, ONE, count, annotations);
  expect(await scale(3)).toEqual(ACCEPTED);
  await told("actor_scaled", { public_key: key, max_instances: 3 });
  expect(await inventory()).toMatchObject({
    host_id: node.id,
    issuer: cluster.public,
    friendly_name: "calm-tile-0001",
    actors: [
      {
        id: key,
        image_ref: ONE,
        name: "Echo",
        instances: [{ annotations, image_ref: ONE, revision: 4, max_instances: 3 }],
      },
    ],
    providers: [],
  });
  expect(await scale(5)).toEqual(ACCEPTED);
  await told("actor_scaled", { public_key: key, max_instances: 5 });

  expect(await wash.run("update_actor", node.id, key, TWO, annotations)).toEqual(ACCEPTED);
  expect(await inventory()).toMatchObject({
    actors: [{ id: key, image_ref: TWO, instances: [{ revision: 5, max_instances: 5 }] }],
  });

  expect(await wash.run("stop_actor", node.id, key, null)).toEqual(ACCEPTED);
  await told("actors_stopped", { public_key: key, remaining: 0 });
  expect(await inventory()).toMatchObject({ actors: [] });
});

test("it hears why an actor cannot be started", async () => {
  const absent = "registry.example/absent:1.0.0";

  expect(await wash.run("scale_actor", node.id, absent, 1, null)).toEqual(ACCEPTED);

  expect(await told("actor_scale_failed", { image_ref: absent })).toMatchObject({
    error: expect.stringContaining("404"),
  });
});

test("it starts and stops a provider, and reads who has which claims", async () => {
  const reference = "inlay:///keyvalue?lease=off";
  const ask = ["start_provider", node.id, reference, null, annotations, '{"max-bytes":100000}'];
  expect(await wash.run(...(ask as [string]))).toEqual(ACCEPTED);
  const started = await told("provider_started", { image_ref: reference });
  const provider = String(Reflect.get(Object(started), "public_key"));
  expect(await inventory()).toMatchObject({
    providers: [
      {
        id: provider,
        image_ref: reference,
        contract_id: KEYVALUE,
        link_name: "default",
        annotations,
      },
    ],
  });

  const all = await wash.run<readonly Record<string, string>[]>("get_claims");
  expect(all.find(({ sub }) => sub === key)).toMatchObject({
    call_alias: "echo",
    caps: KEYVALUE,
    iss: claims.issuer,
    name: "Echo",
    rev: "5",
    tags: "demo",
    version: "0.3.9",
  });
  expect(all.find(({ sub }) => sub === provider)).toMatchObject({
    contract_id: KEYVALUE,
    iss: cluster.public,
  });

  const stop = ["stop_provider", node.id, provider, "default", KEYVALUE];
  expect(await wash.run(...(stop as [string]))).toEqual(ACCEPTED);
  await told("provider_stopped", { public_key: provider });
  expect(await inventory()).toMatchObject({ providers: [] });
});

test("it puts, reads and removes links and configuration", async () => {
  const link = {
    actor_id: key,
    provider_id: nkey("V").public,
    contract_id: KEYVALUE,
    link_name: "default",
    values: { URL: "redis://elsewhere" },
  };
  const { actor_id, provider_id, contract_id, link_name, values } = link;
  expect(
    await wash.run("advertise_link", actor_id, provider_id, contract_id, link_name, values),
  ).toEqual(ACCEPTED);
  expect(await told("linkdef_set", { actor_id })).toMatchObject(link);
  expect(await wash.run("query_links")).toEqual([link]);
  expect(await wash.run("remove_link", actor_id, contract_id, link_name)).toEqual(ACCEPTED);
  await told("linkdef_deleted", { actor_id });
  expect(await wash.run("query_links")).toEqual([]);

  const hex = Buffer.from("tea").toString("hex");
  const data = [...Buffer.from("tea")];
  expect(await wash.run("put_config", key, "drink", hex)).toEqual(ACCEPTED);
  expect(await wash.run("get_config", key, "drink")).toEqual({ found: true, data });
  expect(await wash.run("get_all_config", key)).toEqual({ drink: data });
  expect(await wash.run("delete_config_key", key, "drink")).toEqual(ACCEPTED);
  await expect.poll(() => wash.run("get_config", key, "drink")).toEqual({ found: false, data: [] });
});

test("it sets and removes labels, and hands registries over", async () => {
  expect(await wash.run("put_label", node.id, "room", "4")).toEqual(ACCEPTED);
  expect(await inventory()).toMatchObject({ labels: { room: "4" } });
  expect(await wash.run("delete_label", node.id, "room")).toEqual(ACCEPTED);
  expect((await inventory())["labels"]).not.toHaveProperty("room");
  const credentials = { username: "u", password: "p", registryType: "oci" };
  expect(await wash.run("put_registries", { "registry.example": credentials })).toBe(null);
});

test("it stops our host", async () => {
  const other = await start();

  expect(await wash.run("stop_host", other.id, 1000)).toEqual(ACCEPTED);

  await wash.event(
    ({ event, source }) => event === "com.wasmcloud.lattice.host_stopped" && source === other.id,
  );
  await other[Symbol.asyncDispose]();
});
