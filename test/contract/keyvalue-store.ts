/** What every key-value store does. Run for memory in Node and for IndexedDB in a browser. */
import { describe, expect, test } from "vitest";
import type { KeyvalueStore } from "../../src/storage/keyvalue-store.ts";
import { withCode } from "./bus.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const read = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

/** `open` gives an empty store that takes `maxBytes`. */
export function keyvalueStoreContract(
  name: string,
  open: (maxBytes: () => number) => Promise<KeyvalueStore>,
): void {
  const fresh = (): Promise<KeyvalueStore> => open(() => 1_000_000);
  const get = async (store: KeyvalueStore, bucket: string, key: string) =>
    read((await store.get(bucket, [key]))[0]);

  describe(`${name} as a key-value store`, () => {
    test("gives back what was set, by bucket, and nothing for what was not", async () => {
      await using store = await fresh();

      await store.change("", [{ key: "a", value: text("1") }]);
      await store.change("b", [
        { key: "a", value: text("2") },
        { key: "empty", value: text("") },
      ]);

      expect((await store.get("", ["a", "empty", "a"])).map(read)).toEqual(["1", undefined, "1"]);
      expect((await store.get("b", ["a", "empty"])).map(read)).toEqual(["2", ""]);
      expect(await store.exists("b", "empty")).toBe(true);
      expect(await store.exists("", "empty")).toBe(false);
    });

    test("keeps a copy of the value alone, and gives copies", async () => {
      await using store = await fresh();
      const large = new Uint8Array(100).fill(1);
      const part = large.subarray(10, 13);

      await store.change("", [{ key: "a", value: part }]);
      part.fill(9);
      const [given] = await store.get("", ["a"]);
      given?.fill(7);
      const [again] = await store.get("", ["a"]);

      expect(again).toEqual(Uint8Array.of(1, 1, 1));
      expect(again?.buffer.byteLength).toBe(3);
    });

    test("several changes are one, the last of a key counts, and removals tell what was there", async () => {
      await using store = await fresh();
      await store.change("", [{ key: "old", value: text("x") }]);

      const removed = await store.change("", [
        { key: "a", value: text("1") },
        { key: "old" },
        { key: "never" },
        { key: "a", value: text("2") },
        { key: "b", value: text("3") },
        { key: "b" },
      ]);

      expect(removed).toEqual(["old"]);
      expect((await store.get("", ["a", "b", "old"])).map(read)).toEqual([
        "2",
        undefined,
        undefined,
      ]);
    });

    test("adds to decimal text, from nothing on", async () => {
      await using store = await fresh();
      await store.change("", [
        { key: "empty", value: text("") },
        { key: "word", value: text("seven") },
        { key: "most", value: text("18446744073709551615") },
      ]);

      expect(await store.increment("", "n", 5n)).toBe(5n);
      expect(await store.increment("", "n", 37n)).toBe(42n);
      expect(await store.increment("", "empty", 1n)).toBe(1n);
      await expect(store.increment("", "word", 1n)).rejects.toThrow(withCode("bad-input"));
      await expect(store.increment("", "most", 1n)).rejects.toThrow(withCode("bad-input"));
      await expect(store.increment("", "n", -43n)).rejects.toThrow(withCode("bad-input"));
      const bounds = { least: -50n, most: 50n };
      expect(await store.increment("", "n", -92n, bounds)).toBe(-50n);
      await expect(store.increment("", "n", -1n, bounds)).rejects.toThrow(withCode("bad-input"));
      expect(await store.increment("", "n", 92n, bounds)).toBe(42n);
      await expect(store.increment("", "n", 9n, bounds)).rejects.toThrow(withCode("bad-input"));
      expect(await get(store, "", "n")).toBe("42");
      expect(await get(store, "", "word")).toBe("seven");
      expect(await get(store, "", "most")).toBe("18446744073709551615");
    });

    test("additions and subtractions at the same time lose nothing", async () => {
      await using store = await fresh();
      const bounds = { least: -1000n, most: 1000n };
      const steps = Array.from({ length: 60 }, (_, at) => BigInt(at % 3 === 0 ? at : -at));

      await Promise.all(steps.map((delta) => store.increment("", "n", delta, bounds)));

      const sum = steps.reduce((before, delta) => before + delta, 0n);
      expect(await get(store, "", "n")).toBe(String(sum));
    });

    test("additions at the same time lose nothing", async () => {
      await using store = await fresh();

      const sums = await Promise.all(
        Array.from({ length: 50 }, () => store.increment("", "n", 2n)),
      );

      expect(await get(store, "", "n")).toBe("100");
      expect(new Set(sums).size).toBe(50);
    });

    test("pages of keys follow the order of their first setting, whatever changes between them", async () => {
      await using store = await fresh();
      const keys = Array.from({ length: 10 }, (_, index) => `k${9 - index}`);
      await store.change(
        "b",
        keys.map((key) => ({ key, value: text(key) })),
      );
      await store.change("other", [{ key: "other", value: text("") }]);

      const first = await store.keys("b", 0, 4);
      await store.change("b", [
        { key: "k9" }, // of the page that was read
        { key: "k4" }, // of a page that was not
        { key: "k8", value: text("changed") }, // keeps its place
        { key: "new", value: text("") },
      ]);
      const second = await store.keys("b", first.next ?? -1, 4);
      const third = await store.keys("b", second.next ?? -1, 4);

      expect(first.keys).toEqual(["k9", "k8", "k7", "k6"]);
      expect(second.keys).toEqual(["k5", "k3", "k2", "k1"]);
      expect(third).toEqual({ keys: ["k0", "new"] });
      expect(await store.keys("nowhere", 0, 4)).toEqual({ keys: [] });
    });

    test("a full store takes no more, all or nothing, until something is removed", async () => {
      let maxBytes = 950;
      await using store = await open(() => maxBytes);
      const half = new Uint8Array(400);
      await store.change("", [{ key: "a", value: half }]);

      const both = store.change("", [
        { key: "b", value: half },
        { key: "c", value: half },
      ]);
      await expect(both).rejects.toThrow(withCode("too-large"));
      const held = await store.get("", ["b", "c"]);
      await store.change("", [{ key: "b", value: half }]);
      await expect(store.increment("", "n", 1n)).rejects.toThrow(withCode("too-large"));
      maxBytes = 500; // less than it holds: it may shrink, not grow
      await store.change("", [{ key: "b", value: half.subarray(1) }]);
      await expect(store.change("", [{ key: "b", value: half }])).rejects.toThrow(
        withCode("too-large"),
      );
      await store.change("", [{ key: "a" }]);
      await store.change("", [{ key: "b" }]);

      expect(held).toEqual([undefined, undefined]);
      expect(await store.size()).toBe(0);
    });

    test("keys and buckets may be any text", async () => {
      await using store = await fresh();
      const names = ["", " ", "ü/é:*>", "__proto__", "a\u0000b", "😀"];

      for (const bucket of names) {
        // oxlint-disable-next-line no-await-in-loop -- in order
        await store.change(
          bucket,
          names.map((key) => ({ key, value: text(`${bucket}|${key}`) })),
        );
      }

      for (const bucket of names) {
        // oxlint-disable-next-line no-await-in-loop -- as above
        const values = (await store.get(bucket, names)).map(read);
        expect(values).toEqual(names.map((key) => `${bucket}|${key}`));
        // oxlint-disable-next-line no-await-in-loop -- as above
        expect((await store.keys(bucket, 0, 100)).keys).toEqual(names);
      }
    });
  });
}
