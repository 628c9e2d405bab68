import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { asFlowing, asWhole } from "../../../src/wire/value-whole.ts";
import { parseWitType } from "../../../src/wire/wit-text.ts";
import { pattern, streamOf } from "../../support/streams.ts";
import { typedValue } from "../../support/wit-values.ts";

describe("contents become streams and promises, and contents again", () => {
  test.each([
    { type: "stream<u8>", value: Uint8Array.of(1, 2, 3) },
    { type: "stream<string>", value: ["a", "b"] },
    { type: "stream", value: 9000 },
    { type: "future<string>", value: "x" },
    { type: "future", value: undefined },
    { type: "future<stream<u8>>", value: Uint8Array.of(7) },
    { type: "list<future<u8>>", value: [1, 2] },
    { type: "stream<future<u8>>", value: [1, 2] },
    { type: "option<future<u8>>", value: undefined },
    { type: "option<future<u8>>", value: 3 },
    { type: "option<option<future<u8>>>", value: { tag: "some", val: 3 } },
    { type: "result<stream<u8>, string>", value: { tag: "ok", val: Uint8Array.of(1) } },
    { type: "result<stream<u8>, string>", value: { tag: "err", val: "no" } },
    { type: "variant { a, b(tuple<u8, future<u8>>) }", value: { tag: "b", val: [1, 2] } },
    { type: "variant { a, b(tuple<u8, future<u8>>) }", value: { tag: "a" } },
    {
      type: "record { body: stream<u8>, the-status: u16, trailers: future<option<string>> }",
      value: { body: Uint8Array.of(1), theStatus: 200, trailers: undefined },
    },
  ])("$type: $value", async ({ type: text, value }) => {
    const type = parseWitType(text);

    const flowing = asFlowing(type, value);

    expect(await asWhole(type, flowing)).toEqual(value);
  });
});

test("streams and promises that are there stay what they are", () => {
  const stream = streamOf([]);
  const promise = Promise.resolve(1);

  expect(asFlowing(parseWitType("stream<u8>"), stream)).toBe(stream);
  expect(asFlowing(parseWitType("future<u8>"), promise)).toBe(promise);
});

test("values without streams and futures are the very same", async () => {
  await fc.assert(
    fc.asyncProperty(typedValue, async ({ type, value }) => {
      expect(asFlowing(type, value)).toBe(value);
      expect(await asWhole(type, value)).toBe(value);
    }),
    { numRuns: 50 },
  );
});

test("a stream that does not end is not gathered for ever", async () => {
  let stopped = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(8 * 1024 * 1024)),
    cancel: () => void (stopped = true),
  });

  const whole = asWhole(parseWitType("stream<u8>"), endless);

  await expect(whole).rejects.toMatchObject({ code: "too-large" });
  expect(stopped).toBe(true);
});

test("bytes of a stream are one array", async () => {
  const whole = await asWhole(parseWitType("stream<u8>"), streamOf(pattern(200_000)));

  expect(whole).toEqual(new Uint8Array(Buffer.concat([...pattern(200_000)])));
});

test("what broke off fails the whole", async () => {
  const type = parseWitType("tuple<u8, future<u8>>");

  await expect(asWhole(type, [1, Promise.reject(new Error("gone"))])).rejects.toThrow("gone");
});
