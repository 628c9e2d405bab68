/** What a 0.82 lattice keeps for all of its hosts: who answers for it, what is stored, what is told of changes. */
import { decode } from "@msgpack/msgpack";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { LatticeHost, LatticeHostOptions } from "../../support/lattice-host.ts";

import { eventOf } from "../../support/lattice-events.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore, read } from "../../support/lattice-store.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";
import { ACCEPTED, controlClient, startNativeV0Host, told } from "../../support/wasmbus-control.ts";
import { nkey } from "../../support/wasmbus-peer.ts";

const echo = nkey("M").public;
const provider = nkey("V").public;
const account = nkey("A").public;
const cluster = nkey("C");
const image = "registry.example/echo:0.3.8";
const signed = {
  world: { imports: new Map(), exports: new Map() },
  functions: {},
  claims: {
    subject: echo,
    issuer: account,
    name: "Echo",
    version: "0.3.8",
    revision: 4,
    callAlias: "echo",
    tags: ["a", "b"],
    capabilities: ["wasmcloud:httpserver"],
  },
};

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

let lattices = 0;
/** Each test has a lattice of its own: what it keeps stays. */
const fresh = (): string => `facts-${++lattices}`;
const start = (lattice: string, options: LatticeHostOptions = {}): Promise<LatticeHost> =>
  startHost(
    { url: server.ws },
    {
      components: { [image]: signed },
      lattice,
      v0: { issuers: [], seed: cluster.seed },
      ...options,
    },
  );
const client = (lattice: string) => controlClient(peer, lattice);
const definition = (values: object = { address: "127.0.0.1:8080" }) => ({
  actor_id: echo,
  provider_id: provider,
  link_name: "default",
  contract_id: "wasmcloud:httpserver",
  values,
});
const idOf = (actor: string, contract: string, name: string): string =>
  createHash("sha256")
    .update(actor + contract + name)
    .digest("hex")
    .toUpperCase();
const id = idOf(echo, "wasmcloud:httpserver", "default");

test.concurrent("a link is stored as it came, told by event and to its provider, and listed", async () => {
  shows(
    "0.82, control interface: linkdefs.put",
    "0.82, control interface: linkdefs.del",
    "0.82, control interface: get.links",
    "0.82, events: linkdef_set",
    "0.82, events: linkdef_deleted",
    "0.82, state and providers: LINKDEF_{id}",
    "0.82, state and providers: linkdefs.put and .del",
  );
  const lattice = fresh();
  await using node = await start(lattice);
  await node.sharing(true);
  const { ask, events } = client(lattice);
  const heard = await events();
  const atProvider = peer.nats.subscribe(`wasmbus.rpc.${lattice}.${provider}.default.linkdefs.*`, {
    max: 2,
  });
  const given = { ...definition(), note: "unknown here" };

  expect(await ask("linkdefs.put", given)).toEqual(ACCEPTED);

  const wanted = { id, ...definition() };
  expect(await told(heard, "linkdef_set", node)).toEqual(wanted);
  const { data } = await openStore(peer.nats, lattice);
  expect(await read(data, `LINKDEF_${id}`)).toBe(JSON.stringify(given));
  expect(await ask("get.links")).toEqual({ links: [definition()] });
  const { actor_id, contract_id, link_name } = definition();
  expect(await ask("linkdefs.del", { actor_id, contract_id, link_name })).toEqual(ACCEPTED);
  expect(await told(heard, "linkdef_deleted", node)).toEqual(wanted);
  expect(await ask("get.links")).toEqual({ links: [] });
  expect(await read(data, `LINKDEF_${id}`)).toBe("DEL");
  const bodies: [string | undefined, unknown][] = [];
  for await (const message of atProvider) {
    bodies.push([message.subject.split(".").at(-1), decode(message.data)]);
  }
  expect(bodies).toEqual([
    ["put", definition()],
    ["del", definition()],
  ]);
});

test.concurrent("links that were there are no news; what others store and remove later is", async () => {
  shows("0.82, events: linkdef_set", "0.82, events: linkdef_deleted");
  const lattice = fresh();
  const { data } = await openStore(peer.nats, lattice);
  await data.put(`LINKDEF_${id}`, JSON.stringify(definition()));
  const { events } = client(lattice);
  const heard = await events();
  await using node = await start(lattice);
  const second = { ...definition(), link_name: "second" };
  const secondId = idOf(echo, "wasmcloud:httpserver", "second");

  await data.put(`LINKDEF_${secondId}`, JSON.stringify(second));
  await data.delete(`LINKDEF_${id}`);

  expect(await told(heard, "linkdef_set", node)).toEqual({ id: secondId, ...second });
  expect(await told(heard, "linkdef_deleted", node)).toEqual({ id, ...definition() });
  const set = eventOf("linkdef_set", node.id);
  expect(heard.heard.filter((message) => set(message.json()))).toHaveLength(1);
});

test.concurrent("claims of an actor are kept before it is told of, and listed with their older names", async () => {
  shows("0.82, control interface: get.claims", "0.82, state and providers: CLAIMS_{M…}");
  const lattice = fresh();
  await using node = await start(lattice);
  await node.sharing(true);
  const { ask, command, events } = client(lattice);
  const heard = await events();

  await command(node, "scale", { actor_ref: image, count: 1 });
  await told(heard, "actors_started", node);

  const { data } = await openStore(peer.nats, lattice);
  expect(JSON.parse((await read(data, `CLAIMS_${echo}`)) ?? "")).toEqual({
    call_alias: "echo",
    capabilities: ["wasmcloud:httpserver"],
    issuer: account,
    name: "Echo",
    revision: "4",
    subject: echo,
    tags: ["a", "b"],
    version: "0.3.8",
  });
  expect(await ask("get.claims")).toEqual({
    claims: [
      {
        call_alias: "echo",
        caps: "wasmcloud:httpserver",
        capabilities: "wasmcloud:httpserver",
        iss: account,
        issuer: account,
        name: "Echo",
        rev: "4",
        revision: "4",
        sub: echo,
        subject: echo,
        tags: "a,b",
        version: "0.3.8",
      },
    ],
  });
});

test.concurrent("configuration is put, read, removed and cleared, in bytes", async () => {
  shows(
    "0.82, control interface: config.put",
    "0.82, control interface: config.del",
    "0.82, control interface: config.clear",
    "0.82, control interface: get.config of a key",
    "0.82, control interface: get.config of an entity",
    "0.82, events: config_set",
    "0.82, events: config_deleted",
    "0.82, state and providers: CONFIGDATA_{lattice}",
  );
  const lattice = fresh();
  await using node = await start(lattice);
  await node.sharing(true);
  const { ask, events } = client(lattice);
  const heard = await events();

  expect(await ask(`get.config.${echo}.color`)).toEqual({ found: false, data: [] });
  expect(await ask(`config.put.${echo}.color`, "red")).toEqual(ACCEPTED);
  expect(await told(heard, "config_set", node)).toEqual({ entity_id: echo, key: "color" });
  expect(await ask(`config.put.${echo}.size_x`, "7")).toEqual(ACCEPTED);

  expect(await ask(`get.config.${echo}.color`)).toEqual({ found: true, data: [114, 101, 100] });
  expect(await ask(`get.config.${echo}`)).toEqual({ color: [114, 101, 100], size_x: [55] });
  const { config } = await openStore(peer.nats, lattice);
  expect(await read(config, `${echo}_size_x`)).toBe("7");

  expect(await ask(`config.del.${echo}.color`)).toEqual(ACCEPTED);
  expect(await told(heard, "config_deleted", node)).toEqual({ entity_id: echo, key: "color" });
  expect(await ask(`config.clear.${echo}`)).toEqual(ACCEPTED);
  expect(await read(config, `${echo}_size_x`)).toBe("PURGE");
  const empty = await peer.nats.request(`wasmbus.ctl.${lattice}.get.config.${echo}`, "", {
    timeout: 30_000,
  });
  expect(empty.data).toHaveLength(0);
});

test.concurrent("configuration of what is no actor or provider is refused, and so is what clients of 0.33 send to clear", async () => {
  shows(
    "0.82, control interface: config.put",
    "0.82, control interface: malformed requests",
    "0.82, control interface: unknown subjects",
  );
  const lattice = fresh();
  await using node = await start(lattice);
  await node.sharing(true);
  const { ask } = client(lattice);

  expect(await ask("config.put.echo.color", "red")).toEqual({
    accepted: false,
    error: "Invalid entity ID. The entity ID must be a valid public nkey for an actor or provider",
  });
  expect(await ask(`config.del.${echo}`)).toEqual({
    accepted: false,
    error: "unsupported subject",
  });
  expect(await ask("linkdefs.put", { actor_id: echo })).toEqual({
    accepted: false,
    error: "failed to deserialize link definition",
  });
});

test.concurrent("where a native host answers pings, it alone answers for the lattice; tabs take over when it goes", async () => {
  shows("0.82, control interface: queue groups");
  const lattice = fresh();
  const native = await startNativeV0Host(peer, lattice, nkey("N").public);
  await using one = await start(lattice);
  await using two = await start(lattice);
  const asked = () => peer.gather(`wasmbus.ctl.${lattice}.get.links`, undefined, 300, 1);
  // Both have heard of it, which settles the matter.
  const events = ({ log }: LatticeHost): readonly string[] => log.map(({ event }) => event);
  await expect.poll(() => events(one)).toContain("census.native");
  await expect.poll(() => events(two)).toContain("census.native");

  expect(await asked()).toEqual([{ links: [], claims: [] }]);
  expect([...events(one), ...events(two)]).not.toContain("groups.joined");

  await native[Symbol.asyncDispose]();
  await Promise.all([one.sharing(true), two.sharing(true)]);

  expect(await asked()).toEqual([{ links: [] }]);
});

test.concurrent("a tab whose options keep it from shared work never answers for the lattice", async () => {
  shows("0.82, control interface: queue groups");
  const lattice = fresh();
  await using node = await start(lattice, { parts: { shareWork: false } });
  // Whoever comes later and may, has waited for as long as it takes.
  await using other = await start(lattice);
  await other.sharing(true);
  const events = node.log.map(({ event }) => event);
  await other[Symbol.asyncDispose]();

  const asked = await peer.gather(`wasmbus.ctl.${lattice}.get.claims`, undefined, 300);

  expect(asked).toEqual([]);
  expect(events).not.toContain("groups.joined");
  expect(await client(lattice).ask("ping.hosts")).toMatchObject({ id: node.id });
});

test.concurrent("two hosts that start the same actor at the same time keep its claims once", async () => {
  const lattice = fresh();
  await using one = await start(lattice);
  await using two = await start(lattice);
  const { command, events } = client(lattice);
  const heard = await events();

  await Promise.all(
    [one, two].map((node) => command(node, "scale", { actor_ref: image, count: 1 })),
  );

  await Promise.all([one, two].map((node) => told(heard, "actor_scaled", node)));
  const { data } = await openStore(peer.nats, lattice);
  expect(await read(data, `CLAIMS_${echo}`)).toContain(`"subject":"${echo}"`);
});
