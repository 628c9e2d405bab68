import { afterEach, describe, expect, test } from "vitest";
import type { Bus } from "../../../../src/core/bus.ts";
import type { BoundOffer } from "../../../../src/core/offer.ts";
import type { WitValue } from "../../../../src/core/wit.ts";
import { createBudget } from "../../../../src/providers/offers/budget.ts";
import { bindKeyvalue, bindKeyvalueChoice } from "../../../../src/providers/offers/keyvalue.ts";
import { ask, entry, member, situation } from "./context.ts";

const STORE = "wrpc:keyvalue/store@0.2.0-draft";
const ATOMICS = "wrpc:keyvalue/atomics@0.2.0-draft";
const BATCH = "wrpc:keyvalue/batch@0.2.0-draft";
const MOST = 0xffff_ffff_ffff_ffffn;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const signal = AbortSignal.timeout(60_000);

const bound: BoundOffer[] = [];
afterEach(async () => {
  await Promise.all(bound.splice(0).map((each) => each[Symbol.asyncDispose]()));
});

interface Store {
  /** The payload of the `ok`; an `err` fails the test. */
  readonly ok: (instance: string, func: string, ...args: readonly WitValue[]) => Promise<WitValue>;
  readonly raw: (instance: string, func: string, ...args: readonly WitValue[]) => Promise<WitValue>;
  readonly peer: Bus;
}

async function open(kind: "jetstream" | "memory" | "chosen jetstream"): Promise<Store> {
  const entries = kind === "chosen jetstream" ? [entry({ backend: "nats" })] : [entry()];
  const { context, peer } = situation({ one: member("one") }, entries);
  const own =
    kind === "jetstream" ? bindKeyvalue(context) : bindKeyvalueChoice(context, createBudget());
  bound.push(own);
  const raw: Store["raw"] = async (instance, func, ...args) =>
    (await ask(own.serves?.callee, instance, func, args))[0];
  return {
    peer,
    raw,
    async ok(instance, func, ...args) {
      const result = await raw(instance, func, ...args);
      expect(result).toHaveProperty("tag", "ok");
      return (result as { readonly val: WitValue }).val;
    },
  };
}

describe.each(["jetstream", "memory", "chosen jetstream"] as const)("%s", (kind) => {
  test("entries are there from their set to their removal", async () => {
    const { ok } = await open(kind);
    expect(await ok(STORE, "get", "b", "k")).toBeUndefined();
    expect(await ok(STORE, "exists", "b", "k")).toBe(false);
    await ok(STORE, "set", "b", "k", bytes("one"));
    await ok(STORE, "set", "other", "k", bytes("two"));
    expect(await ok(STORE, "get", "b", "k")).toEqual(bytes("one"));
    expect(await ok(STORE, "get", "other", "k")).toEqual(bytes("two"));
    expect(await ok(STORE, "exists", "b", "k")).toBe(true);
    await ok(STORE, "delete", "b", "k");
    await ok(STORE, "delete", "b", "k");
    expect(await ok(STORE, "get", "b", "k")).toBeUndefined();
    expect(await ok(STORE, "exists", "other", "k")).toBe(true);
  });

  test("batches are as many single ones, in the order of their keys", async () => {
    const { ok } = await open(kind);
    await ok(BATCH, "set-many", "b", [
      ["x", bytes("1")],
      ["y", bytes("2")],
    ]);
    expect(await ok(BATCH, "get-many", "b", ["y", "none", "x"])).toEqual([
      ["y", bytes("2")],
      undefined,
      ["x", bytes("1")],
    ]);
    await ok(BATCH, "delete-many", "b", ["x", "none"]);
    expect(await ok(STORE, "list-keys", "b", undefined)).toEqual({
      keys: ["y"],
      cursor: undefined,
    });
  });

  test("numbers are eight bytes, the first the highest, and end at the largest", async () => {
    const { ok } = await open(kind);
    expect(await ok(ATOMICS, "increment", "b", "n", 258n)).toBe(258n);
    expect(await ok(STORE, "get", "b", "n")).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2));
    await ok(STORE, "set", "b", "n", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5, 99));
    expect(await ok(ATOMICS, "increment", "b", "n", 1n)).toBe(6n);
    await ok(STORE, "set", "b", "n", bytes("short"));
    expect(await ok(ATOMICS, "increment", "b", "n", 3n)).toBe(3n);
    expect(await ok(ATOMICS, "increment", "b", "n", MOST)).toBe(MOST);
  });

  test("of increments side by side none is lost", async () => {
    const { ok } = await open(kind);
    const sums = await Promise.all(
      Array.from({ length: 12 }, () => ok(ATOMICS, "increment", "b", "n", 1n)),
    );
    expect(sums.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 12 }, (_, index) => BigInt(index + 1)),
    );
  });

  test("more keys than a batch may have are an error", async () => {
    const { raw } = await open(kind);
    const keys = Array.from({ length: 1001 }, (_, index) => `k${index}`);
    expect(await raw(BATCH, "get-many", "b", keys)).toMatchObject({
      tag: "err",
      val: { tag: "other", val: "1001 keys in one call; at most 1000 are taken" },
    });
  });
});

test("keys come in pages of a thousand", async () => {
  const { ok } = await open("memory");
  const all = Array.from({ length: 2001 }, (_, index) => `k${index}`);
  for (let at = 0; at < all.length; at += 1000) {
    const pairs = all.slice(at, at + 1000).map((key) => [key, bytes("v")]);
    // oxlint-disable-next-line no-await-in-loop -- keys are listed in the order in which they were set
    await ok(BATCH, "set-many", "b", pairs);
  }
  const met: string[] = [];
  let cursor: bigint | undefined;
  const sizes: number[] = [];
  do {
    // oxlint-disable-next-line no-await-in-loop -- a page says where the next one begins
    const page = (await ok(STORE, "list-keys", "b", cursor)) as {
      readonly keys: readonly string[];
      readonly cursor: bigint | undefined;
    };
    met.push(...page.keys);
    sizes.push(page.keys.length);
    ({ cursor } = page);
  } while (cursor !== undefined);
  expect(sizes).toEqual([1000, 1000, 1]);
  expect(new Set(met)).toEqual(new Set(all));
});

test("what is kept in JetStream others find there", async () => {
  const { ok, peer } = await open("jetstream");
  await ok(STORE, "set", "shared", "k", bytes("here"));
  const bucket = await peer.bucket("shared", { signal });
  expect((await bucket.get("k", signal))?.value).toEqual(bytes("here"));
  await bucket.put("k", bytes("there"), { signal });
  expect(await ok(STORE, "get", "shared", "k")).toEqual(bytes("there"));
});

test("what JetStream does not take as a name is an error with its reason", async () => {
  const { raw } = await open("jetstream");
  expect(await raw(STORE, "get", "no bucket", "k")).toMatchObject({
    tag: "err",
    val: { tag: "other", val: expect.stringContaining("no bucket") },
  });
  expect(await raw(STORE, "get", "b", "no key")).toMatchObject({
    tag: "err",
    val: { tag: "other", val: expect.stringContaining("no key") },
  });
});

test("memory has an end, and gives back what was removed", async () => {
  const { ok, raw } = await open("memory");
  const large = new Uint8Array(30 * 1024 * 1024);
  await ok(STORE, "set", "b", "one", large);
  await ok(STORE, "set", "b", "two", large);
  expect(await raw(STORE, "set", "b", "three", large)).toMatchObject({
    tag: "err",
    val: { val: expect.stringContaining("the store is full") },
  });
  await ok(STORE, "delete", "b", "one");
  await ok(STORE, "set", "b", "three", large);
});

test("a backend that a page cannot have is refused when it is bound", () => {
  const { context } = situation({ one: member("one") }, [entry({ backend: "redis" })]);
  expect(() => bindKeyvalueChoice(context, createBudget())).toThrow(
    'the backend "redis" of wasi:keyvalue is not offered here',
  );
});

test("entries with names have stores of their own", async () => {
  const { context, peer } = situation({ one: member("one") }, [
    entry({ backend: "in-memory" }, "cache"),
    entry({ backend: "nats" }, "kept"),
  ]);
  await using own = bindKeyvalueChoice(context, createBudget());
  const callee = own.serves?.callee;
  await ask(callee, STORE, "set", ["b", "k", bytes("gone")], { link: "cache" });
  await ask(callee, STORE, "set", ["b", "k", bytes("stays")], { link: "kept" });
  expect(await ask(callee, STORE, "get", ["b", "k"], { link: "cache" })).toEqual([
    { tag: "ok", val: bytes("gone") },
  ]);
  const bucket = await peer.bucket("b", { signal });
  expect((await bucket.get("k", signal))?.value).toEqual(bytes("stays"));
});

test.each(["LATTICEDATA_default", "CONFIGDATA_default", "INLAYLEASES_default", "wadm_state"])(
  "components have no part in %s",
  async (bucket) => {
    const { raw } = await open("jetstream");
    expect(await raw(STORE, "set", bucket, "k", bytes("x"))).toMatchObject({
      tag: "err",
      val: { tag: "other", val: `components have no part in the bucket "${bucket}"` },
    });
  },
);

test("who gives up the opening of a bucket leaves it to the others", async () => {
  const { context } = situation({ one: member("one") });
  await using own = bindKeyvalue(context);
  const callee = own.serves?.callee;
  const over = new AbortController();
  const given = ask(callee, STORE, "get", ["b", "k"], { signal: over.signal });
  const other = ask(callee, STORE, "get", ["b", "k"]);
  over.abort(new Error("given up"));
  await expect(given).rejects.toThrow("given up");
  expect(await other).toEqual([{ tag: "ok", val: undefined }]);
});

test("a server of its own is refused without its address, which may hold a password", () => {
  const { context } = situation({ one: member("one") }, [
    entry({ backend: "nats", url: "nats://u:hunter2@elsewhere" }),
  ]);
  expect(() => bindKeyvalueChoice(context, createBudget())).toThrow(
    /^(?!.*hunter2).*\(url\) is not offered here/,
  );
});

describe("what all stores in memory hold together", () => {
  const MEGABYTE = 1024 * 1024;
  const budget = createBudget(3 * MEGABYTE);
  const openStore = async (names: readonly (string | undefined)[] = [undefined]) => {
    const { context } = situation(
      { one: member("one") },
      names.map((name) => entry({}, name)),
    );
    const own = bindKeyvalueChoice(context, budget);
    bound.push(own);
    return {
      own,
      async set(key: string, link = "default") {
        const args = ["b", key, new Uint8Array(MEGABYTE)];
        const [result] = await ask(own.serves?.callee, STORE, "set", args, { link });
        return result;
      },
      remove: async (key: string) => ask(own.serves?.callee, STORE, "delete", ["b", key]),
    };
  };
  const FULL = {
    tag: "err",
    val: { tag: "other", val: expect.stringContaining("the stores of this host are full") },
  };

  test("has one bound, and what is removed or has ended is free for others", async () => {
    const one = await openStore();
    const two = await openStore(["x", "y"]);

    expect(await one.set("a")).toMatchObject({ tag: "ok" });
    expect(await two.set("a", "y")).toMatchObject({ tag: "ok" });
    expect(await one.set("b")).toMatchObject(FULL);
    expect(await two.set("b", "x")).toMatchObject(FULL);
    await one.remove("a");
    expect(await two.set("b", "x")).toMatchObject({ tag: "ok" });
    expect(await one.set("c")).toMatchObject(FULL);
    await two.own[Symbol.asyncDispose]();
    expect(await one.set("c")).toMatchObject({ tag: "ok" });
    expect(await one.set("d")).toMatchObject({ tag: "ok" });
    expect(await two.set("z", "y")).toMatchObject({
      val: { val: expect.stringContaining("has ended") },
    });
  });
});
