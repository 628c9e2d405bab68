import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseWitType } from "../../../src/wire/wit-text.ts";
import { copyTuple } from "../../../src/wire/value-copy.ts";
import { decodeTuple, encodeTuple } from "../../../src/wire/value.ts";
import { typedTuple, witType } from "../../support/wit-values.ts";

describe("a copy is what encoding and decoding would give", () => {
  test("of values of any type", () => {
    fc.assert(
      fc.property(typedTuple, ({ types, values }) => {
        const { values: decoded } = decodeTuple(types, encodeTuple(types, values)) ?? {};

        expect(copyTuple(types, values)).toEqual(decoded);
      }),
      { numRuns: 300 },
    );
  });

  test("of anything else: both refuse, with the same words", () => {
    fc.assert(
      fc.property(
        witType,
        fc.anything({ withBigInt: true, withNullPrototype: true }),
        (type, value) => {
          const outcome = (run: () => unknown): unknown => {
            try {
              return run();
            } catch (error) {
              return String(error);
            }
          };

          const copied = outcome(() => copyTuple([type], [value]));

          expect(copied).toEqual(
            outcome(() => decodeTuple([type], encodeTuple([type], [value]))?.values),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

test("nothing is shared but the memory of byte arrays", () => {
  const type = parseWitType("list<record { name: string, data: list<u8> }>");
  const data = Uint8Array.of(1, 2);
  const given = [{ name: "a", data }];

  const [copy] = copyTuple([type], [given]);

  expect(copy).toEqual(given);
  expect(copy).not.toBe(given);
  expect((copy as typeof given)[0]).not.toBe(given[0]);
  expect((copy as typeof given)[0]?.data).toBe(data);
});

test("memory that another thread could change is copied", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(7);

  const [copy] = copyTuple([parseWitType("list<u8>")], [shared]);

  expect(copy).toEqual(Uint8Array.of(7, 7));
  expect((copy as Uint8Array).buffer).toBeInstanceOf(ArrayBuffer);
});

async function all(stream: unknown): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of stream as ReadableStream) chunks.push(chunk);
  return chunks;
}

describe("streams and futures", () => {
  const stream = (...chunks: unknown[]): ReadableStream<unknown> =>
    new ReadableStream(
      {
        pull(controller) {
          if (chunks.length === 0) controller.close();
          else controller.enqueue(chunks.shift());
        },
      },
      { highWaterMark: 0 },
    );

  test("chunks are copied when they are read", async () => {
    const [copy] = copyTuple(
      [parseWitType("stream<u8>")],
      [stream(Uint8Array.of(1), Uint8Array.of(2, 3))],
    );

    expect(await all(copy)).toEqual([Uint8Array.of(1), Uint8Array.of(2, 3)]);
  });

  test("a chunk of another type ends the stream on both sides", async () => {
    let cancelled: unknown;
    const source = new ReadableStream({
      pull: (controller) => controller.enqueue(["text"]),
      cancel: (reason) => void (cancelled = reason),
    });

    const [copy] = copyTuple([parseWitType("stream<u32>")], [source]);

    await expect(all(copy)).rejects.toMatchObject({
      code: "bad-input",
      message: 'chunk[0]: expected u32, met string "text"',
    });
    expect(cancelled).toMatchObject({ code: "bad-input" });
  });

  test("giving up the copy gives up the source", async () => {
    let cancelled: unknown;
    const source = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });

    const [copy] = copyTuple([parseWitType("stream<string>")], [source]);
    await (copy as ReadableStream).cancel("enough");

    expect(cancelled).toBe("enough");
  });

  test("a future's value is checked when it comes", async () => {
    const type = parseWitType("future<u8>");

    const [[good], [bad]] = [
      copyTuple([type], [Promise.resolve(7)]),
      copyTuple([type], [Promise.resolve("7")]),
    ];

    expect(await good).toBe(7);
    await expect(bad).rejects.toMatchObject({ code: "bad-input" });
  });

  test.each(["stream<u8>", "future<u8>"])("%s is nothing else", (type) => {
    expect(() => copyTuple([parseWitType(type)], [{ tag: "pending" }])).toThrow(
      /expected (stream|future)/,
    );
  });
});
