/** In-page providers in a 0.82 lattice: commands, events, claims, links, health and shutdown. */
import { decode, encode } from "@msgpack/msgpack";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { LatticeHost, LatticeHostOptions } from "../../support/lattice-host.ts";

import { keyvalueKind } from "../../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../../src/storage/keyvalue-memory.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore, read } from "../../support/lattice-store.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { sampleProvider } from "../../support/sample-provider.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";
import { ACCEPTED, controlClient, told } from "../../support/wasmbus-control.ts";
import { actorEntity, invoke, nkey, sealed } from "../../support/wasmbus-peer.ts";

const cluster = nkey("C");
const keys = { cluster, host: nkey("N") };
const keyvalue = keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes));
const annotations = { app: "demo" };

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

/** What an in-page provider is called: by its reference, as documented. */
const keyOf = (reference: string): string =>
  sealed(Buffer.of(0xa8), createHash("sha256").update(reference).digest());
const KEYVALUE = "inlay:///keyvalue?lease=off";
const kv = keyOf("inlay:///keyvalue");
const sampleKey = keyOf("inlay:///sample");

let lattices = 0;
const fresh = (): string => `providers-${++lattices}`;
const start = (lattice: string, options: LatticeHostOptions["parts"] = {}): Promise<LatticeHost> =>
  startHost(
    { url: server.ws },
    {
      lattice,
      v0: { issuers: [], seed: cluster.seed },
      labels: { zone: "a" },
      parts: { providers: [keyvalue], ...options },
    },
  );
const client = (lattice: string) => controlClient(peer, lattice);

test("lp starts an in-page provider, whose claims are kept by the time it is told of", async () => {
  shows(
    "0.82, control interface: cmd.{host}.lp",
    "0.82, control interface: get.{host}.inv",
    "0.82, events: provider_started",
    "0.82, state and providers: CLAIMS_{V…}",
  );
  const lattice = fresh();
  await using node = await start(lattice);
  const { ask, command, events } = client(lattice);
  const heard = await events();

  const ack = await command(node, "lp", {
    provider_ref: KEYVALUE,
    link_name: "default",
    annotations,
    configuration: '{"max-bytes":100000}',
  });

  expect(ack).toEqual(ACCEPTED);
  expect(await told(heard, "provider_started", node)).toEqual({
    host_id: node.id,
    public_key: kv,
    image_ref: KEYVALUE,
    link_name: "default",
    contract_id: "wasmcloud:keyvalue",
    instance_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    annotations,
    claims: {
      issuer: cluster.public,
      tags: null,
      name: "Inlay keyvalue",
      version: "0.1.0",
      not_before_human: "TODO",
      expires_human: "TODO",
    },
  });
  const { data } = await openStore(peer.nats, lattice);
  expect(JSON.parse((await read(data, `CLAIMS_${kv}`)) ?? "")).toEqual({
    contract_id: "wasmcloud:keyvalue",
    issuer: cluster.public,
    name: "Inlay keyvalue",
    revision: "0",
    subject: kv,
    version: "0.1.0",
  });
  expect(await ask(`get.${node.id}.inv`)).toMatchObject({
    providers: [
      {
        annotations,
        id: kv,
        image_ref: KEYVALUE,
        contract_id: "wasmcloud:keyvalue",
        link_name: "default",
        name: "Inlay keyvalue",
        revision: 0,
      },
    ],
  });
});

test("a linked actor is served, by the values of its link; others are told that they are not linked", async () => {
  shows("0.82, state and providers: links of a provider");
  const lattice = fresh();
  const { data } = await openStore(peer.nats, lattice);
  const linked = nkey("M").public;
  const contract = "wasmcloud:keyvalue";
  const put = async (actor: string, link_name: string, values: object): Promise<void> => {
    const link = { actor_id: actor, provider_id: kv, link_name, contract_id: contract, values };
    const id = createHash("sha256")
      .update(actor + contract + link_name)
      .digest("hex");
    await data.put(`LINKDEF_${id.toUpperCase()}`, JSON.stringify(link));
  };
  await put(linked, "default", { bucket: "mine" });
  await using node = await start(lattice);
  const { command, events } = client(lattice);
  const heard = await events();
  await command(node, "lp", { provider_ref: KEYVALUE, link_name: "default" });
  await told(heard, "provider_started", node);
  const target = { public_key: kv, link_name: "default", contract_id: contract };
  const call = (actor: string, operation: string, argument: unknown) =>
    invoke(
      peer.nats,
      lattice,
      { origin: actorEntity(actor), target, operation, msg: encode(argument) },
      keys,
    );

  const set = await call(linked, "KeyValue.Set", { key: "a", value: "1", expires: 0 });
  expect(set.error).toBeUndefined();
  const got = await call(linked, "KeyValue.Get", "a");
  expect(decode(got.msg)).toEqual({ value: "1", exists: true });

  const stranger = nkey("M").public;
  expect((await call(stranger, "KeyValue.Get", "a")).error).toContain("is not linked");

  await put(stranger, "default", { bucket: "mine" });
  await expect.poll(async () => (await call(stranger, "KeyValue.Get", "a")).error).toBeUndefined();
});

test("a provider is told of links with its key, its link name, and of no others", async () => {
  shows("0.82, control interface: cmd.{host}.lp", "0.82, state and providers: links of a provider");
  const lattice = fresh();
  const { data } = await openStore(peer.nats, lattice);
  const sample = sampleProvider();
  const contract_id = "demo:greeter";
  const actor = nkey("M").public;
  const put = async (provider_id: string, link_name: string): Promise<string> => {
    const values = { to: link_name };
    const link = { actor_id: actor, provider_id, link_name, contract_id, values };
    const id = createHash("sha256")
      .update(actor + contract_id + link_name)
      .digest("hex");
    const key = `LINKDEF_${id.toUpperCase()}`;
    await data.put(key, JSON.stringify(link));
    return key;
  };
  await using node = await start(lattice, { providers: [sample.kind] });
  const { command, events } = client(lattice);
  const heard = await events();
  await put(sampleKey, "another");
  const key = await put(sampleKey, "spare");
  await command(node, "lp", {
    provider_ref: "inlay:///sample",
    link_name: "spare",
    configuration: '{"a":"b","n":1,"yes":true}',
  });
  await told(heard, "provider_started", node);

  await expect
    .poll(() => sample.told)
    .toEqual([
      'start {"a":"b","n":"1","yes":"true"}',
      `link target ${actor}->${sampleKey} spare {"to":"spare"}`,
    ]);
  await data.delete(key);
  await expect.poll(() => sample.told).toContain(`unlink target ${actor}->${sampleKey} spare`);
  expect(sample.told.filter((each) => each.includes("another"))).toEqual([]);
});

test("health is asked for on the provider's subject, and told by event when it changes", async () => {
  shows(
    "0.82, events: health_check_passed",
    "0.82, events: health_check_failed",
    "0.82, events: health_check_status",
    "0.82, state and providers: health",
  );
  const lattice = fresh();
  const clock = fakeClock();
  const sample = sampleProvider();
  await using node = await start(lattice, { providers: [sample.kind], clock });
  const { command, events } = client(lattice);
  const heard = await events();
  await command(node, "lp", { provider_ref: "inlay:///sample", link_name: "spare" });
  await told(heard, "provider_started", node);
  const subject = `wasmbus.rpc.${lattice}.${sampleKey}.spare.health`;
  const ask = async (): Promise<unknown> =>
    decode((await peer.nats.request(subject, "", { timeout: 30_000 })).data);
  const wanted = { public_key: sampleKey, link_name: "spare", contract_id: "" };

  sample.health = { healthy: true };
  const healthy = await peer.nats.request(subject, "", { timeout: 30_000 });
  expect(Buffer.from(healthy.data).toString("hex")).toBe("81a76865616c746879c3");
  clock.advance(5000);
  expect(await told(heard, "health_check_passed", node)).toEqual(wanted);
  clock.advance(30_000);
  expect(await told(heard, "health_check_status", node)).toEqual(wanted);
  sample.health = { healthy: false, message: "tired" };
  expect(await ask()).toEqual({ healthy: false, message: "tired" });
  clock.advance(30_000);
  expect(await told(heard, "health_check_failed", node)).toEqual(wanted);
});

test("sp stops the provider of that link name; an unknown one is no failure", async () => {
  shows("0.82, control interface: cmd.{host}.sp", "0.82, events: provider_stopped");
  const lattice = fresh();
  const sample = sampleProvider();
  await using node = await start(lattice, { providers: [sample.kind] });
  const { command, events } = client(lattice);
  const heard = await events();
  const stop = (provider_ref: string, link_name: string, rest: object = {}) =>
    command(node, "sp", { provider_ref, link_name, contract_id: "", ...rest });
  await command(node, "lp", { provider_ref: "inlay:///sample", link_name: "spare", annotations });
  const started = await told(heard, "provider_started", node);

  expect(await stop(nkey("V").public, "spare")).toEqual(ACCEPTED);
  expect(await stop(sampleKey, "default")).toEqual({
    accepted: false,
    error: "provider with that link name is not running",
  });
  expect(await stop(sampleKey, "spare", { annotations: { app: "another" } })).toEqual(ACCEPTED);
  expect(sample.told).not.toContain("end");
  expect(await stop(sampleKey, "spare")).toEqual(ACCEPTED);

  expect(await told(heard, "provider_stopped", node)).toEqual({
    host_id: node.id,
    public_key: sampleKey,
    link_name: "spare",
    contract_id: "",
    instance_id: Reflect.get(Object(started), "instance_id"),
    annotations,
    reason: "stop",
  });
  expect(sample.told).toContain("end");
});

test("shutdown ends the provider if it names this host", async () => {
  shows("0.82, state and providers: shutdown");
  const lattice = fresh();
  const sample = sampleProvider();
  await using node = await start(lattice, { providers: [sample.kind] });
  const { command, events } = client(lattice);
  const heard = await events();
  await command(node, "lp", { provider_ref: "inlay:///sample", link_name: "default" });
  await told(heard, "provider_started", node);
  const subject = `wasmbus.rpc.${lattice}.${sampleKey}.default.shutdown`;
  const shutdown = (host_id: string, timeout: number) =>
    peer.nats.request(subject, JSON.stringify({ host_id }), { timeout });

  await expect(shutdown(nkey("N").public, 500)).rejects.toThrow(/TIMEOUT/);
  expect((await shutdown(node.id, 30_000)).string()).toBe("shutting down");

  await told(heard, "provider_stopped", node);
});

test("what cannot start, or runs already, is told by event", async () => {
  shows("0.82, events: provider_start_failed");
  const lattice = fresh();
  const sample = sampleProvider();
  await using node = await start(lattice, { providers: [sample.kind] });
  const { command, events } = client(lattice);
  const heard = await events();
  const failed = (reference: string) =>
    told(
      heard,
      "provider_start_failed",
      node,
      (data) => Reflect.get(data, "provider_ref") === reference,
    );

  const native = "registry.example/httpserver:0.19.1";
  await command(node, "lp", { provider_ref: native, link_name: "default" });
  expect(await failed(native)).toEqual({
    provider_ref: native,
    link_name: "default",
    error: expect.stringContaining("is not a provider that runs in a page"),
  });
  await command(node, "lp", { provider_ref: "inlay:///sample", link_name: "default" });
  await told(heard, "provider_started", node);
  const again = { provider_ref: "inlay:///sample", link_name: "default" };
  expect(await command(node, "lp", again)).toEqual(ACCEPTED);
  expect(await failed("inlay:///sample")).toMatchObject({
    error: expect.stringContaining("provider is already running"),
  });
  expect(await command(node, "lp", { ...again, configuration: "nothing" })).toEqual({
    accepted: false,
    error: "the configuration of an in-page provider is a JSON object of plain values",
  });
});

test("a bid is for in-page providers that could start here, under fitting labels", async () => {
  shows("0.82, control interface: auction.provider");
  const lattice = fresh();
  await using node = await start(lattice);
  const { command, events } = client(lattice);
  const heard = await events();
  const auction = (provider_ref: string, constraints: object, bids = 0) =>
    peer.gather(
      `wasmbus.ctl.${lattice}.auction.provider`,
      { provider_ref, link_name: "default", constraints },
      300,
      bids,
    );

  expect(await auction(KEYVALUE, { zone: "a" }, 1)).toEqual([
    { host_id: node.id, link_name: "default", provider_ref: KEYVALUE, constraints: { zone: "a" } },
  ]);
  expect(await auction(KEYVALUE, { zone: "b" })).toEqual([]);
  expect(await auction("registry.example/httpserver:0.19.1", {})).toEqual([]);
  await command(node, "lp", { provider_ref: KEYVALUE, link_name: "default" });
  await told(heard, "provider_started", node);
  expect(await auction(KEYVALUE, {})).toEqual([]);
});
