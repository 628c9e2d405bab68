/** Object stores against a real server: what other clients make of them, leaf nodes, limits, least privileges. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";

import type { Bus } from "../../../src/core/bus.ts";
import type { ObjectStore } from "../../../src/core/objects.ts";
import { withCode } from "../../contract/bus.ts";
import { bytesOf } from "../../contract/objects.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer, type NativePeer } from "../../support/native-peer.ts";
import { openTestBus } from "../../support/nats-bus.ts";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const NAME = "INLAY_IMAGES_default";
const make = (bus: Bus, domain?: string): Promise<ObjectStore> =>
  bus.objects(NAME, {
    signal: soon(),
    create: true,
    ...(domain === undefined ? {} : { domain }),
  });
const all = { maxBytes: 10_000_000 };
const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const hashOf = (bytes: Uint8Array | null | undefined): string | undefined =>
  bytes ? sha256Of(bytes) : undefined;
/** The client library's own store. */
const peerStore = (peer: NativePeer, options: object = {}) =>
  peer.nats.jetstream({ timeout: 30_000 }).views.os(NAME, options);

test("the client library reads, lists and deletes what we store, and we what it stores", async () => {
  await using server = await launchNats();
  await using bus = await openTestBus(server.ws);
  await using peer = await connectPeer(server.ws);
  const mine = await make(bus);
  const theirs = await peerStore(peer);
  const [a, b] = [bytesOf(400_000), bytesOf(700_000).toReversed()];
  const name = `sha256:${sha256Of(a)}`;

  await mine.put(name, a, soon());
  await theirs.putBlob({ name: "their object", description: "by another client" }, b);
  const seen = await theirs.getBlob(name);
  const listed = (await theirs.list()).map(({ name, size, chunks }) => `${name} ${size} ${chunks}`);
  const got = await mine.get("their object", { signal: soon(), ...all });
  await theirs.delete(name);
  await mine.delete("their object", soon());
  const status = await theirs.status();

  expect(hashOf(seen)).toBe(sha256Of(a));
  expect(hashOf(got)).toBe(sha256Of(b));
  expect(listed.toSorted()).toEqual([`${name} 400000 4`, "their object 700000 6"]);
  expect(await mine.info(name, soon())).toBeUndefined();
  expect(await theirs.getBlob("their object")).toBeNull();
  // Chunks are gone; the two entries say so.
  expect(status.streamInfo.state.messages).toBe(2);
});

test("a store that we make has the settings of one that the client library makes", async () => {
  await using server = await launchNats();
  await using bus = await openTestBus(server.ws);
  await using peer = await connectPeer(server.ws);
  const configOf = async (stream: string): Promise<object> => {
    const { config } = (await peer.ask(`$JS.API.STREAM.INFO.${stream}`)) as { config: object };
    return { ...config, name: "", subjects: [] };
  };

  await make(bus);
  await peer.nats.jetstream().views.os("THEIRS");

  expect(await configOf(`OBJ_${NAME}`)).toEqual(await configOf("OBJ_THEIRS"));
});

test("what is put again leaves no chunks of before, and what fails leaves none at all", async () => {
  await using server = await launchNats();
  await using bus = await openTestBus(server.ws);
  await using peer = await connectPeer(server.ws);
  const theirs = await peerStore(peer, { max_bytes: 1_000_000 });
  const store = await make(bus);
  const messages = async (): Promise<number> => (await theirs.status()).streamInfo.state.messages;

  await store.put("object", bytesOf(400_000), soon());
  await store.put("object", bytesOf(200_000), soon());
  const replaced = await messages();
  const full = store.put("large", bytesOf(2_000_000), soon());

  await expect(full).rejects.toThrow(withCode("too-large"));
  expect(replaced).toBe(3);
  expect(await messages()).toBe(3);
  expect(await store.info("large", soon())).toBeUndefined();
});

test("a domain's store is read and filled across a leaf node, also beside one of the leaf's own", async () => {
  await using hub = await launchNats({ domain: "core", leafListen: true });
  await using leaf = await launchNats({
    leafRemotes: [`${hub.ws}/leafnode`],
    domain: "edge",
  });
  await using bus = await openTestBus(leaf.ws);
  await using onHub = await connectPeer(hub.ws);
  const codeOf = (error: { readonly code: string }): string => error.code;
  const probe = { signal: soon(), domain: "core" };
  await expect.poll(() => bus.objects("probe", probe).catch(codeOf)).toBe("not-found");
  const theirs = await peerStore(onHub);
  await theirs.putBlob({ name: "theirs" }, bytesOf(300_000));

  const store = await make(bus, "core");
  const got = await store.get("theirs", { signal: soon(), ...all });
  // Interest in the hub's subjects may reach the leaf a moment later.
  await expect
    .poll(() => store.put("mine", bytesOf(400_000), soon()).then(({ chunks }) => chunks, codeOf))
    .toBe(4);
  const mine = await theirs.getBlob("mine");
  // With a store of that name in both domains, whoever answers first is not who was meant.
  await make(bus);
  const local = await bus.objects(NAME, { signal: soon() });
  const inBoth = await store.put("both", bytesOf(10), soon());

  expect(hashOf(got)).toBe(sha256Of(bytesOf(300_000)));
  expect(hashOf(mine)).toBe(sha256Of(bytesOf(400_000)));
  expect(inBoth.sizeBytes).toBe(10);
  expect((await local.info("both", soon()))?.sizeBytes).toBe(10);
});

test("reading needs the stream's information and direct get, and nothing else", async () => {
  const stream = `OBJ_${NAME}`;
  const reader = {
    user: "tab",
    password: "x",
    permissions: {
      publish: [
        `$JS.API.STREAM.INFO.${stream}`,
        `$JS.API.DIRECT.GET.${stream}.>`,
        `$JS.API.DIRECT.GET.${stream}`,
      ],
      subscribe: ["_INBOX.test.>"],
    },
  };
  await using server = await launchNats({ users: [{ user: "all", password: "x" }, reader] });
  await using owner = await openTestBus(server.ws, {
    credentials: async () => ({ user: "all", pass: "x" }),
  });
  await (await make(owner)).put("object", bytesOf(300_000), soon());
  await using bus = await openTestBus(server.ws, {
    credentials: async () => ({ user: "tab", pass: "x" }),
  });

  const store = await bus.objects(NAME, { signal: soon() });
  const got = await store.get("object", { signal: soon(), ...all });
  const put = store.put("other", bytesOf(1), soon());

  await expect(put).rejects.toThrow(withCode("denied"));
  expect(hashOf(got)).toBe(sha256Of(bytesOf(300_000)));
});

test("a store without direct get, and one in a lattice of small messages, are read and filled all the same", async () => {
  await using server = await launchNats({ maxPayload: 20_000 });
  await using bus = await openTestBus(server.ws);
  await using peer = await connectPeer(server.ws);
  await peer.ask(`$JS.API.STREAM.CREATE.OBJ_${NAME}`, {
    name: `OBJ_${NAME}`,
    subjects: [`$O.${NAME}.C.>`, `$O.${NAME}.M.>`],
    allow_rollup_hdrs: true,
    discard: "new",
  });
  const store = await make(bus);
  const bytes = bytesOf(90_000);

  const { chunks } = await store.put("object", bytes, soon());
  const got = await store.get("object", { signal: soon(), ...all });

  expect(chunks).toBe(5);
  expect(
    createHash("sha256")
      .update(got ?? "")
      .digest("hex"),
  ).toBe(sha256Of(bytes));
});

test("a store that somebody removes while it is read is incomplete or away, never wrong", async () => {
  await using server = await launchNats();
  await using bus = await openTestBus(server.ws);
  await using peer = await connectPeer(server.ws);
  const store = await make(bus);
  await store.put("object", bytesOf(2_000_000), soon());
  const removed: Promise<unknown>[] = [];

  const got = store.get("object", {
    signal: soon(),
    ...all,
    onProgress: (bytes) => {
      if (bytes > 0 && removed.length === 0) {
        removed.push(peer.ask(`$JS.API.STREAM.PURGE.OBJ_${NAME}`));
      }
    },
  });

  await expect(got.then(hashOf)).rejects.toThrow(withCode("incomplete"));
  await Promise.all(removed);
});
