/** The suites of every bus over a lattice of tabs, on the browser's own channels, locks and IndexedDB. */
import { afterAll, describe, expect, test } from "vitest";
import type { Bus } from "../../../src/core/bus.ts";
import type { Log } from "../../../src/core/log.ts";
import { openBroadcastChannel } from "../../../src/bus/solo-browser.ts";
import { until } from "../../../src/core/view.ts";
import { openKeptStreams } from "../../../src/storage/kept-streams.ts";
import { busContract, PREFIX, withCode } from "../../contract/bus.ts";
import { kvContract } from "../../contract/kv.ts";
import { objectsContract } from "../../contract/objects.ts";
import { openTab } from "./solo-ports.ts";

const name = crypto.randomUUID();
const soon = (): AbortSignal => AbortSignal.timeout(30_000);

/** Stays for the whole suite and arbitrates, so that those of the tests are its members. */
const first = await openTab(name);
const stays = await first.solo.connect({ inboxPrefix: "_INBOX.first" });
afterAll(() => stays.drain());

async function connect(log?: Log): Promise<Bus> {
  const { solo } = await openTab(name);
  return solo.connect({ inboxPrefix: PREFIX, ...(log === undefined ? {} : { log }) });
}

busContract("a bus from tab to tab", connect);
kvContract("a bucket from tab to tab", connect);
objectsContract("an object store from tab to tab", connect);

const join = async (lattice: string): Promise<Bus> =>
  (await openTab(lattice)).solo.connect({ inboxPrefix: "_INBOX.test" });

test("an arbiter that hears and says nothing more loses its lock, and joins the others", async () => {
  const lattice = crypto.randomUUID();
  let deaf = false;
  const arbiter = await openTab(lattice, {
    openChannel: (channel, receive) => {
      const opened = openBroadcastChannel(`${lattice} ${channel}`, (posted) => {
        if (!deaf) receive(posted);
      });
      return { ...opened, post: (message) => deaf || opened.post(message) };
    },
  });
  await using old = await arbiter.solo.connect({ inboxPrefix: "_INBOX.test" });
  const peer = await openTab(lattice);
  await using young = await peer.solo.connect({ inboxPrefix: "_INBOX.test" });
  const bucket = await young.bucket("b", { signal: soon(), create: true });
  await bucket.put("key", Uint8Array.of(1), { signal: soon() });

  deaf = true;
  const lost = bucket.put("key", Uint8Array.of(2), { signal: soon(), revision: 1 });
  await expect(lost).rejects.toThrow(withCode("disconnected"));
  deaf = false;
  await until(young.status, ({ phase }) => phase === "open", soon());
  await expect.poll(() => arbiter.events()).toContain("solo.linked");
  const revision = await bucket.put("key", Uint8Array.of(3), { signal: soon(), revision: 1 });
  const seen = await (await old.bucket("b", { signal: soon() })).get("key", soon());

  expect(peer.events()).toContain("solo.arbiter-silent");
  expect(peer.events()).toContain("solo.arbiter");
  expect(arbiter.events().filter((event) => event === "solo.arbiter")).toHaveLength(1);
  expect([revision, seen?.revision, seen?.value]).toEqual([2, 2, Uint8Array.of(3)]);
});

describe("what tabs keep", () => {
  test("is there when all were closed, with its revisions", async () => {
    const lattice = crypto.randomUUID();
    const before = await join(lattice);
    const bucket = await before.bucket("b", { signal: soon(), create: true });
    await bucket.put("key", Uint8Array.of(1), { signal: soon() });
    await bucket.put("key", Uint8Array.of(2), { signal: soon(), revision: 1 });
    await bucket.delete("other", { signal: soon() });
    await before.drain();

    await using after = await join(lattice);
    const same = await after.bucket("b", { signal: soon() });
    const entry = await same.get("key", soon());
    const next = await same.put("key", Uint8Array.of(3), { signal: soon(), revision: 2 });

    expect([entry?.revision, entry?.value, next]).toEqual([2, Uint8Array.of(2), 4]);
  });

  test("a later epoch keeps all that an earlier one writes out, whole", async () => {
    const store = `test kept ${crypto.randomUUID()}`;
    const [old, young] = [await openKeptStreams(store), await openKeptStreams(store)];
    const stream = { stream: "KV_b", config: {}, created: "once", removed: [] };
    const message = { subject: "$KV.b.key", data: Uint8Array.of(1) };
    expect(await old.take({ epoch: 1, by: "old" })).toBe(true);
    await old.write(1, { ...stream, last: 1, put: message });

    expect(await young.take({ epoch: 1, by: "young" })).toBe(false);
    expect(await young.take({ epoch: 2, by: "young" })).toBe(true);
    const late = old.write(1, { ...stream, last: 2, removed: [1], put: message });
    await expect(late).rejects.toThrow(withCode("gone"));
    await young.write(2, { ...stream, last: 2, put: message });

    expect(await old.last()).toEqual({ epoch: 2, by: "young" });
    const [kept] = await young.load();
    expect(kept).toEqual({
      name: "KV_b",
      config: {},
      created: "once",
      last: 2,
      messages: new Map([
        [1, message],
        [2, message],
      ]),
    });
    for (const each of [old, young]) each.close();
  });

  test("may be cleared meanwhile, and begins anew", async () => {
    const store = `test kept ${crypto.randomUUID()}`;
    const tab = await openKeptStreams(store);
    await tab.take({ epoch: 1, by: "tab" });
    await tab.write(1, { stream: "KV_b", config: {}, created: "once", removed: [], last: 1 });

    await new Promise((resolve, reject) => {
      const removing = indexedDB.deleteDatabase(store);
      removing.addEventListener("success", resolve);
      removing.addEventListener("error", reject);
    });

    expect([await tab.last(), await tab.load()]).toEqual([{ epoch: 0, by: "" }, []]);
    expect(await tab.take({ epoch: 2, by: "tab" })).toBe(true);
    tab.close();
    await expect(tab.last()).rejects.toThrow(withCode("closed"));
  });

  test("of tabs that take an epoch at once, one has it", async () => {
    const store = `test kept ${crypto.randomUUID()}`;
    const tabs = await Promise.all(Array.from({ length: 8 }, () => openKeptStreams(store)));

    const taken = await Promise.all(tabs.map((tab, n) => tab.take({ epoch: 1, by: `${n}` })));

    expect(taken.filter(Boolean)).toHaveLength(1);
    for (const tab of tabs) tab.close();
  });
});
