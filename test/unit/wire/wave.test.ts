import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatticeError } from "../../../src/core/error.ts";
import { formatWave } from "../../../src/wire/wave-format.ts";
import { parseWave } from "../../../src/wire/wave.ts";
import { parseWitType } from "../../../src/wire/wit-text.ts";
import { typedValue, witType } from "../../support/wit-values.ts";

test("any value is read back from its text", () => {
  fc.assert(
    fc.property(typedValue, ({ type, value }) => {
      expect(parseWave(formatWave(value, type), type)).toEqual(value);
    }),
    { numRuns: 300 },
  );
});

test("any text gives a value or bad-input", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({
      unit: fc.constantFrom(...`{ } [ ] ( ) , : " ' % a b 1 - some( ok none`.split(" ")),
    }),
  );

  const code = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof LatticeError) return error.code;
      throw error;
    }
    return "bad-input";
  };

  fc.assert(
    fc.property(text, witType, (input, type) => {
      expect(code(() => parseWave(input, type))).toBe("bad-input");
    }),
    { numRuns: 500 },
  );
});

describe("text and the value that it stands for", () => {
  test.each([
    { type: "bool", text: "true", value: true },
    { type: "u8", text: " 255 ", value: 255 },
    { type: "s64", text: "-9223372036854775808", value: -(2n ** 63n) },
    { type: "u64", text: `"18446744073709551615"`, value: 2n ** 64n - 1n },
    { type: "f64", text: "-1.5e3", value: -1500 },
    { type: "f32", text: "0.1", value: Math.fround(0.1) },
    { type: "f64", text: "nan", value: Number.NaN },
    { type: "f32", text: "-inf", value: -Infinity },
    { type: "char", text: "'x'", value: "x" },
    { type: "char", text: "€", value: "€" },
    { type: "char", text: " ", value: " " },
    { type: "char", text: String.raw`'\u{1F600}'`, value: "\u{1F600}" },
    { type: "string", text: `"a\\tb \\"c\\" \\u{e9} \\u00e9"`, value: `a\tb "c" é é` },
    { type: "string", text: "Ada", value: "Ada" },
    { type: "string", text: "two words, {and more}", value: "two words, {and more}" },
    { type: "string", text: "", value: "" },
    { type: "string", text: "true", value: "true" },
    { type: "list<string>", text: `[a, "c d",]`, value: ["a", "c d"] },
    { type: "list<u8>", text: "[1, 2, 255]", value: Uint8Array.of(1, 2, 255) },
    { type: "list<u64>", text: "[]", value: new BigUint64Array() },
    { type: "tuple<u8, string>", text: `(1, "x")`, value: [1, "x"] },
    { type: "tuple<u8, string>", text: `[1, "x"]`, value: [1, "x"] },
    { type: "own<file>", text: "[1, 2]", value: Uint8Array.of(1, 2) },
  ])("$type: $text", ({ type, text, value }) => {
    expect(parseWave(text, parseWitType(type))).toEqual(value);
  });

  test.each([
    { text: `{name: "x", long-name: 1}`, value: { name: "x", longName: 1, extra: undefined } },
    {
      text: `{"name": "x", "longName": 1, "extra": null}`,
      value: { name: "x", longName: 1, extra: undefined },
    },
    {
      text: "{%name: x, long-name: 1, extra: some(true),} // a comment",
      value: { name: "x", longName: 1, extra: true },
    },
    {
      text: "{name: x, long-name: 1, extra: false}",
      value: { name: "x", longName: 1, extra: false },
    },
  ])("a record: $text", ({ text, value }) => {
    const type = parseWitType("record { name: string, long-name: u8, extra: option<bool> }");

    expect(parseWave(text, type)).toEqual(value);
  });

  test("a record of nothing but options that are left out", () => {
    expect(parseWave("{:}", parseWitType("record { a: option<u8> }"))).toEqual({ a: undefined });
  });

  test.each([
    { text: "{can-read, exec}", value: { canRead: true, exec: true } },
    { text: "{}", value: { canRead: false, exec: false } },
    { text: `["exec"]`, value: { canRead: false, exec: true } },
    { text: `{"canRead": true, "exec": false}`, value: { canRead: true, exec: false } },
  ])("flags: $text", ({ text, value }) => {
    expect(parseWave(text, parseWitType("flags { can-read, exec }"))).toEqual(value);
  });

  test.each([
    { text: "plain", value: { tag: "plain" } },
    { text: "other(x)", value: { tag: "other", val: "x" } },
    { text: `other( "x", )`, value: { tag: "other", val: "x" } },
    { text: `"plain"`, value: { tag: "plain" } },
    { text: `{"tag": "other", "val": "x"}`, value: { tag: "other", val: "x" } },
    { text: `{"tag": "plain", "val": null}`, value: { tag: "plain" } },
    { text: "%none", value: { tag: "none" } },
  ])("a variant: $text", ({ text, value }) => {
    expect(parseWave(text, parseWitType("variant { plain, other(string), none }"))).toEqual(value);
  });

  test.each([
    { type: "option<u8>", text: "some(1)", value: 1 },
    { type: "option<u8>", text: "1", value: 1 },
    { type: "option<u8>", text: "none", value: undefined },
    { type: "option<u8>", text: "null", value: undefined },
    { type: "option<string>", text: "two words", value: "two words" },
    { type: "option<string>", text: `some("none")`, value: "none" },
    { type: "option<enum { none, a }>", text: "%none", value: "none" },
    { type: "option<option<u8>>", text: "some(none)", value: { tag: "some", val: undefined } },
    { type: "option<option<u8>>", text: "none", value: { tag: "none" } },
    {
      type: "option<option<u8>>",
      text: `{"tag": "some", "val": 1}`,
      value: { tag: "some", val: 1 },
    },
    { type: "result<u8, string>", text: "ok(1)", value: { tag: "ok", val: 1 } },
    { type: "result<u8, string>", text: "1", value: { tag: "ok", val: 1 } },
    { type: "result<u8, string>", text: "err(no)", value: { tag: "err", val: "no" } },
    {
      type: "result<u8, string>",
      text: `{"tag": "err", "val": "no"}`,
      value: { tag: "err", val: "no" },
    },
    { type: "result", text: "err", value: { tag: "err" } },
  ])("$type: $text", ({ type, text, value }) => {
    expect(parseWave(text, parseWitType(type))).toEqual(value);
  });
});

describe("values as text", () => {
  test.each([
    { type: "f32", value: Math.fround(3.14), text: "3.14" },
    { type: "f64", value: -0, text: "-0" },
    { type: "string", value: `it's "so"\n\u0007`, text: String.raw`"it's \"so\"\n\u{7}"` },
    { type: "char", value: "'", text: String.raw`'\''` },
    { type: "list<u8>", value: Uint8Array.of(1, 2), text: "[1, 2]" },
    { type: "tuple<u64, bool>", value: [5n, true], text: "(5, true)" },
    {
      type: "record { a-b: option<u8>, c: list<string> }",
      value: { aB: 1, c: ["x"] },
      text: `{a-b: some(1), c: ["x"]}`,
    },
    { type: "flags { a-b, c, d }", value: { aB: true, c: false, d: true }, text: "{a-b, d}" },
    { type: "result<_, string>", value: { tag: "err", val: "no" }, text: `err("no")` },
    { type: "result", value: { tag: "ok", val: undefined }, text: "ok" },
    { type: "variant { ok, b(u8) }", value: { tag: "ok" }, text: "%ok" },
    { type: "option<option<u8>>", value: { tag: "some", val: undefined }, text: "some(none)" },
    { type: "enum { red, none }", value: "none", text: "%none" },
    { type: "own<file>", value: Uint8Array.of(9), text: "[9]" },
  ])("$type: $text", ({ type, value, text }) => {
    expect(formatWave(value, parseWitType(type))).toBe(text);
  });

  test("a value of another type is refused", () => {
    expect(() => formatWave(1, parseWitType("string"))).toThrow(
      "number where a string was expected",
    );
  });
});

describe("refuses, with the place,", () => {
  test.each([
    {
      type: "u8",
      text: "256",
      problem: `value at character 1, before "256": u8 goes from 0 to 255`,
    },
    { type: "u8", text: "1.5", problem: "expected a whole number (u8)" },
    { type: "u8", text: "", problem: "value at the end: expected a number (u8)" },
    { type: "u8", text: "1 2", problem: `value at character 3, before "2": expected nothing more` },
    { type: "f64", text: "0x10", problem: "expected a number, nan, inf or -inf" },
    { type: "bool", text: "yes", problem: "expected true or false" },
    { type: "char", text: "'ab'", problem: "expected one character" },
    { type: "string", text: `"a`, problem: `this text has no closing "` },
    { type: "string", text: String.raw`"\q"`, problem: "no such escape" },
    { type: "string", text: String.raw`"\ud800"`, problem: "half a surrogate pair" },
    { type: "string", text: String.raw`"\u{110000}"`, problem: "no such character" },
    { type: "list<u8>", text: "[1 2]", problem: "expected , or ]" },
    { type: "tuple<u8, u8>", text: "(1)", problem: "expected 2 values, met 1" },
    { type: "tuple<u8>", text: "(1, 2)", problem: "expected )" },
    { type: "record { a: u8 }", text: "{b: 1}", problem: "there is no field b" },
    { type: "record { a: u8 }", text: "{a: 1, a: 2}", problem: "the field a is there twice" },
    { type: "record { a: u8 }", text: "{:}", problem: "the field a is missing" },
    { type: "flags { a, b }", text: "{c}", problem: "there is no flag c; there are a, b" },
    { type: "enum { a, b }", text: "c", problem: "expected one of a, b" },
    { type: "variant { a(u8) }", text: "a", problem: "expected (" },
    { type: "variant { a(u8) }", text: `{"tag": "a"}`, problem: `expected "val" for a` },
    { type: "variant { a }", text: `{"tag": "a", "val": 1}`, problem: "the case a has no value" },
    { type: "option<option<u8>>", text: "1", problem: "expected some(…) or none" },
    { type: "result<option<u8>>", text: "1", problem: "expected ok or err" },
  ])("$type: $text", ({ type, text, problem }) => {
    expect(() => parseWave(text, parseWitType(type))).toThrow(
      expect.objectContaining({ code: "bad-input", message: expect.stringContaining(problem) }),
    );
  });

  test("streams and futures that carry nothing", () => {
    for (const type of ["stream", "future"].map((text) => parseWitType(text))) {
      expect(() => parseWave("1", type)).toThrow(expect.objectContaining({ code: "unsupported" }));
      expect(() => formatWave({}, type)).toThrow(expect.objectContaining({ code: "unsupported" }));
    }
  });
});

test.each([
  { type: "stream<u8>", text: "[1, 2]", value: Uint8Array.of(1, 2) },
  { type: "stream<string>", text: `["a"]`, value: ["a"] },
  { type: "future<option<u8>>", text: "some(3)", value: 3 },
])("$type is written as its contents: $text", ({ type, text, value }) => {
  expect(parseWave(text, parseWitType(type))).toEqual(value);
  expect(formatWave(value, parseWitType(type))).toBe(text);
});
