import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DeferredPart, DeferredType } from "../../../src/wire/bytes.ts";
import type { WitType } from "../../../src/core/wit.ts";

import { MORE } from "../../../src/wire/bytes.ts";
import { createTupleDecoder, encodeParts } from "../../../src/wire/value.ts";
import {
  createDeferredDecoder,
  encodeFuture,
  END,
  STREAM_END,
  streamEncoder,
} from "../../../src/wire/value-deferred.ts";
import { parseWitType } from "../../../src/wire/wit-text.ts";
import { fromHex, toHex } from "../../support/hex.ts";
import { chunksOf, streamOf } from "../../support/streams.ts";
import { witType, witValue } from "../../support/wit-values.ts";

const nothing = {
  open: (): never => {
    throw new Error("nothing is deferred here");
  },
};
const streamType = (element?: WitType): DeferredType => ({
  kind: "stream",
  ...(element && { element }),
});
const futureType = (element?: WitType): DeferredType => ({
  kind: "future",
  ...(element && { element }),
});

/** All that `decoder` gives for `bytes` in pieces of `sizes`, the last of them again and again. */
function readAll(
  decoder: ReturnType<typeof createDeferredDecoder>,
  bytes: Uint8Array,
  sizes: readonly number[],
): readonly unknown[] {
  const values: unknown[] = [];
  const drain = (): void => {
    for (let value = decoder.next(); value !== MORE; value = decoder.next()) {
      values.push(value);
      if (value === END) return;
    }
  };
  let at = 0;
  for (let piece = 0; at < bytes.length; piece++) {
    const size = sizes[Math.min(piece, sizes.length - 1)] ?? 1;
    decoder.push(bytes.subarray(at, at + size));
    at += size;
    drain();
    if (values.at(-1) === END) return values;
  }
  return values;
}

/** A chunk is an array, or bytes. */
const itemsOf = (chunk: unknown): readonly unknown[] =>
  chunk instanceof Uint8Array ? Array.from(chunk) : Array.isArray(chunk) ? chunk : [];

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

test("the elements of any stream come back, whatever its chunks and the pieces of its bytes", () => {
  const streams = witType.chain((element) =>
    fc.record({
      element: fc.constant(element),
      chunks: fc.array(fc.array(witValue(element), { maxLength: 4 }), { maxLength: 4 }),
    }),
  );
  fc.assert(
    fc.property(streams, sizes, ({ element, chunks }, pieces) => {
      const encode = streamEncoder(streamType(element), [0]);
      const bytes = Buffer.concat([...chunks.flatMap((chunk) => encode(chunk).pieces), STREAM_END]);

      const decoder = createDeferredDecoder(streamType(element), [0], nothing);
      const values = readAll(decoder, bytes, pieces);

      expect(values.at(-1)).toBe(END);
      const read = values.slice(0, -1).map(itemsOf);
      expect(read.flat()).toEqual(chunks.flat());
      expect(read.every((chunk) => chunk.length > 0)).toBe(true);
    }),
  );
});

test("the value of any future comes back, and what follows it is put by", () => {
  const futures = witType.chain((element) =>
    fc.record({ element: fc.constant(element), value: witValue(element) }),
  );
  fc.assert(
    fc.property(futures, sizes, ({ element, value }, pieces) => {
      const { pieces: encoded } = encodeFuture(futureType(element), [0], value);
      const decoder = createDeferredDecoder(futureType(element), [0], nothing);

      const values = readAll(decoder, Buffer.concat(encoded), pieces);
      decoder.push(Uint8Array.of(1, 2, 3));

      expect(values).toEqual([value, END]);
      expect(decoder.rest()).toEqual(Uint8Array.of(1, 2, 3));
    }),
  );
});

test("any bytes give values, a wish for more, or bad-message", () => {
  const types = witType.chain((element) =>
    fc.constantFrom(streamType(element), futureType(element)),
  );
  fc.assert(
    fc.property(types, fc.uint8Array({ maxLength: 40 }), sizes, (type, bytes, pieces) => {
      const decoder = createDeferredDecoder(type, [0], nothing);
      let code: unknown;
      try {
        readAll(decoder, bytes, pieces);
      } catch (error) {
        code = Reflect.get(Object(error), "code");
      }

      expect([undefined, "bad-message"]).toContain(code);
    }),
    { numRuns: 300 },
  );
});

describe("bytes of streams and futures", () => {
  test.each([
    { type: "stream<u8>", chunks: [Uint8Array.of(1, 2)], hex: "020102" },
    { type: "stream<u8>", chunks: [[1, 2], []], hex: "020102" },
    { type: "stream<string>", chunks: [["a"], ["b", "c"]], hex: "0101610201620163" },
    { type: "stream", chunks: [[undefined, undefined], 300], hex: "02ac02" },
  ])("$type of $chunks: $hex", ({ type, chunks, hex }) => {
    const encode = streamEncoder(deferred(type), [0]);

    expect(toHex(Buffer.concat(chunks.flatMap((chunk) => encode(chunk).pieces)))).toBe(hex);
  });

  test("a stream without element type is a count, however large, in chunks of bounded size", () => {
    const decoder = createDeferredDecoder(streamType(), [0], nothing);
    decoder.push(fromHex("904e00"));

    const sizesRead: number[] = [];
    for (let value = decoder.next(); value !== END; value = decoder.next()) {
      sizesRead.push(itemsOf(value).length);
    }

    expect(sizesRead.reduce((sum, size) => sum + size, 0)).toBe(10_000);
    expect(Math.max(...sizesRead)).toBeLessThanOrEqual(4096);
  });

  test("a chunk of bytes is given as it comes, and never waited for", () => {
    const decoder = createDeferredDecoder(deferred("stream<u8>"), [0], nothing);
    decoder.push(fromHex("ffffffff0f"));
    decoder.push(fromHex("0102"));

    expect(decoder.next()).toEqual(Uint8Array.of(1, 2));
    expect(decoder.next()).toBe(MORE);
  });

  test("elements are numbered through all chunks, and what is deferred in them stands under their numbers", () => {
    const encode = streamEncoder(deferred("stream<tuple<u8, future<u8>>>"), [2]);
    const later = Promise.resolve(1);

    const paths = [
      encode([[1, later]]),
      encode([
        [2, later],
        [3, later],
      ]),
    ].map(({ parts }) => parts.map(({ path }) => path));

    expect(paths).toEqual([
      [[2, 0, 1]],
      [
        [2, 1, 1],
        [2, 2, 1],
      ],
    ]);
  });

  test("a chunk that is not of its type tells where", () => {
    const encode = streamEncoder(deferred("stream<record { a: u8 }>"), [0, 1]);

    expect(() => encode([{ a: 300 }])).toThrow("at path 0.1.a: expected u8, met number 300");
    expect(() => encode("text")).toThrow("expected a chunk (an array)");
  });
});

describe("values with streams and futures", () => {
  const type = parseWitType(
    "record { body: stream<u8>, trailers: future<option<string>>, all: list<stream<u8>>, maybe: option<future> }",
  );
  const value = () => ({
    body: streamOf([]),
    trailers: Promise.resolve("x"),
    all: [streamOf([]), streamOf([])],
    maybe: Promise.resolve(),
  });

  test("leave marks, and parts with their places", () => {
    const { bytes, parts } = encodeParts([{ kind: "u8" }, type], [7, value()]);

    expect(toHex(bytes)).toBe("0700000200000100");
    expect(places(parts)).toEqual([
      "1.0 stream",
      "1.1 future",
      "1.2.0 stream",
      "1.2.1 stream",
      "1.3 future",
    ]);
  });

  test("are asked for at the same places, in one piece or in many", () => {
    const { bytes, parts } = encodeParts([{ kind: "u8" }, type], [7, value()]);
    const asked: { kind: string; path: readonly number[] }[] = [];
    const decoder = createTupleDecoder([{ kind: "u8" }, type], ({ kind }, path) => {
      asked.push({ kind, path });
      return path.join(".");
    });

    for (const byte of bytes) decoder.push(Uint8Array.of(byte));

    expect(asked.map(({ kind, path }) => `${path.join(".")} ${kind}`)).toEqual(places(parts));
    expect(decoder.values).toEqual([
      7,
      { body: "1.0", trailers: "1.1", all: ["1.2.0", "1.2.1"], maybe: "1.3" },
    ]);
  });

  test("that come inline are whole streams and settled promises", async () => {
    const types = [parseWitType("stream<u16>"), parseWitType("future<string>")];
    const decoder = createTupleDecoder(types, nothing.open);

    const [numbers, text] = decoder.push(fromHex("02ac0201010161")) ?? [];

    expect(numbers instanceof ReadableStream && (await chunksOf(numbers))).toEqual([[300, 1]]);
    expect(await text).toBe("a");
  });

  test.each([
    { type: "stream<u8>", value: Uint8Array.of(1), problem: "args[0]: expected stream" },
    { type: "future<u8>", value: 1, problem: "args[0]: expected future (a promise)" },
    { type: "tuple<u8, future<u8>>", value: [1, 2], problem: "args[0][1]: expected future" },
  ])("of another kind are refused: $type", ({ type: text, value: wrong, problem }) => {
    expect(() => encodeParts([parseWitType(text)], [wrong])).toThrow(problem);
  });

  test("that cannot be encoded to the end are let go", async () => {
    let cancelled: unknown;
    const stream = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
    const types = [parseWitType("stream<u8>"), parseWitType("u8")];

    expect(() => encodeParts(types, [stream, "no number"])).toThrow("args[1]");

    await Promise.resolve();
    expect(cancelled).toBeInstanceOf(Error);
  });
});

const places = (parts: readonly DeferredPart[]): readonly string[] =>
  parts.map(({ path, type }) => `${path.join(".")} ${type.kind}`);

function deferred(text: string): DeferredType {
  const type = parseWitType(text);
  if (type.kind === "stream" || type.kind === "future") return type;
  throw new Error(`${text} is not deferred`);
}
