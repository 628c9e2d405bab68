/** What of a call's streams is kept until it is read: any order of messages, and bounds. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WitStream } from "../../../src/core/wit.ts";

import { createGatherings } from "../../../src/dialects/v1/gathering.ts";
import { createIncoming, type Incoming } from "../../../src/dialects/v1/incoming.ts";
import { createTupleDecoder } from "../../../src/wire/value.ts";
import { parseWitType } from "../../../src/wire/wit-text.ts";
import { fromHex } from "../../support/hex.ts";
import { bytesOfStream, chunksOf } from "../../support/streams.ts";

interface Setup {
  readonly incoming: Incoming;
  readonly load: () => { readonly calls: number; readonly bytes: number };
  readonly told: (readonly [path: string, read: number | "stop"])[];
  readonly read: (hex: string) => readonly unknown[] | undefined;
}

function setup(...texts: readonly string[]): Setup {
  const types = texts.map((text) => parseWitType(text));
  const gatherings = createGatherings();
  const told: (readonly [string, number | "stop"])[] = [];
  const incoming = createIncoming({
    types,
    share: gatherings.enter(),
    tell: (path, read) => told.push([path.join("."), read]),
    peer: "the peer",
  });
  const decoder = createTupleDecoder(types, (type, path) => incoming.open(type, path));
  return {
    incoming,
    told,
    load: () => gatherings.load,
    read: (hex) => decoder.push(fromHex(hex)),
  };
}

interface Parts {
  readonly body: WitStream;
  readonly status: Promise<string>;
  readonly rest: Promise<WitStream>;
}

test("messages of all paths in any order, cut anywhere, give the same values", async () => {
  const root = "000000";
  const paths: readonly (readonly [string, string])[] = [
    ["0.0", "0568656c6c6f022c2005776f726c6400"],
    ["0.1", "026f6b"],
    ["0.2", "000361626300"],
  ];
  const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
  const order = fc.array(fc.nat({ max: 3 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(cuts, order, async (pieces, turns) => {
      const { incoming, read, load } = setup(
        "record { body: stream<u8>, status: future<string>, rest: future<stream<u8>> }",
      );
      const queues: (() => void)[][] = paths.map(([path, hex]) => {
        const steps = path.split(".").map(Number);
        return [...cut(fromHex(hex), pieces), new Uint8Array(0)].map(
          (message) => () => incoming.receive(steps, message),
        );
      });
      let values: readonly unknown[] | undefined;
      queues.push(
        [...root.matchAll(/../g)].map(
          ([byte]) =>
            () =>
              (values = read(byte) ?? values),
        ),
      );

      for (const turn of turns) queues[turn]?.shift()?.();
      for (const queue of queues) for (const step of queue) step();

      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the type above
      const [{ body, status, rest }] = values as readonly [Parts];
      const all = await Promise.all([bytesOfStream(body), status, rest.then(bytesOfStream)]);
      expect(all.map(String)).toEqual(["hello, world", "ok", "abc"]);
      await incoming.ended();
      expect(load().bytes).toBe(0);
    }),
    { numRuns: 200 },
  );
});

function cut(bytes: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const size = sizes[piece % sizes.length] ?? 1;
    all.push(bytes.subarray(at, at + size));
    at += size;
  }
  return all;
}

describe("bounds", () => {
  test("a stream that nobody reads holds so much, then breaks off and holds nothing", () => {
    const { incoming, read, load, told } = setup("stream<u8>");
    read("00");
    const message = new Uint8Array(1024 * 1024);

    for (let sent = 0; sent < 31; sent++) incoming.receive([0], message);
    const before = load().bytes;
    for (let sent = 0; sent < 9; sent++) incoming.receive([0], message);

    expect(before).toBeGreaterThan(31 * message.length);
    expect(load().bytes).toBe(0);
    expect(told).toEqual([["0", "stop"]]);
  });

  test("small messages count more than their bytes", () => {
    const { incoming, read, load } = setup("stream<u8>");
    read("00");

    for (let sent = 0; sent < 1000; sent++) incoming.receive([0], Uint8Array.of(1));

    expect(load().bytes).toBeGreaterThan(100_000);
  });

  test("what broke off before its value was there is told when it is opened", async () => {
    const { incoming, read } = setup("stream<u8>");
    for (let sent = 0; sent < 40; sent++) incoming.receive([0], new Uint8Array(1024 * 1024));
    incoming.receive([0], new Uint8Array(0));

    const [stream] = read("00") ?? [];

    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the type above
    await expect(bytesOfStream(stream as WitStream)).rejects.toMatchObject({ code: "overloaded" });
  });

  test("no more paths are kept than a call may have, and none that no value can have", () => {
    const { incoming, load } = setup("list<stream<u8>>");

    for (let index = 0; index < 5000; index++) incoming.receive([0, index], Uint8Array.of(1));
    const most = load().bytes;
    incoming.receive([0], new Uint8Array(100_000));
    incoming.receive([1, 0], new Uint8Array(100_000));
    incoming.receive([0, 0, 0], new Uint8Array(100_000));

    expect(most).toBeLessThan(1024 * 200);
    expect(load().bytes).toBe(most);
  });

  test("a future's value that claims to be endless is bounded like a stream", async () => {
    const { incoming, read, load } = setup("future<list<u8>>");
    const [future] = read("00") ?? [];
    incoming.receive([0], fromHex("ffffffff0f"));

    for (let sent = 0; sent < 40; sent++) incoming.receive([0], new Uint8Array(1024 * 1024));

    await expect(future).rejects.toMatchObject({ code: "overloaded" });
    expect(load().bytes).toBe(0);
  });

  test("all that is kept goes with the call", async () => {
    const { incoming, read, load } = setup("tuple<stream<u8>, future<string>>");
    const [values] = read("0000") ?? [];
    incoming.receive([0, 0], new Uint8Array(1000).fill(7));
    incoming.receive([0, 1], Uint8Array.of(9));

    incoming.fail(new Error("over"));

    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the type above
    const [stream, future] = values as readonly [WitStream, Promise<string>];
    await expect(bytesOfStream(stream)).rejects.toThrow("over");
    await expect(future).rejects.toThrow("over");
    expect(load().bytes).toBe(0);
  });
});

test("an end that has come is seen before anybody asks for it", async () => {
  const { incoming, read } = setup("stream<u8>");
  read("00");

  incoming.receive([0], Uint8Array.of(0));
  incoming.receive([0], new Uint8Array(0));

  await expect(incoming.ended()).resolves.toBeUndefined();
});

test("chunks of a stream of records come as they are decoded", async () => {
  const { incoming, read } = setup("stream<record { a: u8, b: string }>");
  const [stream] = read("00") ?? [];
  incoming.receive([0], fromHex("020101610202"));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the type above
  const chunks = chunksOf(stream as WitStream);

  incoming.receive([0], fromHex("6363"));
  incoming.receive([0], fromHex("00"));

  expect((await chunks).flat()).toEqual([
    { a: 1, b: "a" },
    { a: 2, b: "cc" },
  ]);
});

test("bytes that are no values break a stream off, and tell its sender", async () => {
  const { incoming, read, told } = setup("stream<bool>");
  const [stream] = read("00") ?? [];
  incoming.receive([0], fromHex("0107"));

  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the type above
  await expect(chunksOf(stream as WitStream)).rejects.toMatchObject({ code: "bad-message" });
  expect(told.at(-1)).toEqual(["0", "stop"]);
  await expect(incoming.ended()).rejects.toMatchObject({ code: "bad-message" });
});

test("messages of bytes are released when their bytes were read, small ones at once, those of other values never", async () => {
  const { incoming, read } = setup("stream<u8>", "stream<string>");
  const [bytes, texts] = read("0000") as readonly [WitStream, WitStream];
  const released: string[] = [];
  const release = (name: string) => (): void => void released.push(name);
  // The count of 20,000 before as many bytes, or as many texts without letters.
  const large = Uint8Array.from([0xa0, 0x9c, 0x01, ...new Uint8Array(20_000)]);

  incoming.receive([0], large, release("first"));
  incoming.receive([0], large, release("second"));
  incoming.receive([0], fromHex("00"), release("end"));
  incoming.receive([1], large, release("texts"));
  incoming.receive([1], fromHex("00"), release("end of texts"));
  expect(released).toEqual(["end", "end of texts"]);
  const reader = bytes.getReader();
  await reader.read();
  expect(released.slice(2)).toEqual(["first"]);
  await reader.read();
  expect(released.slice(2)).toEqual(["first", "second"]);
  expect(await reader.read()).toEqual({ done: true, value: undefined });
  expect((await chunksOf(texts)).flat()).toHaveLength(20_000);

  expect(released).toHaveLength(4);
});
