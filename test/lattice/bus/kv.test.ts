/** Buckets against a real server: what it stores, what other clients make of it, and what happens when it goes away. */
import { describe, expect, test } from "vitest";
import type { Bus } from "../../../src/core/bus.ts";
import type { KvBucket } from "../../../src/core/kv.ts";
import { until } from "../../../src/core/view.ts";
import { withCode } from "../../contract/bus.ts";
import { read, text } from "../../contract/kv.ts";
import { follow } from "../../support/kv-changes.ts";
import { launchNats, type NatsServer } from "../../support/launch-nats.ts";
import { connectPeer, type NativePeer } from "../../support/native-peer.ts";
import { openTestBus } from "../../support/nats-bus.ts";
import { openTcpProxy } from "../../support/tcp-proxy.ts";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const NAME = "LATTICEDATA_default";
const make = (bus: Bus, name = NAME): Promise<KvBucket> =>
  bus.bucket(name, { signal: soon(), create: true });
const reach = (bus: Bus, phase: "open" | "reconnecting"): Promise<unknown> =>
  until(bus.status, (status) => status.phase === phase, soon());
/** The client library's own bucket. */
const peerBucket = (peer: NativePeer, name = NAME, options: object = {}) =>
  peer.nats.jetstream().views.kv(name, { timeout: 30_000, ...options });

describe("a bucket that we make", () => {
  test("has the settings of a wasmCloud host's", async () => {
    await using server = await launchNats();
    await using bus = await openTestBus(server.ws);
    await using peer = await connectPeer(server.ws);

    await make(bus);
    const info = await peer.ask(`$JS.API.STREAM.INFO.KV_${NAME}`);

    // As the server tells them of the stream that async-nats 0.39 asks for (`create_key_value`).
    expect(info).toMatchObject({ state: { messages: 0, consumer_count: 0 } });
    expect(info).toHaveProperty("config", {
      name: `KV_${NAME}`,
      subjects: [`$KV.${NAME}.>`],
      retention: "limits",
      max_consumers: -1,
      max_msgs: -1,
      max_bytes: -1,
      max_age: 0,
      max_msgs_per_subject: 1,
      max_msg_size: -1,
      discard: "new",
      storage: "file",
      num_replicas: 1,
      duplicate_window: 120_000_000_000,
      allow_direct: true,
      mirror_direct: false,
      sealed: false,
      deny_delete: true,
      deny_purge: false,
      allow_rollup_hdrs: true,
    });
  });

  test("is the same one for all who make it at once", async () => {
    await using server = await launchNats();
    await using bus = await openTestBus(server.ws);
    await using other = await openTestBus(server.ws);

    const made = await Promise.all([bus, other, bus, other].map((each) => make(each)));
    await Promise.all(made.map((each, i) => each.put(`k${i}`, text("x"), { signal: soon() })));

    expect((await made[0]?.keys(soon()))?.toSorted()).toEqual(["k0", "k1", "k2", "k3"]);
  });
});

describe("a bucket that is there", () => {
  test.each([
    { what: "history", settings: { history: 5 } },
    { what: "no direct get", settings: { allow_direct: false } },
    { what: "memory and a limit of age", settings: { storage: "memory", ttl: 60_000 } },
  ])("is taken as it is: $what", async ({ settings }) => {
    await using server = await launchNats();
    await using bus = await openTestBus(server.ws);
    await using peer = await connectPeer(server.ws);
    const theirs = await peerBucket(peer, NAME, settings);
    await theirs.put("a", "1");
    await theirs.put("b", "2");
    await theirs.put("a", "3");
    await theirs.delete("b");
    const changes = follow();
    const signal = soon();

    const bucket = await make(bus);
    await bucket.watch(changes, signal);
    const first = changes.told;
    await theirs.put("c", new Uint8Array([0, 255, 128]));
    await changes.until("put c");
    await theirs.delete("a");
    await changes.until("delete a");
    await bucket.put("b", text("ä"), { signal, revision: 0 });
    await changes.until("put b=ä");

    expect(first).toEqual(["put a=3@3"]);
    expect(changes.told.slice(1)).toEqual([
      expect.stringMatching(/^put c=/),
      "delete a@6",
      "put b=ä@7",
    ]);
    expect((await bucket.get("c", signal))?.value).toEqual(new Uint8Array([0, 255, 128]));
    expect(await bucket.get("a", signal)).toBeUndefined();
    expect(await bucket.keys(signal)).toEqual(["c", "b"]);
  });

  test("refuses values above its limit", async () => {
    await using server = await launchNats();
    await using bus = await openTestBus(server.ws);
    await using peer = await connectPeer(server.ws);
    await peerBucket(peer, NAME, { maxValueSize: 64 });
    const bucket = await make(bus);

    const put = bucket.put("key", new Uint8Array(100), { signal: soon() });

    await expect(put).rejects.toThrow(withCode("too-large"));
  });
});

test("the client library reads what we write, and we what it writes", async () => {
  await using server = await launchNats();
  await using bus = await openTestBus(server.ws);
  await using peer = await connectPeer(server.ws);
  const bucket = await make(bus);
  const theirs = await peerBucket(peer);
  const signal = soon();

  const mine = await bucket.put("mine", text("1"), { signal });
  await bucket.put("gone", text("x"), { signal });
  await bucket.delete("gone", { signal });
  await bucket.put("wiped", text("x"), { signal });
  await bucket.purge("wiped", { signal });
  const seen = await Promise.all(["mine", "gone", "wiped"].map((key) => theirs.get(key)));

  expect(seen.map((entry) => [entry?.string(), entry?.operation, entry?.revision])).toEqual([
    ["1", "PUT", mine],
    ["", "DEL", 3],
    ["", "PURGE", 5],
  ]);

  const revision = await theirs.update("mine", "2", mine);
  await theirs.put("theirs", "3");
  await theirs.delete("theirs");
  await theirs.create("gone", "back");
  await theirs.put("wiped", "y");
  await theirs.purge("wiped");
  const got = await Promise.all(
    ["mine", "theirs", "gone", "wiped"].map((key) => bucket.get(key, signal)),
  );
  const theirKeys: string[] = [];
  for await (const key of await theirs.keys()) theirKeys.push(key);

  expect(got.map((entry) => read(entry?.value))).toEqual(["2", undefined, "back", undefined]);
  expect(got[0]?.revision).toBe(revision);
  expect((await bucket.keys(signal)).toSorted()).toEqual(theirKeys.toSorted());
});

test("the client library's watch sees our writes, and ours makes no consumer", async () => {
  await using server = await launchNats();
  await using bus = await openTestBus(server.ws);
  await using peer = await connectPeer(server.ws);
  const bucket = await make(bus);
  const changes = follow();
  const signal = soon();
  await bucket.watch(changes, signal);
  await bucket.put("key", text("x"), { signal });
  await changes.until("put key");
  const info = await peer.ask(`$JS.API.STREAM.INFO.KV_${NAME}`);
  const watch = await (await peerBucket(peer)).watch();

  await bucket.delete("key", { signal });
  const seen: string[] = [];
  for await (const { operation, key } of watch) {
    seen.push(`${operation} ${key}`);
    if (operation === "DEL") break;
  }

  expect(info).toMatchObject({ state: { messages: 1, consumer_count: 0 } });
  expect(seen).toEqual(["PUT key", "DEL key"]);
});

describe("when the connection comes and goes", () => {
  /** Our bus over a line that can be taken away, and a peer whose line stays. */
  async function openLine(server: NatsServer) {
    const proxy = await openTcpProxy(server.wsPort);
    const bus = await openTestBus(`ws://127.0.0.1:${proxy.port}`);
    const peer = await connectPeer(server.ws);
    return {
      bus,
      peer,
      async whileAway(work: () => Promise<unknown>): Promise<void> {
        const lost = reach(bus, "reconnecting");
        await proxy.refuse();
        await lost;
        await work();
        await proxy.accept();
        await reach(bus, "open");
      },
      async [Symbol.asyncDispose]() {
        for (const each of [bus, peer, proxy]) await each[Symbol.asyncDispose]();
      },
    };
  }

  test("what changed meanwhile is told, and nothing twice", async () => {
    await using server = await launchNats();
    await using line = await openLine(server);
    const bucket = await make(line.bus);
    const theirs = await peerBucket(line.peer);
    const signal = soon();
    for (const key of ["same", "changed", "deleted", "purged", "vanished"]) {
      await bucket.put(key, text("1"), { signal });
    }
    const changes = follow();
    await bucket.watch(changes, signal);
    const before = changes.told.length;

    await line.whileAway(async () => {
      await theirs.put("changed", "2");
      await theirs.delete("deleted");
      await theirs.purge("purged");
      const filter = `$KV.${NAME}.vanished`;
      await line.peer.ask(`$JS.API.STREAM.PURGE.KV_${NAME}`, { filter });
      await theirs.put("new", "1");
    });
    await changes.until("put new");
    await theirs.put("live", "1");
    await changes.until("put live");

    expect(before).toBe(5);
    expect(changes.told.slice(before)).toEqual([
      "delete vanished",
      "put changed=2@6",
      "delete deleted@7",
      "purge purged@8",
      "put new=1@9",
      "put live=1@10",
    ]);
  });

  test("a bucket that was made anew meanwhile is told anew", async () => {
    await using server = await launchNats();
    await using line = await openLine(server);
    const bucket = await make(line.bus);
    const signal = soon();
    await bucket.put("a", text("1"), { signal });
    await bucket.put("b", text("1"), { signal });
    const changes = follow();
    await bucket.watch(changes, signal);

    await line.whileAway(async () => {
      await line.peer.ask(`$JS.API.STREAM.DELETE.KV_${NAME}`);
      await (await peerBucket(line.peer)).put("a", "2");
    });
    await changes.until("put a=2");

    expect(changes.told.slice(2)).toEqual(["delete b", "put a=2@1"]);
  });

  test("a bucket that is made anew under our eyes is told anew", async () => {
    await using server = await launchNats();
    await using line = await openLine(server);
    const bucket = await make(line.bus);
    const signal = soon();
    await bucket.put("a", text("1"), { signal });
    await bucket.put("b", text("1"), { signal });
    const changes = follow();
    await bucket.watch(changes, signal);

    await line.peer.ask(`$JS.API.STREAM.DELETE.KV_${NAME}`);
    await (await peerBucket(line.peer)).put("a", "2");
    await changes.until("put a=2");

    expect(changes.told.slice(2)).toEqual(["delete b", "put a=2@1"]);
  });

  test("a server that is killed and started again: the watch goes on", async () => {
    await using server = await launchNats();
    await using bus = await openTestBus(server.ws);
    const bucket = await make(bus);
    const signal = soon();
    await bucket.put("a", text("1"), { signal });
    const changes = follow();
    await bucket.watch(changes, signal);

    const lost = reach(bus, "reconnecting");
    await server.kill();
    await lost;
    const put = bucket.put("a", text("lost"), { signal });
    await expect(put).rejects.toThrow(withCode("disconnected"));
    await server.restart();
    await reach(bus, "open");
    await bucket.put("a", text("2"), { signal });
    await changes.until("put a=2");

    expect(changes.told).toEqual(["put a=1@1", "put a=2@2"]);
  });
});

describe("a domain", () => {
  async function openLeaf() {
    const hub = await launchNats({ domain: "core", leafListen: true });
    const leaf = await launchNats({ leafRemotes: [`${hub.ws}/leafnode`], jetstream: false });
    const onHub = await connectPeer(hub.ws);
    const onLeaf = await openTestBus(leaf.ws);
    // The leaf takes clients before it has reached the hub.
    await expect
      .poll(() => onLeaf.bucket("probe", { signal: soon(), domain: "core" }).catch(codeOf))
      .toBe("not-found");
    return {
      onHub,
      onLeaf,
      hub,
      async [Symbol.asyncDispose]() {
        for (const each of [onLeaf, onHub, leaf, hub]) await each[Symbol.asyncDispose]();
      },
    };
  }
  const codeOf = (error: { readonly code: string }): string => error.code;

  test("is read, written and watched across a leaf node", async () => {
    await using net = await openLeaf();
    const signal = soon();
    const changes = follow();
    const bucket = await net.onLeaf.bucket(NAME, { signal, domain: "core", create: true });
    const theirs = await peerBucket(net.onHub);

    const first = await bucket.put("mine", text("1"), { signal });
    await theirs.put("theirs", "2");
    await bucket.watch(changes, signal);
    await bucket.put("mine", text("3"), { signal, revision: first });
    const late = bucket.put("mine", text("4"), { signal, revision: first });
    await expect(late).rejects.toThrow(withCode("conflict"));
    await theirs.put("theirs", "5");
    await theirs.delete("mine");
    await changes.until("delete mine");

    // Nothing is heard across a leaf: it is read in intervals, so that what was overwritten in between is not told.
    expect(changes.told.slice(0, 2)).toEqual(["put mine=1@1", "put theirs=2@2"]);
    expect(changes.told.slice(-2)).toEqual(["put theirs=5@4", "delete mine@5"]);
    expect((await theirs.get("mine"))?.operation).toBe("DEL");
    expect(read((await bucket.get("theirs", signal))?.value)).toBe("5");
  });

  test("without the domain there is no JetStream on the leaf", async () => {
    await using net = await openLeaf();

    const opened = net.onLeaf.bucket(NAME, { signal: soon(), create: true });

    await expect(opened).rejects.toThrow("this server has no JetStream");
    await expect(opened).rejects.toThrow(withCode("unsupported"));
  });

  test("may be named on the hub itself, where writers without it are heard too", async () => {
    await using net = await openLeaf();
    await using bus = await openTestBus(net.hub.ws);
    const signal = soon();
    const changes = follow();
    const bucket = await bus.bucket(NAME, { signal, domain: "core", create: true });
    await bucket.watch(changes, signal);

    await (await peerBucket(net.onHub)).put("key", "1");
    await changes.until("put key=1");
    await bucket.put("key", text("2"), { signal });
    await changes.until("put key=2");

    expect(changes.told).toEqual(["put key=1@1", "put key=2@2"]);
  });
});

describe("a mirror", () => {
  test("is read itself, and written to where it comes from", async () => {
    await using server = await launchNats();
    await using bus = await openTestBus(server.ws);
    await using peer = await connectPeer(server.ws);
    const source = await peerBucket(peer);
    await source.put("a", "1");
    await peerBucket(peer, "copy", { mirror: { name: NAME } });
    const signal = soon();
    const changes = follow();

    const copy = await bus.bucket("copy", { signal });
    await copy.watch(changes, signal);
    await copy.put("b", text("2"), { signal });
    await changes.until("put b=2");

    expect((await source.get("b"))?.string()).toBe("2");
    expect((await copy.keys(signal)).toSorted()).toEqual(["a", "b"]);
  });

  test("on a leaf node writes to the hub's domain", async () => {
    await using hub = await launchNats({ domain: "core", leafListen: true });
    await using leaf = await launchNats({
      domain: "edge",
      leafRemotes: [`${hub.ws}/leafnode`],
    });
    await using onHub = await connectPeer(hub.ws);
    await using onLeaf = await connectPeer(leaf.ws);
    await using bus = await openTestBus(leaf.ws);
    const source = await peerBucket(onHub);
    await source.put("a", "1");
    const external = { api: "$JS.core.API" };
    await peerBucket(onLeaf, "copy", { mirror: { name: NAME, external } });
    const signal = soon();
    const changes = follow();

    const copy = await bus.bucket("copy", { signal });
    await copy.watch(changes, signal);
    await changes.until("put a=1");
    await copy.put("b", text("2"), { signal });
    await changes.until("put b=2");

    expect((await source.get("b"))?.string()).toBe("2");
  });
});

describe("without JetStream", () => {
  test("a server that has none is told at once", async () => {
    await using server = await launchNats({ jetstream: false });
    await using bus = await openTestBus(server.ws);

    const opened = make(bus);

    await expect(opened).rejects.toThrow("this server has no JetStream");
    await expect(opened).rejects.toThrow(withCode("unsupported"));
  });

  test("an account that has none is told at once", async () => {
    const users = '[{ user: "tab", password: "pw" }]';
    const accounts = `accounts { TABS { users: ${users} }, OTHER { jetstream: enabled } }`;
    await using server = await launchNats({ config: accounts });
    await using bus = await openTestBus(server.ws, {
      credentials: () => Promise.resolve({ user: "tab", pass: "pw" }),
    });

    await expect(make(bus)).rejects.toThrow(withCode("unsupported"));
  });
});

describe("with least privileges", () => {
  const HOST = "_INBOX.NHOST";
  const stream = `KV_${NAME}`;
  const users = [
    { user: "admin", password: "pw" },
    {
      user: "tab",
      password: "pw",
      permissions: {
        publish: {
          allow: [
            "_INBOX.>",
            `$JS.API.STREAM.INFO.${stream}`,
            `$JS.API.DIRECT.GET.${stream}`,
            `$JS.API.DIRECT.GET.${stream}.$KV.${NAME}.>`,
            `$KV.${NAME}.*`,
          ],
        },
        subscribe: { allow: [`${HOST}.>`, `$KV.${NAME}.>`] },
      },
    },
  ];
  const open = (server: NatsServer): Promise<Bus> =>
    openTestBus(server.ws, {
      inboxPrefix: HOST,
      credentials: () => Promise.resolve({ user: "tab", pass: "pw" }),
    });

  test("a host reads, writes and watches without the right to make consumers", async () => {
    await using server = await launchNats({ users });
    await using admin = await connectPeer(server.ws, { user: "admin", pass: "pw" });
    const theirs = await peerBucket(admin);
    await theirs.put("a", "1");
    await using bus = await open(server);
    const signal = soon();
    const changes = follow();

    const bucket = await make(bus);
    await bucket.watch(changes, signal);
    await theirs.put("b", "2");
    await changes.until("put b");
    await bucket.put("c", text("3"), { signal, revision: 0 });
    await bucket.delete("a", { signal });
    await changes.until("delete a");

    expect(changes.told).toEqual(["put a=1@1", "put b=2@2", "put c=3@3", "delete a@4"]);
    expect(await bucket.keys(signal)).toEqual(["b", "c"]);
    expect(server.log()).not.toContain("Violation");
  });

  test("what it may not do is denied", async () => {
    await using server = await launchNats({ users });
    await using admin = await connectPeer(server.ws, { user: "admin", pass: "pw" });
    await using bus = await open(server);

    await expect(make(bus)).rejects.toThrow(withCode("denied")); // it is not there
    const other = bus.bucket("CONFIGDATA_default", { signal: soon() });
    await expect(other).rejects.toThrow(withCode("denied"));
    await peerBucket(admin);
    const bucket = await make(bus);
    const put = bucket.put("two.tokens", text("x"), { signal: soon() });

    await expect(put).rejects.toThrow(withCode("denied"));
  });

  test("a watch that may not listen is denied", async () => {
    const [admin, tab] = users;
    const allow = { allow: [`${HOST}.>`] };
    const deaf = { ...tab, permissions: { ...tab?.permissions, subscribe: allow } };
    await using server = await launchNats({ users: [admin ?? {}, deaf] });
    await using peer = await connectPeer(server.ws, { user: "admin", pass: "pw" });
    await peerBucket(peer);
    await using bus = await open(server);
    const bucket = await make(bus);

    await expect(bucket.watch(follow(), soon())).rejects.toThrow(withCode("denied"));
  });
});
