import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { LatticeError } from "../../../src/core/error.ts";
import type { WitType } from "../../../src/core/wit.ts";
import {
  createTupleDecoder,
  decodeTuple,
  encodeTuple,
  paramTypes,
  resultTypes,
} from "../../../src/wire/value.ts";
import { parseWitFunc, parseWitType } from "../../../src/wire/wit-text.ts";
import { fromHex, toHex } from "../../support/hex.ts";
import { typedTuple, witType } from "../../support/wit-values.ts";

const types = (...texts: readonly string[]): readonly WitType[] =>
  texts.map((text) => parseWitType(text));

describe("any values of any types", () => {
  test("come back from their bytes, wherever those begin", () => {
    fc.assert(
      fc.property(typedTuple, ({ types, values }) => {
        const bytes = encodeTuple(types, values);

        const padded = Uint8Array.of(9, ...bytes, 9);
        expect(decodeTuple(types, padded, 1)).toEqual({ values, end: bytes.length + 1 });
      }),
    );
  });

  test("are never taken from a beginning of their bytes", () => {
    fc.assert(
      fc.property(typedTuple, ({ types, values }) => {
        const bytes = encodeTuple(types, values);

        for (let length = 0; length < bytes.length; length++) {
          expect(decodeTuple(types, bytes.subarray(0, length))).toBeUndefined();
        }
      }),
    );
  });

  test("come back from pieces of any sizes", () => {
    fc.assert(
      fc.property(
        typedTuple,
        fc.array(fc.integer({ min: 0, max: 9 })),
        ({ types, values }, sizes) => {
          const bytes = encodeTuple(types, values);
          const decoder = createTupleDecoder(types);

          let at = 0;
          for (const size of sizes) {
            const end = Math.min(at + size, bytes.length);
            const read = decoder.push(bytes.subarray(at, end));
            expect(read !== undefined).toBe(end === bytes.length);
            at = end;
          }
          for (; at < bytes.length; at++) decoder.push(bytes.subarray(at, at + 1));
          decoder.push(Uint8Array.of(1, 2, 3));
          expect(decoder.values).toEqual(values);
          expect(decoder.surplus).toBe(3);
        },
      ),
    );
  });
});

test("any bytes give values, a wish for more, or bad-message, in one piece or in many", () => {
  const anyTypes = fc.array(witType, { maxLength: 3 });
  fc.assert(
    fc.property(anyTypes, fc.uint8Array({ maxLength: 40 }), (types, bytes) => {
      const decoder = createTupleDecoder(types);

      const whole = outcome(() => decodeTuple(types, bytes)?.values);
      const inPieces = outcome(() => {
        for (const byte of bytes) decoder.push(Uint8Array.of(byte));
        return decoder.values;
      });

      expect(whole.code ?? "bad-message").toBe("bad-message");
      expect(inPieces).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});

describe("refuses", () => {
  test.each([
    { type: "bool", hex: "02", problem: "at byte 0: bool is 2, wanted 0 or 1" },
    { type: "option<u8>", hex: "02", problem: "at byte 0: option is 2, wanted 0 or 1" },
    { type: "tuple<u8, result>", hex: "0703", problem: "at byte 1: result is 3, wanted 0 or 1" },
    { type: "variant { a, b }", hex: "02", problem: "at byte 0: variant has case 2, of 2" },
    { type: "enum { a, b }", hex: "8001", problem: "at byte 0: enum has case 128, of 2" },
    { type: "string", hex: "01ff", problem: "at byte 1: text is not UTF-8" },
    { type: "string", hex: "03eda080", problem: "at byte 1: text is not UTF-8" },
    { type: "char", hex: "eda080", problem: "at byte 0: text is not UTF-8" },
    { type: "char", hex: "80", problem: "at byte 0: char begins with 128, not UTF-8" },
    { type: "char", hex: "c080", problem: "at byte 0: char begins with 192, not UTF-8" },
    { type: "u16", hex: "ffff04", problem: "u16 at byte 0 has more than 16 bits" },
  ])("$hex as $type", ({ type, hex, problem }) => {
    const read = (): unknown => decodeTuple(types(type), fromHex(hex));

    expect(read).toThrow(
      expect.objectContaining({ code: "bad-message", message: expect.stringContaining(problem) }),
    );
  });
});

describe("accepts", () => {
  test.each([
    { type: "u32", hex: "8000", value: 0 },
    { type: "flags { a, b }", hex: "fe", value: { a: false, b: true } },
    { type: "string", hex: "03efbbbf", value: "\uFEFF" },
    { type: "future", hex: "01", value: { tag: "ready" } },
    { type: "stream", hex: "03", value: { tag: "ready", val: 3 } },
    { type: "stream", hex: "00", value: { tag: "pending" } },
  ])("$hex as $type", ({ type, hex, value }) => {
    expect(decodeTuple(types(type), fromHex(hex))).toEqual({
      values: [value],
      end: hex.length / 2,
    });
  });
});

test("a forged length allocates nothing and waits", () => {
  for (const type of ["list<u8>", "list<f64>", "list<string>", "list<u32>", "string"]) {
    const decoder = createTupleDecoder(types(type));

    expect(decoder.push(fromHex("ffffffff0f00"))).toBeUndefined();
  }
});

test("64 MB of bytes in pieces of 1 MB are read in time that grows with their number", () => {
  const bytes = new Uint8Array(64 * 1024 * 1024).fill(7);
  const encoded = encodeTuple(types("list<u8>"), [bytes]);
  const decoder = createTupleDecoder(types("list<u8>"));

  for (let at = 0; at < encoded.length; at += 1 << 20)
    decoder.push(encoded.subarray(at, at + (1 << 20)));

  const [read] = decoder.values ?? [];
  expect(read).toBeInstanceOf(Uint8Array);
  expect(Buffer.compare(bytes, read instanceof Uint8Array ? read : new Uint8Array())).toBe(0);
});

test("a list in small pieces is not read again from its start", () => {
  const strings = Array.from({ length: 20_000 }, (_, i) => `${i}`);
  const encoded = encodeTuple(types("list<string>"), [strings]);
  const decoder = createTupleDecoder(types("list<string>"));
  using decode = vi.spyOn(TextDecoder.prototype, "decode");

  for (let at = 0; at < encoded.length; at += 16) decoder.push(encoded.subarray(at, at + 16));

  expect(decoder.values).toEqual([strings]);
  expect(decode).toHaveBeenCalledTimes(strings.length);
});

test.each(["x", "ä", "€", "", "xy", "𝄞"])(
  "a text %j is whole wherever the memory grows",
  (text) => {
    // Each length before it puts it at another distance from the end of the memory.
    for (let before = 0; before < 8; before++) {
      const texts = ["b".repeat(before), ...Array.from({ length: 2_000 }, () => text)];
      const encoded = encodeTuple(types("list<string>"), [texts]);

      expect(decodeTuple(types("list<string>"), encoded)?.values).toEqual([texts]);
    }
  },
);

test("bytes that were read have memory of their own", () => {
  const encoded = fromHex("03010203");
  const [bytes] = decodeTuple(types("list<u8>"), Buffer.from(encoded.buffer))?.values ?? [];

  encoded.fill(0);

  expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
});

test("a decoder that failed keeps failing", () => {
  const decoder = createTupleDecoder(types("bool"));

  expect(() => decoder.push(Uint8Array.of(7))).toThrow(LatticeError);
  expect(() => decoder.push(Uint8Array.of(1))).toThrow(
    expect.objectContaining({ code: "bad-message" }),
  );
});

describe("takes what guests give in other forms", () => {
  test.each([
    { type: "list<u8>", value: [1, 2], hex: "020102" },
    { type: "list<u8>", value: Uint16Array.of(1, 2), hex: "020102" },
    { type: "list<u16>", value: Uint16Array.of(300), hex: "01ac02" },
    { type: "list<u64>", value: BigUint64Array.of(300n), hex: "01ac02" },
    { type: "option<u8>", value: null, hex: "00" },
    { type: "record { a: option<u8>, b-c: u8 }", value: { bC: 1 }, hex: "0001" },
    { type: "flags { a-b, c }", value: { aB: true }, hex: "01" },
    { type: "string", value: "\uD800", hex: "03efbfbd" },
    { type: "f32", value: Number.NaN, hex: "0000c07f" },
    { type: "future<u8>", value: { tag: "pending" }, hex: "00" },
  ])("$type as $value", ({ type, value, hex }) => {
    expect(toHex(encodeTuple(types(type), [value]))).toBe(hex);
  });
});

describe("names the place of a value that is not of its type", () => {
  test.each([
    {
      type: "record { name: string }",
      value: { name: 5 },
      problem: "args[0].name: expected string, met number 5",
    },
    { type: "u8", value: 256, problem: "args[0]: expected u8, met number 256" },
    { type: "u8", value: 1.5, problem: "args[0]: expected u8, met number 1.5" },
    { type: "u64", value: 5, problem: "args[0]: expected u64 (a bigint), met number 5" },
    {
      type: "s64",
      value: 2n ** 63n,
      problem: "args[0]: expected s64 (a bigint), met bigint 9223372036854775808",
    },
    {
      type: "list<list<bool>>",
      value: [[], [true, 1]],
      problem: "args[0][1][1]: expected bool, met number 1",
    },
    {
      type: "list<u8>",
      value: "abc",
      problem: `args[0]: expected list (an array), met string "abc"`,
    },
    { type: "tuple<u8, u8>", value: [1], problem: "args[0]: expected 2 values, met number 1" },
    {
      type: "option<option<u8>>",
      value: 1,
      problem: "args[0]: expected an option within an option",
    },
    {
      type: "option<option<u8>>",
      value: { tag: "some", val: "x" },
      problem: "args[0].val: expected u8",
    },
    {
      type: "result<u8>",
      value: 1,
      problem: `args[0]: expected result ({ tag: "ok" | "err", val }), met number 1`,
    },
    {
      type: "variant { a(char) }",
      value: { tag: "a", val: "ab" },
      problem: "args[0].val: expected char",
    },
    {
      type: "variant { a }",
      value: { tag: "b" },
      problem: `args[0]: expected variant ({ tag: "a", val }), met string "b"`,
    },
    {
      type: "enum { a, b }",
      value: "c",
      problem: `args[0]: expected enum ("a" | "b"), met string "c"`,
    },
    { type: "flags { a-b }", value: { aB: 1 }, problem: "args[0].aB: expected bool, met number 1" },
    {
      type: "own<file>",
      value: 1,
      problem: "args[0]: expected own<file> (its bytes), met number 1",
    },
    { type: "char", value: "\uD800", problem: "args[0]: expected char" },
    {
      type: "record { a: u8 }",
      value: undefined,
      problem: "args[0]: expected record (an object), met undefined",
    },
  ])("$type: $problem", ({ type, value, problem }) => {
    const write = (): unknown => encodeTuple(types(type), [value]);

    expect(write).toThrow(
      expect.objectContaining({ code: "bad-input", message: expect.stringContaining(problem) }),
    );
  });

  test("counts the values, and takes another name for them", () => {
    expect(() => encodeTuple(types("u8"), [])).toThrow("args: expected 1 value, met number 0");
    expect(() => encodeTuple(types("u8"), ["x"], "results")).toThrow("results[0]: expected u8");
  });
});

test.each(["record {}", "tuple<>", "variant {}"])(
  "a type without parts, like %s, has no values",
  (text) => {
    const empty: Readonly<Record<string, WitType>> = {
      "record {}": { kind: "record", fields: [] },
      "tuple<>": { kind: "tuple", elements: [] },
      "variant {}": { kind: "variant", cases: [] },
    };
    const list: WitType = { kind: "list", element: empty[text] ?? { kind: "bool" } };

    expect(() => decodeTuple([list], fromHex("ffffffff0f"))).toThrow(
      expect.objectContaining({ code: "unsupported" }),
    );
  },
);

test("types nested beyond all measure are refused", () => {
  let type: WitType = { kind: "u8" };
  for (let i = 0; i < 100_000; i++) type = { kind: "option", some: type };

  expect(() => encodeTuple([type], [1])).toThrow(expect.objectContaining({ code: "unsupported" }));
});

test("the types of a function are the same array each time", () => {
  const func = parseWitFunc("func(a: u8, b: string) -> bool");

  expect(paramTypes(func)).toEqual([{ kind: "u8" }, { kind: "string" }]);
  expect(paramTypes(func)).toBe(paramTypes(func));
  expect(resultTypes(func)).toEqual([{ kind: "bool" }]);
  expect(resultTypes(parseWitFunc("func()"))).toEqual([]);
});

/** What `run` gives, or the code of what it throws. */
function outcome(run: () => unknown): { readonly values?: unknown; readonly code?: string } {
  try {
    return { values: run() };
  } catch (error) {
    if (error instanceof LatticeError) return { code: error.code };
    throw error;
  }
}
