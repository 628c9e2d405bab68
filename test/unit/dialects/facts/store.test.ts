import { expect, test } from "vitest";
import type { KvBucket } from "../../../../src/core/kv.ts";

import { createMemoryLattice } from "../../../../src/bus/memory.ts";
import { createEditor } from "../../../../src/dialects/v1/facts/store.ts";
import { withCode } from "../../../contract/bus.ts";

const encode = (value: string): Uint8Array => new TextEncoder().encode(value);
const decode = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);
const append =
  (letter: string) =>
  (present: Uint8Array | undefined): Uint8Array =>
    encode(decode(present) + letter);
const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const openBucket = (): Promise<KvBucket> =>
  createMemoryLattice().connect().bucket("b", { signal: soon(), create: true });

test("what two editors change at the same time is in there both times", async () => {
  const bucket = await openBucket();
  const one = createEditor();
  const two = createEditor();
  const letters = "abcdefghijklmnopqrst".split("");

  await Promise.all(
    letters.map((letter, index) =>
      (index % 2 === 0 ? one : two).edit(bucket, "key", append(letter), soon()),
    ),
  );

  const stored = decode((await bucket.get("key", soon()))?.value);
  expect(stored.split("").toSorted()).toEqual(letters);
});

test("changes of one editor come in their order, also after one that failed", async () => {
  const bucket = await openBucket();
  const editor = createEditor();
  const fail = (): never => {
    throw new Error("not this one");
  };

  const outcomes = await Promise.allSettled([
    editor.edit(bucket, "key", append("a"), soon()),
    editor.edit(bucket, "key", fail, soon()),
    editor.edit(bucket, "key", append("b"), soon()),
  ]);

  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(decode((await bucket.get("key", soon()))?.value)).toBe("ab");
});

test("a change that wants nothing writes nothing", async () => {
  const bucket = await openBucket();
  const editor = createEditor();

  const written = await editor.edit(bucket, "key", () => undefined, soon());

  expect(written).toBeUndefined();
  expect(await bucket.get("key", soon())).toBeUndefined();
});

test("who always loses gives up", async () => {
  const bucket = await openBucket();
  const editor = createEditor();
  let turns = 0;
  const contested: KvBucket = {
    ...bucket,
    async get(key, signal) {
      const found = await bucket.get(key, signal);
      await bucket.put(key, encode(String(turns++)), { signal });
      return found;
    },
  };

  const lost = editor.edit(contested, "key", append("x"), soon());

  await expect(lost).rejects.toThrow(withCode("conflict"));
  expect(turns).toBe(32);
});
