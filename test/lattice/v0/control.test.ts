/** The 0.82 control interface on a real server: each command, its answer, and the events that follow. */
import { expect, test } from "vitest";
import type { Runtime } from "../../../src/core/runtime.ts";
import type { LatticeHost, LatticeHostOptions } from "../../support/lattice-host.ts";

import { greeter } from "../../support/greeter.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";
import { ACCEPTED, controlClient, told } from "../../support/wasmbus-control.ts";
import { nkey } from "../../support/wasmbus-peer.ts";

const account = nkey("A").public;
const echo = nkey("M").public;
const other = nkey("M").public;
const cluster = nkey("C");
const claims = {
  subject: echo,
  issuer: account,
  name: "Echo",
  version: "0.3.8",
  revision: 4,
  callAlias: "echo",
  tags: ["demo"],
  capabilities: ["wasmcloud:httpserver"],
};
const image = "registry.example/echo:0.3.8";
const newer = "registry.example/echo:0.3.9";
const foreign = "registry.example/other:1";
const unsigned = "registry.example/unsigned:1";
const components = {
  [image]: { ...greeter, claims },
  [newer]: { ...greeter, claims: { ...claims, version: "0.3.9", revision: 5 } },
  [foreign]: { ...greeter, claims: { subject: other, issuer: account } },
  [unsigned]: { ...greeter, digest: "0123456789abcdef".repeat(4) },
};
const toldClaims = {
  call_alias: "echo",
  caps: ["wasmcloud:httpserver"],
  issuer: account,
  tags: ["demo"],
  name: "Echo",
  version: "0.3.8",
  revision: 4,
  not_before_human: "TODO",
  expires_human: "TODO",
};
const annotations = { app: "demo" };

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

let lattices = 0;
/** Each test has a lattice of its own: what it keeps stays. */
const setUp = (): string => `control-${++lattices}`;
const start = (lattice: string, options: LatticeHostOptions = {}): Promise<LatticeHost> =>
  startHost(
    { url: server.ws },
    { components, lattice, v0: { issuers: [cluster.public], seed: cluster.seed }, ...options },
  );
const client = (lattice: string) => controlClient(peer, lattice);

test("a host announces itself on both subjects of events", async () => {
  shows("0.82, events: both subjects", "0.82, events: host_started");
  const lattice = setUp();
  const general = await peer.listen(`wasmbus.evt.${lattice}`);
  const heard = await client(lattice).events();

  await using node = await start(lattice);

  const wanted = {
    specversion: "1.0",
    id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    type: "com.wasmcloud.lattice.host_started",
    source: node.id,
    datacontenttype: "application/json",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
    data: {
      friendly_name: "calm-tile-0001",
      labels: { "hostcore.os": "browser" },
      uptime_seconds: 0,
      version: "0.1.0",
    },
  };
  expect(await heard.next(() => true)).toEqual(wanted);
  expect(await general.next(() => true)).toEqual(wanted);
});

test("ping.hosts is answered with the host and the issuers that it trusts", async () => {
  shows("0.82, control interface: ping.hosts");
  const lattice = setUp();
  const trusted = nkey("C").public;
  await using node = await start(lattice, { v0: { issuers: [trusted], seed: cluster.seed } });

  expect(await client(lattice).ask("ping.hosts")).toEqual({
    id: node.id,
    issuer: cluster.public,
    labels: { "hostcore.os": "browser" },
    friendly_name: "calm-tile-0001",
    uptime_seconds: expect.any(Number),
    uptime_human: expect.stringMatching(/^\d+s$/),
    version: "0.1.0",
    cluster_issuers: `${trusted},${cluster.public}`,
    js_domain: null,
    ctl_host: server.ws,
    rpc_host: server.ws,
    lattice_prefix: lattice,
    lattice,
  });
});

test("scale starts the actor that the image says, and tells of it; the inventory has it", async () => {
  shows(
    "0.82, control interface: cmd.{host}.scale",
    "0.82, control interface: get.{host}.inv",
    "0.82, events: actors_started",
    "0.82, events: actor_scaled",
  );
  const lattice = setUp();
  await using node = await start(lattice);
  const { ask, command, events } = client(lattice);
  const heard = await events();

  const ack = await command(node, "scale", { actor_ref: image, count: 5, annotations });

  expect(ack).toEqual(ACCEPTED);
  expect(await told(heard, "actors_started", node)).toEqual({
    public_key: echo,
    image_ref: image,
    annotations,
    host_id: node.id,
    claims: toldClaims,
    count: 5,
  });
  expect(await told(heard, "actor_scaled", node)).toEqual({
    public_key: echo,
    claims: toldClaims,
    annotations,
    host_id: node.id,
    image_ref: image,
    max_instances: 5,
  });
  expect(await ask(`get.${node.id}.inv`)).toEqual({
    actors: [
      {
        id: echo,
        image_ref: image,
        name: "Echo",
        instances: [
          {
            annotations,
            image_ref: image,
            instance_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
            revision: 4,
            max_instances: 5,
          },
        ],
      },
    ],
    providers: [],
    host_id: node.id,
    issuer: cluster.public,
    friendly_name: "calm-tile-0001",
    labels: { "hostcore.os": "browser" },
    version: "0.1.0",
    uptime_human: expect.stringMatching(/^\d+s$/),
    uptime_seconds: expect.any(Number),
  });
});

test("growing and shrinking tell the difference", async () => {
  shows("0.82, events: actors_stopped");
  const lattice = setUp();
  await using node = await start(lattice);
  const { command, events } = client(lattice);
  const heard = await events();
  const scale = (count: number) => command(node, "scale", { actor_ref: image, count, annotations });
  await scale(2);
  await told(heard, "actor_scaled", node, (data) => "max_instances" in data);

  await scale(5);
  expect(await told(heard, "actors_started", node, (data) => has(data, "count", 3))).toMatchObject({
    public_key: echo,
  });
  await scale(1);

  expect(await told(heard, "actors_stopped", node)).toEqual({
    public_key: echo,
    annotations,
    host_id: node.id,
    count: 4,
    remaining: 1,
    image_ref: image,
  });
  await told(heard, "actor_scaled", node, (data) => has(data, "max_instances", 1));
});

test("a scale to what runs already is no news, and one to nothing stops it if the annotations are the same", async () => {
  shows("0.82, control interface: cmd.{host}.scale", "0.82, events: actor_scaled");
  const lattice = setUp();
  await using node = await start(lattice);
  const { ask, command, events } = client(lattice);
  const heard = await events();
  const scale = (count: number, of: object) =>
    command(node, "scale", { actor_ref: image, count, annotations: of });
  await scale(3, annotations);
  await told(heard, "actor_scaled", node);

  await scale(3, annotations);
  await scale(0, { app: "another" });
  await scale(0, annotations);

  expect(await told(heard, "actors_stopped", node)).toEqual({
    public_key: echo,
    annotations,
    host_id: node.id,
    count: 3,
    remaining: 0,
    image_ref: image,
  });
  await told(heard, "actor_scaled", node, (data) => has(data, "max_instances", 3));
  expect(await ask(`get.${node.id}.inv`)).toMatchObject({ actors: [] });
  const names = heard.heard.map(({ subject }) => subject.split(".").at(-1));
  expect(names.filter((name) => name === "actors_started")).toHaveLength(1);
  expect(names.filter((name) => name === "actors_stopped")).toHaveLength(1);
});

test("sa stops an actor whose annotations have all of the given ones", async () => {
  shows("0.82, control interface: cmd.{host}.sa");
  const lattice = setUp();
  await using node = await start(lattice);
  const { command, events } = client(lattice);
  const heard = await events();
  await command(node, "scale", { actor_ref: image, count: 1, annotations: { a: "1", b: "2" } });
  await told(heard, "actor_scaled", node);

  expect(await command(node, "sa", { actor_ref: other })).toEqual({
    accepted: false,
    error: "actor is not running on this host",
  });
  expect(await command(node, "sa", { actor_ref: echo, annotations: { a: "2" } })).toEqual({
    accepted: false,
    error: "no actors with matching annotations found to stop",
  });
  expect(await command(node, "sa", { actor_ref: echo, annotations: { b: "2" } })).toEqual(ACCEPTED);

  expect(await told(heard, "actors_stopped", node)).toMatchObject({ count: 1, remaining: 0 });
});

test("upd is answered when the other image serves in the place of the first", async () => {
  shows("0.82, control interface: cmd.{host}.upd");
  const lattice = setUp();
  await using node = await start(lattice);
  const { ask, command, events } = client(lattice);
  const heard = await events();
  await command(node, "scale", { actor_ref: image, count: 2, annotations });
  await told(heard, "actor_scaled", node);

  expect(
    await command(node, "upd", { actor_id: echo, new_actor_ref: newer, annotations: {} }),
  ).toEqual({ accepted: false, error: "actor instance with matching annotations not found" });
  expect(await command(node, "upd", { actor_id: echo, new_actor_ref: newer, annotations })).toEqual(
    ACCEPTED,
  );

  expect(await ask(`get.${node.id}.inv`)).toMatchObject({
    actors: [{ id: echo, image_ref: newer, instances: [{ revision: 5, max_instances: 2 }] }],
  });
  const started = await told(heard, "actors_started", node, (data) =>
    has(data, "image_ref", newer),
  );
  expect(started).toMatchObject({ count: 2 });
  const stopped = await told(heard, "actors_stopped", node);
  expect(stopped).toMatchObject({ image_ref: image, count: 2, remaining: 2 });
});

test("upd takes an image of somebody else's, who runs in its place then", async () => {
  shows("0.82, control interface: cmd.{host}.upd");
  const lattice = setUp();
  await using node = await start(lattice);
  const { ask, command, events } = client(lattice);
  const heard = await events();
  await command(node, "scale", { actor_ref: image, count: 2, annotations });
  await told(heard, "actor_scaled", node);

  const ack = await command(node, "upd", { actor_id: echo, new_actor_ref: foreign, annotations });

  expect(ack).toEqual(ACCEPTED);
  expect(await ask(`get.${node.id}.inv`)).toMatchObject({ actors: [{ id: other }] });
});

test("another image of a running actor is refused with both events of failure", async () => {
  shows("0.82, events: actors_start_failed", "0.82, events: actor_scale_failed");
  const lattice = setUp();
  await using node = await start(lattice);
  const { command, events } = client(lattice);
  const heard = await events();
  await command(node, "scale", { actor_ref: image, count: 1, annotations });
  await told(heard, "actor_scaled", node);

  await command(node, "scale", { actor_ref: newer, count: 2, annotations });

  const error = `actor is already running with a different image reference \`${image}\``;
  expect(await told(heard, "actors_start_failed", node)).toEqual({
    public_key: echo,
    image_ref: newer,
    annotations,
    host_id: node.id,
    error,
  });
  expect(await told(heard, "actor_scale_failed", node)).toEqual({
    public_key: echo,
    annotations,
    host_id: node.id,
    image_ref: newer,
    actor_ref: newer,
    max_instances: 2,
    error,
  });
});

test("what nobody has signed does not start, unless the options allow it; its digest is its key then", async () => {
  shows("0.82, control interface: cmd.{host}.scale");
  const lattice = setUp();
  const { command, events } = client(lattice);
  const heard = await events();
  {
    await using strict = await start(lattice);
    await command(strict, "scale", { actor_ref: unsigned, count: 1 });
    expect(await told(heard, "actor_scale_failed", strict)).toMatchObject({
      public_key: "",
      image_ref: unsigned,
      error: "claims missing",
    });
  }

  await using lax = await start(lattice, {
    v0: { issuers: [], seed: cluster.seed, allowUnsigned: true },
  });
  await command(lax, "scale", { actor_ref: unsigned, count: 1 });

  expect(await told(heard, "actor_scaled", lax)).toMatchObject({
    public_key: "MAASGRLHRGV433YBENCWPCNLZXXQCI2FM6E2XTPPAERUKZ4JVPG6745U",
    claims: { issuer: "", call_alias: null },
  });
});

test("an image that is not there fails with an event that has the reference", async () => {
  shows("0.82, events: actor_scale_failed");
  const lattice = setUp();
  await using node = await start(lattice);
  const { command, events } = client(lattice);
  const heard = await events();

  const ack = await command(node, "scale", { actor_ref: "registry.example/none:1", count: 1 });

  expect(ack).toEqual(ACCEPTED);
  expect(await told(heard, "actor_scale_failed", node)).toMatchObject({
    image_ref: "registry.example/none:1",
    actor_ref: "registry.example/none:1",
    error: expect.stringContaining("404"),
  });
});

test("a stop gives up a start that still loads", async () => {
  shows("0.82, control interface: cmd.{host}.scale");
  const lattice = setUp();
  let began = (): void => undefined;
  const loading = new Promise<void>((resolve) => (began = resolve));
  const runtime: Runtime = {
    load: (_, { signal }) => {
      began();
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await using node = await start(lattice, { parts: { runtime } });
  const { command, events } = client(lattice);
  const heard = await events();
  await command(node, "scale", { actor_ref: image, count: 1, annotations });
  await loading;

  await command(node, "scale", { actor_ref: image, count: 0, annotations });

  expect(await told(heard, "actor_scale_failed", node)).toMatchObject({
    max_instances: 1,
    error: expect.stringContaining("a later command stopped"),
  });
});

test("an actor auction is answered by hosts whose labels satisfy the constraints", async () => {
  shows("0.82, control interface: auction.actor");
  const lattice = setUp();
  await using node = await start(lattice, { labels: { zone: "a" } });
  const auction = (constraints: object, bids: number) =>
    peer.gather(
      `wasmbus.ctl.${lattice}.auction.actor`,
      { actor_ref: image, constraints },
      300,
      bids,
    );

  expect(await auction({ zone: "a" }, 1)).toEqual([
    { actor_ref: image, host_id: node.id, constraints: { zone: "a" } },
  ]);
  expect(await auction({ zone: "b" }, 0)).toEqual([]);
});

test("labels change, in pings and inventories", async () => {
  shows("0.82, control interface: labels.{host}.put", "0.82, control interface: labels.{host}.del");
  const lattice = setUp();
  await using node = await start(lattice);
  const { ask } = client(lattice);

  expect(await ask(`labels.${node.id}.put`, { key: "zone", value: "a" })).toEqual(ACCEPTED);
  expect(await ask("ping.hosts")).toMatchObject({ labels: { zone: "a" } });
  expect(await ask(`labels.${node.id}.del`, { key: "zone", value: "" })).toEqual(ACCEPTED);
  expect(await ask(`get.${node.id}.inv`)).toHaveProperty("labels", { "hostcore.os": "browser" });
});

test("registries are taken, and a text that is no JSON is told so in JSON", async () => {
  shows(
    "0.82, control interface: registries.put",
    "0.82, control interface: malformed requests",
    "0.82, control interface: unknown subjects",
  );
  const lattice = setUp();
  await using node = await start(lattice);
  const { ask, command } = client(lattice);

  const credentials = { "registry.example": { username: "u", password: "p", registryType: "oci" } };
  expect(await ask("registries.put", credentials)).toEqual(ACCEPTED);
  expect(await command(node, "scale", 'no "json"')).toEqual({
    accepted: false,
    error: "failed to deserialize actor scale command",
  });
  expect(await command(node, "la", {})).toEqual({
    accepted: false,
    error: "unsupported subject",
  });
});

test("a host that is told to stop says goodbye", async () => {
  shows("0.82, control interface: cmd.{host}.stop", "0.82, events: host_stopped");
  const lattice = setUp();
  const node = await start(lattice);
  const { command, events } = client(lattice);
  const heard = await events();

  expect(await command(node, "stop", { host_id: node.id, timeout: 500 })).toEqual(ACCEPTED);

  expect(await told(heard, "host_stopped", node)).toEqual({
    labels: { "hostcore.os": "browser" },
  });
  await node.host.stopped;
});

test("a heartbeat is the inventory", async () => {
  shows("0.82, events: host_heartbeat");
  const lattice = setUp();
  const { ask, events } = client(lattice);
  const heard = await events();
  await using node = await start(lattice, { parts: { heartbeatMs: 50 } });

  const beat = await told(heard, "host_heartbeat", node);

  const inventory = await ask(`get.${node.id}.inv`);
  expect(Object.keys(Object(beat))).toEqual(Object.keys(Object(inventory)));
});

const has = (data: object, key: string, value: unknown): boolean =>
  Reflect.get(data, key) === value;
