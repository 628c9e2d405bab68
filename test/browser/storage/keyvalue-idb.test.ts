/** The store of the key-value provider in a real browser's IndexedDB. */
import { expect, test } from "vitest";

import { openIdbKeyvalue } from "../../../src/storage/keyvalue-idb.ts";
import { keyvalueStoreContract } from "../../contract/keyvalue-store.ts";

let stores = 0;
const fresh = (): string => `test-keyvalue ${++stores} ${crypto.randomUUID()}`;
const maxBytes = (): number => 1_000_000;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

keyvalueStoreContract("IndexedDB", (most) => openIdbKeyvalue({ name: fresh(), maxBytes: most }));

test("entries, their size and their order outlive the store that wrote them", async () => {
  const name = fresh();
  const first = await openIdbKeyvalue({ name, maxBytes });
  await first.change("b", [
    { key: "z", value: text("1") },
    { key: "a", value: text("2") },
  ]);
  await first.increment("b", "n", 41n);
  const size = await first.size();
  await first[Symbol.asyncDispose]();

  await using second = await openIdbKeyvalue({ name, maxBytes });
  const sum = await second.increment("b", "n", 1n);
  await second.change("b", [{ key: "new", value: text("") }]);

  expect(sum).toBe(42n);
  expect(size).toBe(3 * 64 + 3 * 2 + 1 + 1 + 2);
  expect(await second.size()).toBe(size + 64 + 4);
  expect((await second.keys("b", 0, 10)).keys).toEqual(["z", "a", "n", "new"]);
});

test("two that share a database are one store", async () => {
  const name = fresh();
  await using one = await openIdbKeyvalue({ name, maxBytes });
  await using other = await openIdbKeyvalue({ name, maxBytes });

  await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? one : other).increment("", "n", 1n)),
  );

  expect(await one.increment("", "n", 0n)).toBe(20n);
});

test("a store that was closed says so", async () => {
  const store = await openIdbKeyvalue({ name: fresh(), maxBytes });
  await store[Symbol.asyncDispose]();

  await expect(store.get("", ["a"])).rejects.toMatchObject({ code: "closed" });
});

test("a database that somebody removes meanwhile begins anew", async () => {
  const name = fresh();
  await using store = await openIdbKeyvalue({ name, maxBytes });
  await store.change("", [{ key: "a", value: text("1") }]);

  await new Promise((resolve, reject) => {
    const removing = indexedDB.deleteDatabase(name);
    removing.addEventListener("success", resolve);
    removing.addEventListener("error", reject);
  });

  expect(await store.get("", ["a"])).toEqual([undefined]);
  expect(await store.size()).toBe(0);
});
