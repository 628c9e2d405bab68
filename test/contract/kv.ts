/** What every bucket does. Run for the memory lattice in Node and for NATS against a server. */
import { describe, expect, test } from "vitest";
import type { Bus } from "../../src/core/bus.ts";
import type { KvBucket } from "../../src/core/kv.ts";
import { follow } from "../support/kv-changes.ts";
import { withCode } from "./bus.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const text = (value: string): Uint8Array => encoder.encode(value);
export const read = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : decoder.decode(value);
const soon = (): AbortSignal => AbortSignal.timeout(30_000);
let buckets = 0;
const fresh = (): string => `contract-${++buckets}`;
const make = (bus: Bus, name = fresh()): Promise<KvBucket> =>
  bus.bucket(name, { signal: soon(), create: true });

/** `connect` gives one more member of a lattice that has JetStream and that the tests of a suite share. */
export function kvContract(name: string, connect: () => Promise<Bus>): void {
  describe(`${name}: opening`, () => {
    test("a bucket that is not there is told of, and made if wanted", async () => {
      await using bus = await connect();
      const name = fresh();

      const missing = bus.bucket(name, { signal: soon() });
      await expect(missing).rejects.toThrow(withCode("not-found"));
      const made = await bus.bucket(name, { signal: soon(), create: true });
      await made.put("key", text("value"), { signal: soon() });
      const again = await bus.bucket(name, { signal: soon(), create: true });

      expect(made.name).toBe(name);
      expect(read((await again.get("key", soon()))?.value)).toBe("value");
    });

    test.each(["", "two words", "dot.ted", "a*", "ü"])("refuses the name %j", async (name) => {
      await using bus = await connect();

      await expect(bus.bucket(name, { signal: soon() })).rejects.toThrow(withCode("bad-input"));
    });

    test.each(["", "a.b", ">"])("refuses the domain %j", async (domain) => {
      await using bus = await connect();

      const opened = bus.bucket(fresh(), { signal: soon(), domain });

      await expect(opened).rejects.toThrow(withCode("bad-input"));
    });

    test("a domain that nobody knows has no JetStream", async () => {
      await using bus = await connect();

      const opened = bus.bucket(fresh(), { signal: soon(), domain: "nowhere" });

      await expect(opened).rejects.toThrow(withCode("unsupported"));
    });

    test("ends with its signal's reason", async () => {
      await using bus = await connect();

      const opened = bus.bucket(fresh(), { signal: AbortSignal.abort("no reason") });

      await expect(opened).rejects.toThrow(withCode("aborted"));
    });

    test("a closed bus opens none", async () => {
      const bus = await connect();
      await bus.drain();

      await expect(bus.bucket(fresh(), { signal: soon() })).rejects.toThrow(withCode("closed"));
    });
  });

  describe(`${name}: reading and writing`, () => {
    test("gives back what was put, with a revision that grows over all keys", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const signal = soon();

      const revisions = [
        await bucket.put("a", text("1"), { signal }),
        await bucket.put("b/c=_-.d", text("2"), { signal }),
        await bucket.put("a", text("3"), { signal }),
        await bucket.put("empty", text(""), { signal }),
      ];

      expect(revisions).toEqual([1, 2, 3, 4]);
      expect(await bucket.get("a", signal)).toEqual({ key: "a", value: text("3"), revision: 3 });
      expect(read((await bucket.get("b/c=_-.d", signal))?.value)).toBe("2");
      expect(read((await bucket.get("empty", signal))?.value)).toBe("");
      expect(await bucket.get("never", signal)).toBeUndefined();
    });

    test("takes any bytes", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const signal = soon();
      const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i * 31);

      await bucket.put("bytes", bytes, { signal });

      expect((await bucket.get("bytes", signal))?.value).toEqual(bytes);
    });

    test.each(["", " ", "a b", "a*", ">", ".a", "a.", "a..b", "ä", "a\r\nb"])(
      "refuses the key %j",
      async (key) => {
        await using bus = await connect();
        const bucket = await make(bus);
        const signal = soon();
        const refused = { rejects: withCode("bad-input") };

        const tries = await Promise.allSettled([
          bucket.get(key, signal),
          bucket.put(key, text("x"), { signal }),
          bucket.delete(key, { signal }),
          bucket.purge(key, { signal }),
        ]);

        expect(tries).toEqual(tries.map(() => ({ status: "rejected", reason: refused.rejects })));
        expect(await bucket.keys(signal)).toEqual([]);
      },
    );

    test("a deleted or purged entry is gone until it is put again", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const signal = soon();
      for (const key of ["a", "b", "c"]) await bucket.put(key, text(key), { signal });

      await bucket.delete("a", { signal });
      await bucket.purge("b", { signal });
      await bucket.delete("never", { signal });
      const gone = await Promise.all(["a", "b", "never"].map((key) => bucket.get(key, signal)));
      const left = await bucket.keys(signal);
      await bucket.put("a", text("back"), { signal });

      expect(gone).toEqual([undefined, undefined, undefined]);
      expect(left).toEqual(["c"]);
      expect(read((await bucket.get("a", signal))?.value)).toBe("back");
    });

    test("keys and snapshot stand in the order of the last change", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const signal = soon();
      for (const key of ["a", "b", "c", "a"]) await bucket.put(key, text(key), { signal });
      await bucket.delete("b", { signal });

      const keys = await bucket.keys(signal);
      const entries = await bucket.snapshot(signal);

      expect(keys).toEqual(["c", "a"]);
      expect(Array.from(entries)).toEqual([
        ["c", { key: "c", value: text("c"), revision: 3 }],
        ["a", { key: "a", value: text("a"), revision: 4 }],
      ]);
    });

    test("an empty bucket has no keys", async () => {
      await using bus = await connect();
      const bucket = await make(bus);

      expect(await bucket.keys(soon())).toEqual([]);
    });

    test("buckets do not see each other", async () => {
      await using bus = await connect();
      const [one, other] = [await make(bus), await make(bus)];
      const signal = soon();

      await one.put("key", text("one"), { signal });

      expect(await other.get("key", signal)).toBeUndefined();
      expect(await other.keys(signal)).toEqual([]);
    });
  });

  describe(`${name}: compare and set`, () => {
    test("writes over the revision that was read, and over no other", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const signal = soon();
      const first = await bucket.put("key", text("first"), { signal });
      await bucket.put("other", text("x"), { signal }); // other keys do not matter

      const second = await bucket.put("key", text("second"), { signal, revision: first });
      const late = bucket.put("key", text("late"), { signal, revision: first });

      await expect(late).rejects.toThrow(withCode("conflict"));
      expect(second).toBeGreaterThan(first);
      expect(read((await bucket.get("key", signal))?.value)).toBe("second");
    });

    test("of writers that race, one wins", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const bucket = await make(bus);
      const same = await peer.bucket(bucket.name, { signal: soon() });
      const signal = soon();
      const revision = await bucket.put("count", text("0"), { signal });

      const settled = await Promise.allSettled(
        [bucket, same, bucket, same].map((one, i) =>
          one.put("count", text(`${i}`), { signal, revision }),
        ),
      );

      const lost = settled.filter(({ status }) => status === "rejected");
      expect(lost).toEqual(
        Array.from({ length: 3 }, () => ({ status: "rejected", reason: withCode("conflict") })),
      );
    });

    test("revision 0 creates, also where something was deleted or purged, and never replaces", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const signal = soon();

      await bucket.put("key", text("1"), { signal, revision: 0 });
      const second = bucket.put("key", text("2"), { signal, revision: 0 });
      await expect(second).rejects.toThrow(withCode("conflict"));
      await bucket.delete("key", { signal });
      await bucket.put("key", text("3"), { signal, revision: 0 });
      await bucket.purge("key", { signal });
      await bucket.put("key", text("4"), { signal, revision: 0 });

      expect(read((await bucket.get("key", signal))?.value)).toBe("4");
    });

    test("delete and purge take a revision too", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const signal = soon();
      const old = await bucket.put("key", text("1"), { signal });
      const revision = await bucket.put("key", text("2"), { signal });

      const deleted = bucket.delete("key", { signal, revision: old });
      await expect(deleted).rejects.toThrow(withCode("conflict"));
      const purged = bucket.purge("key", { signal, revision: old });
      await expect(purged).rejects.toThrow(withCode("conflict"));
      const there = await bucket.get("key", signal);
      await bucket.delete("key", { signal, revision });

      expect(read(there?.value)).toBe("2");
      expect(await bucket.get("key", signal)).toBeUndefined();
    });
  });

  describe(`${name}: watching`, () => {
    test("tells what is there, resolves, then tells changes", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const bucket = await make(bus);
      const same = await peer.bucket(bucket.name, { signal: soon() });
      const signal = soon();
      for (const key of ["a", "b", "c", "a"]) await bucket.put(key, text(key), { signal });
      await bucket.delete("b", { signal });
      const changes = follow();

      await bucket.watch(changes, signal);
      const first = changes.told;
      await same.put("d", text("new"), { signal });
      await changes.until("put d");
      await same.put("a", text("newer"), { signal });
      await changes.until("put a=newer");
      await same.delete("c", { signal });
      await same.purge("a", { signal });
      await changes.until("purge a");

      expect(first).toEqual(["put c=c@3", "put a=a@4"]);
      expect(changes.told).toEqual([
        ...first,
        "put d=new@6",
        "put a=newer@7",
        "delete c@8",
        "purge a@9",
      ]);
    });

    test("an empty bucket is told at once, and what comes then", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const signal = soon();
      const changes = follow();

      await bucket.watch(changes, signal);
      const first = changes.told;
      await bucket.put("key", text("value"), { signal });
      await changes.until("put key");

      expect(first).toEqual([]);
      expect(changes.told).toEqual(["put key=value@1"]);
    });

    test("a write that lost is not told", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const signal = soon();
      await bucket.put("key", text("kept"), { signal });
      const changes = follow();
      await bucket.watch(changes, signal);

      const lost = bucket.put("key", text("lost"), { signal, revision: 99 });
      await expect(lost).rejects.toThrow(withCode("conflict"));
      await bucket.put("end", text("x"), { signal });
      await changes.until("put end");

      expect(changes.told).toEqual(["put key=kept@1", "put end=x@2"]);
    });

    test("each change is told once, in order, and the last one of a key for certain", async () => {
      await using bus = await connect();
      await using peer = await connect();
      const bucket = await make(bus);
      const same = await peer.bucket(bucket.name, { signal: soon() });
      const signal = soon();
      const changes = follow();

      const writing = Promise.all(
        Array.from({ length: 200 }, (_, i) => same.put(`k${i % 10}`, text(`${i}`), { signal })),
      );
      await bucket.watch(changes, signal);
      await writing;
      await Promise.all(
        Array.from({ length: 10 }, (_, i) => changes.until(`put k${i}=${190 + i}`)),
      );

      const revisions = changes.revisions;
      expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
      expect(revisions.at(-1)).toBe(200);
    });

    test("a marker for what was never told is not told", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const signal = soon();
      const changes = follow();
      await bucket.watch(changes, signal);

      await bucket.delete("never", { signal });
      await bucket.put("end", text("x"), { signal });
      await changes.until("put end");

      expect(changes.told).toEqual(["put end=x@2"]);
    });

    test("ends with its signal", async () => {
      await using bus = await connect();
      const bucket = await make(bus);
      const end = new AbortController();
      const [ended, goes, never] = [follow(), follow(), follow()];
      await bucket.watch(ended, end.signal);
      await bucket.watch(goes, soon());

      end.abort();
      const late = bucket.watch(never, end.signal);
      await expect(late).rejects.toThrow(withCode("aborted"));
      await bucket.put("key", text("x"), { signal: soon() });
      await goes.until("put key");

      expect([ended.told, never.told]).toEqual([[], []]);
    });

    test("a closed bus watches nothing", async () => {
      const bus = await connect();
      const bucket = await make(bus);
      await bus.drain();

      const watched = bucket.watch(follow(), soon());

      await expect(watched).rejects.toThrow(withCode("closed"));
    });
  });
}
