/** What a typed client has of functions that a page serves, whichever way its calls take: in one node, or over the lattice. */
import { describe, expect, test } from "vitest";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { PageNode } from "../support/page-node.ts";

import { startHost } from "../support/lattice-host.ts";
import { pageNode } from "../support/page-node.ts";
import { ITEM, SHOP, SHOP_WIT, shop } from "../support/shop.ts";

export interface TypedRoute {
  readonly name: string;
  readonly url: () => string;
  readonly nodes: "one" | "two";
}

let ids = 0;

async function open(route: TypedRoute) {
  const id = `shop-${route.nodes}-${++ids}`;
  const { record, program, Shelf } = shop();
  const node = await startHost({ url: route.url() });
  const page = pageNode(node);
  const nodes: LatticeHost[] = [node];
  const pages: PageNode[] = [page];
  if (route.nodes === "two") {
    const other = await startHost({ url: route.url() });
    nodes.push(other);
    pages.push(pageNode(other));
  }
  const caller = pages.at(-1) ?? page;
  const served = await page.serve(SHOP_WIT, { id }, { [SHOP]: program });
  const { [SHOP]: client } = await caller.client(SHOP_WIT, id);
  if (client === undefined) throw new Error("the client lacks the interface");
  return {
    id,
    record,
    program,
    Shelf,
    served,
    client,
    caller,
    page,
    async [Symbol.asyncDispose]() {
      for (const each of pages) await each[Symbol.asyncDispose]();
      for (const each of nodes) await each[Symbol.asyncDispose]();
    },
  };
}

/** What a promise is rejected with, as plain data. */
async function thrown(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { gave: await promise };
  } catch (cause) {
    if (!(cause instanceof Error)) return cause;
    const { name, message } = cause;
    return {
      name,
      message,
      ...("payload" in cause ? { payload: cause.payload } : {}),
      ...("code" in cause ? { code: cause.code } : {}),
    };
  }
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

export function typedCallsContract(route: TypedRoute): void {
  describe(`${route.name}: a typed client`, () => {
    test("has values of all types back as jco has them", async () => {
      await using stage = await open(route);
      const { client } = stage;

      const tuple = [7, -(2n ** 63n), "🧀"];
      const perms = { canRead: true };
      const echoed = await client["echo"](ITEM, perms, { tag: "some", val: undefined }, tuple);

      const read = { canRead: true, canWrite: false };
      expect(echoed).toEqual([ITEM, read, { tag: "some", val: undefined }, tuple]);
      expect(await client["numbers"](Uint32Array.of(1, 2))).toEqual(BigUint64Array.of(1n, 2n));
      expect(await client["numbers"]([1, 2])).toEqual(BigUint64Array.of(1n, 2n));
      expect(await client["many"]()).toEqual([
        { tag: "ok", val: 7 },
        { tag: "err", val: "no" },
      ]);
      expect(await client["note"]("milk")).toBeUndefined();
      expect(await client["notes"]()).toEqual(["milk"]);
      expect(await client["whoCalls"]()).toBe("nobody by default");
    });

    test("gets the ok of a result, and its err is thrown with the payload", async () => {
      await using stage = await open(route);
      const { client } = stage;

      const given = [
        await client["price"]("dark-green", 4),
        await thrown(client["price"]("red", 1)),
        await thrown(client["price"]("dark-green", 11)),
        await client["parse"]("12"),
        await thrown(client["parse"]("x")),
        await thrown(client["check"](true)),
        await thrown(client["check"](false)),
      ];

      const name = "ComponentError";
      expect(given).toEqual([
        6,
        { name, message: "sold-out (see error.payload)", payload: { tag: "sold-out" } },
        {
          name,
          message: "too-many (see error.payload)",
          payload: { tag: "too-many", val: 10 },
        },
        12,
        // Where the err is a string, the message of any error is one, as jco has it.
        { name, message: `"x" is no number`, payload: `"x" is no number` },
        { gave: undefined },
        { name, message: "undefined (see error.payload)", payload: undefined },
      ]);
      expect(stage.page.reports).toEqual([]);
    });

    test("is told of a failure, and the page of its reason", async () => {
      await using stage = await open(route);

      const failed = await thrown(stage.client["price"]("dark-green", 0));

      // Who asks over the lattice learns nothing of the reason.
      const told = {
        one: {
          code: "guest-trapped",
          message: "demo:shop/shop@0.1.0#price failed: nothing costs nothing",
        },
        two: {
          code: "incomplete",
          message: `${stage.id} ended price without a result: it failed there`,
        },
      };
      expect(failed).toEqual({ name: "LatticeError", ...told[route.nodes] });
      expect(stage.page.reports).toEqual([
        "inlay: demo:shop/shop@0.1.0#price failed: RangeError: nothing costs nothing",
      ]);
    });

    test("refuses arguments that are not of their types, with the place, what was met and what was wanted", async () => {
      await using stage = await open(route);
      const { client } = stage;
      const bad = { ...ITEM, picture: [1, 2, 256] };
      const perms = {};

      const refused = [
        await thrown(client["parse"](5)),
        await thrown(client["parse"]()),
        await thrown(client["parse"]("1", "2")),
        await thrown(client["echo"](bad, perms, { tag: "none" }, [1, 2n, "c"])),
        await thrown(client["echo"](ITEM, perms, undefined, [1, 2n, "c"])),
        await thrown(client["price"]("blue", 1)),
        await thrown(client["upper"]("text")),
        await thrown(client["Shelf"].merge({}, {})),
      ];

      const at = `${SHOP}@0.1.0#`;
      const messages = refused.map((each) => (each as { message: string }).message);
      expect(messages).toEqual([
        `${at}parse: text: expected string, met number 5`,
        `${at}parse: text: expected string, met undefined`,
        `${at}parse: expected arguments: 1 (text), met 2`,
        `${at}echo: item.picture[2]: expected u8, met number 256`,
        `${at}echo: nested: expected an option within an option ({ tag: "some" | "none", val }), met undefined`,
        `${at}price: color: expected enum ("red" | "dark-green"), met string "blue"`,
        `${at}upper: texts: expected stream (a ReadableStream or an iterable of single values), met string "text"`,
        `${at}shelf.merge: first: expected own<shelf> (a Shelf that a client has given), met object`,
      ]);
      expect(refused.map((each) => (each as { code: string }).code)).toEqual(
        refused.map(() => "bad-input"),
      );
    });

    test("has resources as objects of classes, which live in the page until they are dropped", async () => {
      await using stage = await open(route);
      const { client, record } = stage;

      const first = await new client["Shelf"]("top");
      const second = await client["Shelf"].open("low");
      const added = [await first.add(ITEM), await second.add(ITEM), await second.add(ITEM)];
      const full = await thrown(second.add(ITEM));
      const nameless = await thrown(client["Shelf"].open(""));
      const merged = await client["Shelf"].merge(first, second);
      const label = await merged.label();
      const items = await merged.items();
      const moved = await thrown(first.label());
      merged[Symbol.dispose]();
      await expect.poll(() => record.ended).toEqual(["top and low"]);
      const dropped = await thrown(merged.label());
      const left = await second.label();

      expect(first).toBeInstanceOf(client["Shelf"]);
      expect(added).toEqual([1, 1, 2]);
      expect(full).toMatchObject({ payload: { tag: "too-many", val: 2 } });
      expect(nameless).toMatchObject({ payload: { tag: "other", val: "no name" } });
      expect([label, left]).toEqual(["top and low", "low"]);
      expect(items).toEqual([ITEM, ITEM, ITEM]);
      expect([moved, dropped]).toMatchObject([{ code: "gone" }, { code: "gone" }]);
    });

    test("streams values and bytes in both directions, as they come", async () => {
      await using stage = await open(route);
      const { client } = stage;
      const { readable, writable } = new TransformStream<string, string>();
      const writer = writable.getWriter();

      const upper = await client["upper"](readable);
      const reader = upper.getReader();
      const heard: unknown[] = [];
      for (const word of ["a", "b"]) {
        void writer.write(word);
        heard.push((await reader.read()).value); // each comes back before the next is written
      }
      await writer.close();
      const end = await reader.read();
      const total = await client["sum"]([Uint8Array.of(1, 2), Uint8Array.of(3)]);
      const chunks = await all<Uint8Array>(await client["bytes"](20, 70_000));
      const later = await client["later"](Promise.resolve(41));
      const names = Array.from({ length: 300 }, (_, n) => `${n}`);
      const many = await all<string>(await client["upper"](names));

      expect(heard).toEqual(["A", "B"]);
      expect(end.done).toBe(true);
      expect(total).toBe(6);
      expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(20 * 70_000);
      expect(Buffer.concat(chunks).at(-1)).toBe(19);
      expect(later).toEqual({ tag: "ok", val: 42 });
      expect(many).toEqual(names);
    });

    test("gives a stream up, and the page hears of it", async () => {
      await using stage = await open(route);
      const { client, record } = stage;

      const endless = await client["bytes"](1_000_000, 10_000);
      const reader = endless.getReader();
      await reader.read();
      await reader.cancel();

      await expect.poll(() => record.ended).toEqual(["bytes"]);
    });

    test("has resources that come in a stream", async () => {
      await using stage = await open(route);

      const shelves = await all<{ label(): Promise<string> }>(
        await stage.client["shelves"](["a", "b", "c"]),
      );

      expect(await Promise.all(shelves.map((each) => each.label()))).toEqual(["a", "b", "c"]);
    });

    test("gives calls up by its signal, which reaches the function", async () => {
      await using stage = await open(route);
      const leaving = new AbortController();
      const { [SHOP]: client } = await stage.caller.client(SHOP_WIT, stage.id, {
        signal: leaving.signal,
      });
      const never = thrown(client?.["never"]());
      await expect.poll(() => stage.record.notes).toEqual(["begun"]);

      leaving.abort();

      expect(await never).toMatchObject({ code: "aborted" });
      expect(await thrown(client?.["notes"]())).toMatchObject({ code: "aborted" });
      // Over the lattice nobody can say that; the function's own deadline ends it there.
      const heard = { one: ["never"], two: [] };
      await expect.poll(() => stage.record.aborted).toEqual(heard[route.nodes]);
    });
  });
}
