/** What becomes of a lattice of tabs when tabs are closed, frozen and thawed. */
import { describe, expect, test } from "vitest";
import type { Bus } from "../../../src/core/bus.ts";
import { asLatticeError, LatticeError } from "../../../src/core/error.ts";
import type { KvBucket } from "../../../src/core/kv.ts";
import { until } from "../../../src/core/view.ts";
import { openSolo } from "../../../src/bus/solo.ts";
import { withCode } from "../../contract/bus.ts";
import { collect } from "../../support/collector.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { createSoloOrigin, type SoloOrigin, type SoloTab } from "../../support/solo-tabs.ts";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const none = new Uint8Array();
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const read = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

interface Joined {
  readonly tab: SoloTab;
  readonly bus: Bus;
  readonly events: () => readonly string[];
}

/** The first to join arbitrates. */
async function join(origin: SoloOrigin): Promise<Joined> {
  const { log, entries } = recordLog();
  const tab = origin.openTab({ log });
  const solo = await openSolo(tab.ports);
  const bus = await solo.connect({ inboxPrefix: "_INBOX.test" });
  return { tab, bus, events: () => entries.map(({ event }) => event) };
}

const isOpen = (bus: Bus): Promise<unknown> =>
  until(bus.status, ({ phase }) => phase === "open", soon());
const isCut = (bus: Bus): Promise<unknown> =>
  until(bus.status, ({ phase }) => phase === "reconnecting", soon());

/** What becomes of `work`, tried again as long as the connection is down. */
async function persist<T>(bus: Bus, work: () => Promise<T>): Promise<T> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    await isOpen(bus);
    try {
      // oxlint-disable-next-line no-await-in-loop -- as above
      return await work();
    } catch (thrown) {
      if (asLatticeError(thrown).code !== "disconnected") throw thrown;
    }
  }
}

describe("when the arbiter is closed", () => {
  test("another tab goes on, with all subscriptions and the right revision", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer, third] = [await join(origin), await join(origin), await join(origin)];
    const heard = collect();
    peer.bus.subscribe("demo", heard);
    const bucket = await third.bus.bucket("b", { signal: soon(), create: true });
    await bucket.put("key", text("1"), { signal: soon() });

    arbiter.tab.kill();
    await Promise.all([isCut(peer.bus), isCut(third.bus)]);
    const revision = await persist(third.bus, () =>
      bucket.put("key", text("2"), { signal: soon(), revision: 1 }),
    );
    third.bus.publish("demo", Uint8Array.of(7));
    await heard.count(1);

    expect(revision).toBe(2);
    expect(heard.bytes()).toEqual([7]);
    expect(origin.epoch()).toBe(2);
  });

  test("whoever says so before it ends is missed for no time", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer] = [await join(origin), await join(origin)];

    await arbiter.bus.drain();
    await isCut(peer.bus);
    await isOpen(peer.bus);

    expect(peer.events()).not.toContain("solo.arbiter-silent");
  });

  test("a request under way fails, and does not hang", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer, third] = [await join(origin), await join(origin), await join(origin)];
    const asked = collect();
    peer.bus.subscribe("slow", asked);
    await peer.bus.flush(soon());
    const request = third.bus.request("slow", none, { signal: soon() });
    await asked.count(1);

    arbiter.tab.kill();

    await expect(request).rejects.toThrow(withCode("disconnected"));
  });
});

describe("a tab that does not keep up", () => {
  test("is cut, also when the messages are of headers alone", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer] = [await join(origin), await join(origin)];
    peer.bus.subscribe("demo", () => undefined);
    await peer.bus.flush(soon());
    peer.tab.freeze();

    const headers = new Map([["x", "y".repeat(1_000_000)]]);
    for (let sent = 0; sent < 70; sent++) arbiter.bus.publish("demo", none, { headers });

    await expect.poll(() => arbiter.events(), { timeout: 20_000 }).toContain("solo.member-overrun");
  });
});

describe("when the arbiter is frozen", () => {
  test("whoever asks something notices after half a second, and all go on without it", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer, third] = [await join(origin), await join(origin), await join(origin)];
    peer.bus.subscribe("echo", ({ data, reply = "none" }) => peer.bus.publish(reply, data));
    await peer.bus.flush(soon());

    arbiter.tab.freeze();
    const started = performance.now();
    const lost = third.bus.request("echo", none, { signal: soon() });
    await expect(lost).rejects.toThrow(withCode("disconnected"));
    const noticedMs = performance.now() - started;
    const answer = await persist(third.bus, () =>
      third.bus.request("echo", text("again"), { signal: soon() }),
    );

    expect(noticedMs).toBeGreaterThan(400);
    expect(read(answer.data)).toBe("again");
    expect(origin.epoch()).toBe(2);
  });

  test("whoever waits for the answer of a call that is long notices too", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer, third] = [await join(origin), await join(origin), await join(origin)];
    const asked = collect();
    peer.bus.subscribe("slow", asked);
    await peer.bus.flush(soon());
    const request = third.bus.request("slow", none, { signal: soon() });
    await asked.count(1);
    await third.bus.flush(soon()); // the arbiter has heard all that was sent

    arbiter.tab.freeze();

    await expect(request).rejects.toThrow(withCode("disconnected"));
  });

  test("it joins the others when it is thawed, and is told what it missed", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer] = [await join(origin), await join(origin)];
    const bucket = await arbiter.bus.bucket("b", { signal: soon(), create: true });
    const told: string[] = [];
    await bucket.watch((change) => told.push(change.key), soon());
    arbiter.tab.freeze();
    const same = await persist(peer.bus, () => peer.bus.bucket("b", { signal: soon() }));
    await same.put("missed", none, { signal: soon() });

    arbiter.tab.thaw();

    await expect.poll(() => told).toEqual(["missed"]);
    await isOpen(arbiter.bus);
    await bucket.put("own", none, { signal: soon() });
    expect((await same.keys(soon())).toSorted()).toEqual(["missed", "own"]);
    expect(origin.epoch()).toBe(2);
  });

  test("what it had been asked to write is not written later", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer, third] = [await join(origin), await join(origin), await join(origin)];
    const bucket = await peer.bus.bucket("b", { signal: soon(), create: true });
    await bucket.put("key", text("1"), { signal: soon() });
    arbiter.tab.holdWrites(true);
    const late = bucket.put("key", text("late"), { signal: soon(), revision: 1 });
    await third.bus.flush(soon());
    arbiter.tab.freeze();
    await expect(late).rejects.toThrow(withCode("disconnected"));
    const same = await persist(third.bus, () => third.bus.bucket("b", { signal: soon() }));
    const revision = await same.put("key", text("2"), { signal: soon(), revision: 1 });

    arbiter.tab.holdWrites(false);
    arbiter.tab.thaw();
    await isCut(arbiter.bus);
    await isOpen(arbiter.bus);

    const seen = await (await arbiter.bus.bucket("b", { signal: soon() })).get("key", soon());
    expect([revision, seen?.revision, read(seen?.value)]).toEqual([2, 2, "2"]);
  });

  test("a tab that joins meanwhile takes its place", async () => {
    const origin = createSoloOrigin();
    const arbiter = await join(origin);
    const bucket = await arbiter.bus.bucket("b", { signal: soon(), create: true });
    await bucket.put("key", text("kept"), { signal: soon() });
    arbiter.tab.freeze();

    const late = await join(origin);

    const same = await late.bus.bucket("b", { signal: soon() });
    expect(read((await same.get("key", soon()))?.value)).toBe("kept");
  });

  test("whoever is told to look notices, also without anything else to do", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer] = [await join(origin), await join(origin)];
    await peer.bus.flush(soon());
    arbiter.tab.freeze();

    peer.bus.probe();
    await isCut(peer.bus);
    await isOpen(peer.bus);

    expect(peer.events()).toContain("solo.arbiter");
  });

  test("also when what they kept was cleared, and with it who arbitrates", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer] = [await join(origin), await join(origin)];
    await peer.bus.flush(soon());
    arbiter.tab.freeze();
    origin.clear();

    const lost = peer.bus.request("nobody", none, { signal: soon() });
    await expect(lost).rejects.toThrow(withCode("disconnected"));
    await isOpen(peer.bus);
    arbiter.tab.thaw();
    await isCut(arbiter.bus);
    await isOpen(arbiter.bus);

    expect([origin.epoch(), origin.arbiter()]).toEqual([2, peer.tab]);
  });

  test("several who notice at once agree on one", async () => {
    const origin = createSoloOrigin();
    const arbiter = await join(origin);
    const others = await Promise.all(Array.from({ length: 5 }, () => join(origin)));
    arbiter.tab.freeze();

    const asked = others.map(({ bus }) => bus.request("nobody", none, { signal: soon() }));
    await Promise.allSettled(asked);
    const again = await Promise.allSettled(
      others.map(({ bus }) => persist(bus, () => bus.request("nobody", none, { signal: soon() }))),
    );

    expect(again).toEqual(
      others.map(() => ({ status: "rejected", reason: withCode("not-served") })),
    );
    expect(origin.epoch()).toBe(2);
  });
});

describe("a member", () => {
  test("that is closed without a word leaves its queue groups at once", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer] = [await join(origin), await join(origin)];
    peer.bus.subscribe("demo", () => undefined, { queue: "q" });
    await peer.bus.flush(soon());

    peer.tab.kill();

    await expect.poll(() => arbiter.events()).toContain("solo.member-gone");
    const asked = arbiter.bus.request("demo", none, { signal: soon() });
    await expect(asked).rejects.toThrow(withCode("not-served"));
  });

  test("that is frozen is passed over in its queue groups, until it is thawed", async () => {
    const origin = createSoloOrigin();
    const [arbiter, peer, third] = [await join(origin), await join(origin), await join(origin)];
    const [here, there] = [collect(), collect()];
    peer.bus.subscribe("demo", there, { queue: "q" });
    third.bus.subscribe("demo", here, { queue: "q" });
    await Promise.all([peer.bus.flush(soon()), third.bus.flush(soon())]);

    peer.tab.freeze();
    for (let n = 0; n < 40; n++) arbiter.bus.publish("demo", Uint8Array.of(n));
    await expect.poll(() => arbiter.events()).toContain("solo.member-silent");
    const before = here.heard.length;
    for (let n = 0; n < 40; n++) arbiter.bus.publish("demo", Uint8Array.of(n));
    await here.count(before + 40);
    peer.tab.thaw();
    await expect.poll(() => there.heard.length).toBe(40 - before);
    for (let n = 0; n < 40; n++) arbiter.bus.publish("demo", Uint8Array.of(n));
    await expect.poll(() => here.heard.length + there.heard.length).toBe(120);

    expect(there.heard.length).toBeGreaterThan(40 - before);
    expect(peer.events()).not.toContain("solo.arbiter-silent"); // it had been away, not the arbiter
  });

  test("that says nothing hears nothing: an idle lattice is quiet", async () => {
    const origin = createSoloOrigin();
    const [, peer] = [await join(origin), await join(origin), await join(origin)];
    await peer.bus.flush(soon());

    /** Said by anybody in the next second. */
    const said = async (): Promise<number> => {
      const before = origin.posts();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return origin.posts() - before;
    };

    // What nothing was heard of yet is asked for once.
    await expect.poll(said).toBe(0);
    expect(await said()).toBe(0);
  });
});

test("a tab that may not store anything is told so", async () => {
  const { ports } = createSoloOrigin().openTab();
  const broken = new LatticeError("unsupported", "no storage");
  const store = { ...ports.store, load: () => Promise.reject(broken) };
  const solo = await openSolo({ ...ports, store });

  const connected = solo.connect({ inboxPrefix: "_INBOX.test" });

  await expect(connected).rejects.toThrow(withCode("unsupported"));
});

test("a tab with two connections ends with the second", async () => {
  const origin = createSoloOrigin();
  const solo = await openSolo(origin.openTab().ports);
  const [control, rpc] = await Promise.all(
    [1, 2].map(() => solo.connect({ inboxPrefix: "_INBOX.test" })),
  );
  const peer = await join(origin);

  await control?.drain();
  await peer.bus.flush(soon());
  expect(peer.bus.status.peek().phase).toBe("open");
  await rpc?.drain();
  await isCut(peer.bus);
  await isOpen(peer.bus);

  expect(peer.events()).toContain("solo.arbiter");
});

describe("through closed and frozen arbiters", () => {
  /** Freezes whoever arbitrates for a while, again and again, or closes it if it is not one of `kept`. */
  async function trouble(origin: SoloOrigin, kept: readonly Joined[]): Promise<void> {
    for (let round = 0; round < 6; round++) {
      const arbiter = origin.arbiter();
      const epoch = origin.epoch();
      const stays = kept.some(({ tab }) => tab === arbiter);
      if (stays || round % 3 === 0) arbiter?.freeze();
      else arbiter?.kill();
      // oxlint-disable-next-line no-await-in-loop -- one trouble after the other
      await expect.poll(() => origin.epoch()).toBeGreaterThan(epoch);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await join(origin);
      arbiter?.thaw();
    }
  }

  test("what was added by compare-and-set is never lost, and never twice there", async () => {
    const origin = createSoloOrigin();
    await join(origin);
    await join(origin);
    const writers = [await join(origin), await join(origin)];
    const kept: string[] = [];
    let over = false;
    const add = async (bucket: KvBucket, word: string): Promise<void> => {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- until nobody else was faster
        const present = await bucket.get("words", soon());
        const value = text(present === undefined ? word : `${read(present.value)} ${word}`);
        try {
          // oxlint-disable-next-line no-await-in-loop -- as above
          await bucket.put("words", value, { signal: soon(), revision: present?.revision ?? 0 });
          return;
        } catch (thrown) {
          if (asLatticeError(thrown).code !== "conflict") throw thrown;
        }
      }
    };
    const write = async ({ bus }: Joined, name: string): Promise<void> => {
      const bucket = await persist(bus, () => bus.bucket("b", { signal: soon(), create: true }));
      for (let n = 0; !over; n++) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await add(bucket, `${name}${n}`);
          kept.push(`${name}${n}`);
        } catch (thrown) {
          // It may be there or not: the next one has another name.
          if (asLatticeError(thrown).code !== "disconnected") throw thrown;
          // oxlint-disable-next-line no-await-in-loop -- as above
          await isOpen(bus);
        }
      }
    };

    const writing = writers.map((writer, n) => write(writer, "ab".charAt(n)));
    await trouble(origin, writers);
    over = true;
    await Promise.all(writing);
    const { bus } = await join(origin);
    const found = await persist(bus, async () => {
      const bucket = await bus.bucket("b", { signal: soon() });
      return bucket.get("words", soon());
    });
    const words = read(found?.value).split(" ");

    expect(kept.length).toBeGreaterThan(20);
    expect(words).toEqual([...new Set(words)]);
    expect(kept.filter((word) => !words.includes(word))).toEqual([]);
  });

  test("nothing comes twice to a queue group, and each publisher's messages in order", async () => {
    const origin = createSoloOrigin();
    const publishers = [await join(origin), await join(origin)];
    const members = [await join(origin), await join(origin)];
    const heard = members.map(() => [] as number[]);
    members.forEach(({ bus }, n) => {
      bus.subscribe("demo", ({ data }) => heard[n]?.push(Number(read(data))), { queue: "q" });
    });
    let over = false;
    /** The numbers of one are even, and of the other odd. */
    const publish = async ({ bus, tab }: Joined, first: number): Promise<void> => {
      for (let n = first; ; n += 2) {
        // oxlint-disable-next-line no-await-in-loop -- a frozen tab does nothing
        await tab.turn();
        if (over) return;
        if (bus.status.peek().phase === "open") bus.publish("demo", text(String(n)));
      }
    };

    const publishing = publishers.map(publish);
    await trouble(origin, [...publishers, ...members]);
    over = true;
    await Promise.all(publishing);
    await Promise.all(members.map(({ bus }) => persist(bus, () => bus.flush(soon()))));

    const all = heard.flat();
    expect(all.length).toBeGreaterThan(200);
    expect(new Set(all).size).toBe(all.length);
    const ofEach = heard.flatMap((each) => [0, 1].map((own) => each.filter((n) => n % 2 === own)));
    expect(ofEach).toEqual(ofEach.map((each) => each.toSorted((a, b) => a - b)));
  });
});
