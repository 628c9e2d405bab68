/** Imports of components of 0.82: what becomes of their calls in the interfaces of the lattice, and of what comes back. */
import { describe, expect, test } from "vitest";
import type { WitValue } from "../../../src/core/wit.ts";
import type { Held, ImportContext } from "../../../src/interfaces/import-mapping.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { createHeld, handleOf } from "../../../src/interfaces/import-mapping.ts";
import { OLDER_IMPORTS } from "../../../src/interfaces/older.ts";
import { isOlder } from "../../../src/interfaces/older-names.ts";

const EVENTUAL = "wasi:keyvalue/eventual@0.1.0";
const ATOMIC = "wasi:keyvalue/atomic@0.1.0";
const TYPES = "wasi:keyvalue/types@0.1.0";
const ERROR = "wasi:keyvalue/wasi-keyvalue-error@0.1.0";
const CONSUMER = "wasmcloud:messaging/consumer";
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: unknown): string => new TextDecoder().decode(bytes as Uint8Array);
const bucket = handleOf("");

/** One instance of a component. The lattice gives what `answer` gives, or throws it. */
function instance(answer: (call: readonly unknown[]) => unknown = () => undefined) {
  const sent: unknown[] = [];
  const held: Held = createHeld(new Map());
  const context: ImportContext = {
    held,
    linkName: "default",
    signal: new AbortController().signal,
    far: async (...call) => {
      sent.push(call);
      const given = answer(call);
      if (given instanceof Error) throw given;
      return [given];
    },
  };
  return {
    sent,
    async call(of: string, func: string, ...args: WitValue[]): Promise<WitValue> {
      const run = OLDER_IMPORTS[of]?.functions.get(func);
      if (run === undefined) throw new Error(`no ${of}#${func}`);
      const [result] = await run(args, context);
      return result;
    },
  };
}
type Guest = ReturnType<typeof instance>;

const okOf = (result: WitValue): WitValue => {
  const { tag, val } = result as { readonly tag: string; readonly val: WitValue };
  expect(tag).toBe("ok");
  return val;
};
/** The text of the error that a function of the store gave. */
async function traced(guest: Guest, result: WitValue): Promise<WitValue> {
  const { tag, val } = result as { readonly tag: string; readonly val: WitValue };
  expect(tag).toBe("err");
  return guest.call(ERROR, "[method]error.trace", val);
}
/** A value that the guest has written in pieces. */
async function outgoing(guest: Guest, ...pieces: string[]): Promise<WitValue> {
  const value = await guest.call(TYPES, "[static]outgoing-value.new-outgoing-value");
  for (const piece of pieces) {
    const write = "[method]outgoing-value.outgoing-value-write-body-sync";
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await guest.call(TYPES, write, value, utf8(piece))).toEqual({
      tag: "ok",
      val: undefined,
    });
  }
  return value;
}

test("what is mapped is what is loaded for", () => {
  expect(Object.keys(OLDER_IMPORTS).filter((name) => !isOlder(name))).toEqual([]);
  const newer = ["wasi:keyvalue/store@0.2.0-draft", "wasmcloud:messaging/consumer@0.2.0"];
  expect(newer.filter(isOlder)).toEqual([]);
});

describe("wasi:keyvalue@0.1.0", () => {
  test("a bucket is opened without asking anybody", async () => {
    const guest = instance();
    const opened = await guest.call(TYPES, "[static]bucket.open-bucket", "mine");
    expect(opened).toEqual({ tag: "ok", val: handleOf("mine") });
    expect(guest.sent).toEqual([]);
  });

  test("a value comes whole, to be read in one piece or as a stream, once", async () => {
    const guest = instance(() => ({ tag: "ok", val: utf8("tea") }));
    const size = "[method]incoming-value.incoming-value-size";
    const sync = "[static]incoming-value.incoming-value-consume-sync";
    const async = "[static]incoming-value.incoming-value-consume-async";
    const one = okOf(await guest.call(EVENTUAL, "get", bucket, "drink"));
    const other = okOf(await guest.call(EVENTUAL, "get", bucket, "drink"));

    expect(okOf(await guest.call(TYPES, size, one))).toBe(3n);
    expect(text(okOf(await guest.call(TYPES, sync, one)))).toBe("tea");
    const stream = okOf(await guest.call(TYPES, async, other)) as ReadableStream;
    expect(await new Response(stream).text()).toBe("tea");
    await expect(guest.call(TYPES, sync, one)).rejects.toMatchObject({ code: "bad-input" });
    expect(guest.sent).toEqual(
      [1, 2].map(() => ["wrpc:keyvalue/store@0.2.0-draft", "get", ["", "drink"]]),
    );
  });

  test("what is not there is none, and no key exists", async () => {
    const none = instance(() => ({ tag: "ok", val: undefined }));
    expect(await none.call(EVENTUAL, "get", bucket, "k")).toEqual({ tag: "ok", val: undefined });
    const missing = instance(() => ({ tag: "ok", val: false }));
    const answer = await missing.call(EVENTUAL, "exists", bucket, "k");
    expect(await traced(missing, answer)).toBe("key does not exist");
    const there = instance(() => ({ tag: "ok", val: true }));
    expect(okOf(await there.call(EVENTUAL, "exists", bucket, "k"))).toBe(true);
  });

  test("a value is set as it was written, by functions and by a stream", async () => {
    const guest = instance(() => ({ tag: "ok", val: undefined }));
    const value = await outgoing(guest, "one ", "two ");
    const body = "[method]outgoing-value.outgoing-value-write-body-async";
    const writer = (okOf(await guest.call(TYPES, body, value)) as WritableStream).getWriter();
    await writer.write(utf8("three"));
    await writer.close();

    expect(okOf(await guest.call(EVENTUAL, "set", bucket, "k", value))).toBeUndefined();
    expect(okOf(await guest.call(EVENTUAL, "delete", bucket, "k"))).toBeUndefined();
    expect(guest.sent).toEqual([
      ["wrpc:keyvalue/store@0.2.0-draft", "set", ["", "k", utf8("one two three")]],
      ["wrpc:keyvalue/store@0.2.0-draft", "delete", ["", "k"]],
    ]);
  });

  test("numbers go up; swapping is not supported", async () => {
    const guest = instance(() => ({ tag: "ok", val: 42n }));
    expect(okOf(await guest.call(ATOMIC, "increment", bucket, "n", 2n))).toBe(42n);
    expect(guest.sent).toEqual([["wrpc:keyvalue/atomics@0.2.0-draft", "increment", ["", "n", 2n]]]);
    const swapped = await guest.call(ATOMIC, "compare-and-swap", bucket, "n", 1n, 2n);
    expect(await traced(guest, swapped)).toBe("not supported");
  });

  test("errors of the store and of the machinery are texts of a resource; a trap stays one", async () => {
    const refusing = instance(() => ({ tag: "err", val: { tag: "other", val: "read only" } }));
    const value = await outgoing(refusing, "x");
    const refused = await refusing.call(EVENTUAL, "set", bucket, "k", value);
    expect(await traced(refusing, refused)).toBe("other: read only");
    const unlinked = instance(() => new LatticeError("link-missing", "there is no link"));
    const failed = await unlinked.call(EVENTUAL, "get", bucket, "k");
    expect(await traced(unlinked, failed)).toBe("other: there is no link");
    const trapping = instance(() => new LatticeError("guest-trapped", "unreachable"));
    await expect(trapping.call(EVENTUAL, "get", bucket, "k")).rejects.toMatchObject({
      code: "guest-trapped",
    });
  });

  test("an instance holds 64 MiB of values at most, and what it has read is no longer held", async () => {
    const big = new Uint8Array(40 * 1024 * 1024);
    const guest = instance(() => ({ tag: "ok", val: big }));
    const sync = "[static]incoming-value.incoming-value-consume-sync";
    const first = okOf(await guest.call(EVENTUAL, "get", bucket, "k"));
    await expect(guest.call(EVENTUAL, "get", bucket, "k")).rejects.toMatchObject({
      code: "too-large",
    });
    await guest.call(TYPES, sync, first);
    okOf(await guest.call(EVENTUAL, "get", bucket, "k"));
  });
});

describe("wasmcloud:messaging without version", () => {
  const reply = { subject: "answers", body: utf8("fine"), replyTo: undefined };
  const WIRE = "wasmcloud:messaging/consumer@0.2.0";

  test("messages go as those of 0.2 do, which always have a body", async () => {
    const guest = instance(([, func]) => ({
      tag: "ok",
      val: func === "request" ? reply : undefined,
    }));
    const message = { subject: "news", body: undefined, replyTo: "me" };
    expect(okOf(await guest.call(CONSUMER, "publish", message))).toBeUndefined();
    expect(okOf(await guest.call(CONSUMER, "request", "ask", utf8("how"), 100))).toEqual(reply);
    expect(okOf(await guest.call(CONSUMER, "request", "ask", undefined, 100))).toEqual(reply);
    expect(guest.sent).toEqual([
      [WIRE, "publish", [{ subject: "news", body: utf8(""), replyTo: "me" }]],
      [WIRE, "request", ["ask", utf8("how"), 100]],
      [WIRE, "request", ["ask", utf8(""), 100]],
    ]);
  });

  test("of several replies the lattice gives one", async () => {
    const guest = instance(() => ({ tag: "ok", val: reply }));
    const multi = (most: number) =>
      guest.call(CONSUMER, "request-multi", "ask", utf8("x"), 5, most);
    expect(okOf(await multi(1))).toEqual([reply]);
    expect(okOf(await multi(0))).toEqual([reply]);
    expect(await multi(2)).toEqual({ tag: "err", val: "a request has one reply at most here" });
    expect(guest.sent).toHaveLength(2);
  });

  test("failures are texts", async () => {
    const guest = instance(() => new LatticeError("deadline", "nobody answered"));
    expect(await guest.call(CONSUMER, "request", "ask", undefined, 1)).toEqual({
      tag: "err",
      val: "nobody answered",
    });
  });
});

describe("wasi:blobstore@0.1.0", () => {
  const CONTAINER = "wasi:blobstore/container@0.1.0";
  const VALUES = "wasi:blobstore/types@0.1.0";
  const WIRE = "wrpc:blobstore/blobstore@0.2.0";
  const shelf = handleOf("shelf");
  const whole = { tag: "ok", val: undefined };
  const id = { container: "shelf", object: "tea" };

  test("an object comes whole: its size is known, and it is read once", async () => {
    const guest = instance(() => ({
      tag: "ok",
      val: [new Blob(["green ", "tea"]).stream(), Promise.resolve(whole)],
    }));
    const get = "[method]container.get-data";
    const value = okOf(await guest.call(CONTAINER, get, shelf, "tea", 0n, 8n));

    expect(await guest.call(VALUES, "[method]incoming-value.size", value)).toBe(9n);
    const sync = "[method]incoming-value.incoming-value-consume-sync";
    expect(text(okOf(await guest.call(VALUES, sync, value)))).toBe("green tea");
    expect(guest.sent).toEqual([[WIRE, "get-container-data", [id, 0n, 8n], "not-served"]]);
  });

  test("an object that broke off is an error, not a part of it", async () => {
    const guest = instance(() => ({
      tag: "ok",
      val: [new Blob(["gr"]).stream(), Promise.resolve({ tag: "err", val: "disk full" })],
    }));
    const got = await guest.call(CONTAINER, "[method]container.get-data", shelf, "tea", 0n, 8n);
    expect(got).toEqual({ tag: "err", val: "disk full" });
  });

  test("what was written is sent, and write-data tells how that ended", async () => {
    const stored: string[] = [];
    const guest = instance(([, , args]) => {
      const [, body] = args as readonly [unknown, ReadableStream];
      const ended = new Response(body).text().then((all) => {
        stored.push(all);
        return stored.length === 1 ? whole : { tag: "err", val: "no room" };
      });
      return { tag: "ok", val: ended };
    });
    const write = async (): Promise<WitValue> => {
      const value = await guest.call(VALUES, "[static]outgoing-value.new-outgoing-value");
      const body = "[method]outgoing-value.outgoing-value-write-body";
      const writer = (okOf(await guest.call(VALUES, body, value)) as WritableStream).getWriter();
      await writer.write(utf8("green "));
      await writer.write(utf8("tea"));
      return guest.call(CONTAINER, "[method]container.write-data", shelf, "tea", value);
    };

    expect(await write()).toEqual(whole);
    expect(await write()).toEqual({ tag: "err", val: "no room" });
    expect(stored).toEqual(["green tea", "green tea"]);
  });

  test("a refusal is a text", async () => {
    const guest = instance(() => ({ tag: "err", val: "no such container" }));
    const value = await guest.call(VALUES, "[static]outgoing-value.new-outgoing-value");
    const refused = await guest.call(CONTAINER, "[method]container.write-data", shelf, "t", value);
    expect(refused).toEqual({ tag: "err", val: "no such container" });
    const got = await guest.call(CONTAINER, "[method]container.get-data", shelf, "t", 0n, 1n);
    expect(got).toEqual({ tag: "err", val: "no such container" });
  });
});
