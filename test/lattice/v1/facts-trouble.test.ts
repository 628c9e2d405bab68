/** What the lattice keeps, where it keeps nothing, is out of reach, or comes back changed. */
import { expect, test } from "vitest";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { NativePeer } from "../../support/native-peer.ts";

import { entityId } from "../../../src/core/ids.ts";
import { until } from "../../../src/core/view.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore, read } from "../../support/lattice-store.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { openTcpProxy } from "../../support/tcp-proxy.ts";
import { shows } from "../../support/protocol-rows.ts";

const link = (source: string, target = "x") => ({
  source_id: source,
  target,
  name: "default",
  wit_namespace: "wasi",
  wit_package: "keyvalue",
  interfaces: ["store"],
  source_config: [],
  target_config: [],
});
const spec = (source: string, target?: string): string =>
  JSON.stringify({ url: "", links: [link(source, target)] });
const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const put = (peer: NativePeer, source: string): Promise<unknown> =>
  peer.ask("wasmbus.ctl.v1.default.link.put", link(source));
const done = { success: true, message: "successfully set link" };
/** `source>target` of each link that the node knows. */
const known = ({ facts }: LatticeHost): string[] =>
  [...facts.links.peek().values()].flat().map(({ source, target }) => `${source}>${target}`);
const coreLink = {
  source: entityId("a"),
  target: entityId("b"),
  name: "default",
  namespace: "wasi",
  package: "keyvalue",
  interfaces: ["store"],
  sourceConfig: [],
  targetConfig: [],
};
const empty = { world: { imports: new Map(), exports: new Map() }, functions: {} };
const components = { "https://images.example/a.wasm": empty };
const start = { id: entityId("a"), image: "https://images.example/a.wasm", maxInstances: 1 };

test("the first host of a lattice makes the buckets, as a Rust host does", async () => {
  shows("Key-value state: bucket settings");
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);

  await using _node = await startHost({ url: server.ws }, { lattice: "fresh" });
  await using _second = await startHost({ url: server.ws }, { lattice: "fresh" });

  const streams = await peer.nats.jetstreamManager();
  for (const name of ["LATTICEDATA_fresh", "CONFIGDATA_fresh"]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is no loss here
    await expect
      .poll(async () => (await streams.streams.info(`KV_${name}`)).config)
      .toMatchObject({
        subjects: [`$KV.${name}.>`],
        max_msgs_per_subject: 1,
        storage: "file",
        num_replicas: 1,
        discard: "new",
        allow_rollup_hdrs: true,
        deny_delete: true,
        deny_purge: false,
        allow_direct: true,
        max_age: 0,
      });
  }
});

test("without JetStream a host joins, says so, serves, and refuses what would have to be kept", async () => {
  shows("Key-value state: no JetStream");
  await using server = await launchNats({ jetstream: false });
  await using peer = await connectPeer(server.ws);
  const events = await peer.listen("wasmbus.evt.default.*");

  await using node = await startHost({ url: server.ws }, { components });
  await node.host.scale({ ...start, annotations: new Map() });
  const refused = node.host.run("link.put", coreLink);
  await expect(refused).rejects.toMatchObject({
    code: "unsupported",
    message: "this host can keep no links",
  });
  const named = node.host.scale({
    ...start,
    id: entityId("b"),
    annotations: new Map(),
    configNames: ["x"],
  });
  await expect(named).rejects.toMatchObject({ code: "unsupported" });

  const status = node.facts.status.peek();
  expect(status).toEqual({
    phase: "absent",
    reason: expect.stringContaining("this server has no JetStream"),
  });
  expect(node.log.map(({ event }) => event)).toContain("facts.absent");
  expect(await peer.gather("wasmbus.ctl.v1.default.link.get", undefined, 300)).toEqual([]);
  const ends = await events.next((json) =>
    (json as { type: string }).type.endsWith("linkdef_set_failed"),
  );
  expect(ends).toMatchObject({
    data: {
      source_id: "a",
      error: expect.stringMatching(/^this host can keep no links: this server has no JetStream/),
    },
  });
});

test("credentials without rights to the buckets: the host joins, says so, and serves", async () => {
  await using server = await launchNats({
    users: [{ user: "tab", password: "t", permissions: { publish: { deny: ["$JS.>", "$KV.>"] } } }],
  });

  await using node = await startHost({ url: server.ws.replace("//", "//tab:t@") }, { components });
  await node.host.scale({ ...start, annotations: new Map() });

  expect(node.facts.status.peek()).toMatchObject({ phase: "absent" });
  await expect(node.host.run("link.put", coreLink)).rejects.toMatchObject({ code: "denied" });
});

test("credentials that may only read: links are known, and components start", async () => {
  await using server = await launchNats({
    users: [
      { user: "peer", password: "p" },
      { user: "tab", password: "t", permissions: { publish: { deny: ["$KV.>"] } } },
    ],
  });
  await using peer = await connectPeer(server.ws, { user: "peer", pass: "p" });
  const { data } = await openStore(peer.nats, "default");
  await data.put("COMPONENT_c", spec("c"));

  await using node = await startHost({ url: server.ws.replace("//", "//tab:t@") }, { components });
  await node.host.scale({ ...start, annotations: new Map() });

  expect(known(node)).toEqual(["c>x"]);
  expect(node.log.map(({ event }) => event)).toContain("workload.not-introduced");
  await expect(node.host.run("link.put", coreLink)).rejects.toMatchObject({ code: "denied" });
});

test("a bucket that others made with other settings is taken as it is", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  const jetstream = peer.nats.jetstream();
  const foreign = await jetstream.views.kv("LATTICEDATA_default", { history: 5 });
  await foreign.put("COMPONENT_a", spec("a"));

  await using node = await startHost({ url: server.ws });
  await node.sharing(true);
  const reply = await put(peer, "b");

  expect(reply).toEqual(done);
  expect(await read(foreign, "COMPONENT_b")).toBe(spec("b"));
  await expect.poll(() => known(node)).toEqual(["a>x", "b>x"]);
});

test("cut off, a host goes on with what it knows; back again, it reads what changed", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  await using proxy = await openTcpProxy(server.wsPort);
  const { data } = await openStore(peer.nats, "default");
  await data.put("COMPONENT_stays", spec("stays"));
  await data.put("COMPONENT_goes", spec("goes"));
  await using node = await startHost({ url: `ws://127.0.0.1:${proxy.port}` });
  const before = known(node);

  await proxy.refuse();
  await until(node.facts.status, ({ phase }) => phase === "stale", soon());
  const meanwhile = known(node);
  await data.put("COMPONENT_stays", spec("stays", "y"));
  await data.delete("COMPONENT_goes");
  await data.put("COMPONENT_comes", spec("comes"));
  await proxy.accept();
  await until(node.facts.status, ({ phase }) => phase === "live", soon());

  await expect.poll(() => known(node).toSorted()).toEqual(["comes>x", "stays>y"]);
  expect(before.toSorted()).toEqual(["goes>x", "stays>x"]);
  expect(meanwhile).toEqual(before);
});

test("after a server's restart the groups are held again, and writes go on", async () => {
  await using server = await launchNats();
  await using node = await startHost({ url: server.ws });
  await node.sharing(true);
  {
    await using peer = await connectPeer(server.ws);
    await put(peer, "before");
  }

  const lost = until(node.bus.status, ({ phase }) => phase === "reconnecting", soon());
  await server.restart();
  await lost;
  await until(node.bus.status, ({ phase }) => phase === "open", soon());
  await using peer = await connectPeer(server.ws);
  const reply = await put(peer, "after");

  expect(reply).toEqual(done);
  await expect.poll(() => known(node).toSorted()).toEqual(["after>x", "before>x"]);
});

test.each([
  { by: "the next reconnect", put: false },
  { by: "the next command", put: true },
])("JetStream that comes later is found with $by", async ({ put }) => {
  await using hub = await launchNats({ domain: "hub", leafListen: true });
  await hub.stop();
  await using leaf = await launchNats({
    jetstream: false,
    leafRemotes: [`${hub.ws}/leafnode`],
  });
  await using proxy = await openTcpProxy(leaf.wsPort);
  const url = `ws://127.0.0.1:${proxy.port}`;
  await using node = await startHost({ url }, { jsDomain: "hub" });
  const before = node.facts.status.peek().phase;
  await hub.restart();
  await using atLeaf = await connectPeer(leaf.ws);
  await expect
    .poll(() => openStore(atLeaf.nats, "other", "hub").catch(() => undefined))
    .toBeDefined();

  if (put) await node.host.run("link.put", coreLink);
  else proxy.reset();

  await until(node.facts.status, ({ phase }) => phase === "live", soon());
  expect(before).toBe("absent");
});

test("a host on a leaf reads and writes the hub's buckets through their domain", async () => {
  shows("Key-value state: JetStream domain");
  await using hub = await launchNats({ domain: "hub", leafListen: true });
  await using leaf = await launchNats({ jetstream: false, leafRemotes: [`${hub.ws}/leafnode`] });
  await using atHub = await connectPeer(hub.ws);
  const { data, config } = await openStore(atHub.nats, "default");
  await data.put("COMPONENT_hub", spec("hub"));
  await config.put("cfg", '{"a":"1"}');

  await using atLeaf = await connectPeer(leaf.ws);
  await expect
    .poll(() => openStore(atLeaf.nats, "default", "hub").catch(() => undefined))
    .toBeDefined(); // the two servers have met

  await using node = await startHost({ url: leaf.ws }, { jsDomain: "hub" });
  const kept = await node.host.run("config.get", { name: "cfg" });
  await node.host.run("link.put", coreLink);
  const own = known(node);
  await data.put("COMPONENT_later", spec("later"));

  expect([...(kept ?? [])]).toEqual([["a", "1"]]);
  expect(own.toSorted()).toEqual(["a>b", "hub>x"]);
  expect(await read(data, "COMPONENT_a")).toBe(spec("a", "b"));
  await expect.poll(() => known(node).toSorted()).toEqual(["a>b", "hub>x", "later>x"]);
});

test("a domain that nobody knows is said to be unknown", async () => {
  await using server = await launchNats();

  await using node = await startHost({ url: server.ws }, { jsDomain: "nowhere" });

  expect(node.facts.status.peek()).toEqual({
    phase: "absent",
    reason: expect.stringContaining('no domain "nowhere"'),
  });
});
