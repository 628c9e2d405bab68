/** The JSON form of proto3: what is taken, what is refused with a path, and the least that is written. */
import { expect, test } from "vitest";

import {
  bool,
  enumeration,
  float,
  int32,
  type Message,
  message,
  repeated,
  string,
  stringMap,
  timestamp,
  uint32,
  uint64,
} from "../../../src/wire/protojson.ts";

interface Part {
  readonly name: string;
  readonly size: number;
}

interface Whole {
  readonly title: string;
  readonly isOpen: boolean;
  readonly change: number;
  readonly port: number;
  readonly bytesFree: bigint;
  readonly load: number;
  readonly kind: "KIND_NONE" | "KIND_BIG";
  readonly at: bigint | undefined;
  readonly mainPart: Part | undefined;
  readonly otherParts: readonly Part[];
  readonly tags: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
}

const part: Message<Part> = message({ name: string, size: int32 });
const whole: Message<Whole> = message({
  title: string,
  isOpen: bool,
  change: int32,
  port: uint32,
  bytesFree: uint64,
  load: float,
  kind: enumeration(["KIND_NONE", "KIND_BIG"]),
  at: timestamp,
  mainPart: part,
  otherParts: repeated(part),
  tags: repeated(string),
  labels: stringMap,
});

const EMPTY: Whole = {
  title: "",
  isOpen: false,
  change: 0,
  port: 0,
  bytesFree: 0n,
  load: 0,
  kind: "KIND_NONE",
  at: undefined,
  mainPart: undefined,
  otherParts: [],
  tags: [],
  labels: new Map(),
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string): Whole => whole.decode(bytes(text));
const written = (value: Parameters<typeof whole.encode>[0]): string =>
  new TextDecoder().decode(whole.encode(value));

test("an empty object is all defaults, and all defaults are an empty object", () => {
  expect(read("{}")).toEqual(EMPTY);
  expect(written(EMPTY)).toBe("{}");
});

test("a message that is there and empty is not one that is absent", () => {
  const value = read(`{"mainPart":{}}`);

  expect(value.mainPart).toEqual({ name: "", size: 0 });
  expect(written(value)).toBe(`{"mainPart":{}}`);
});

test("a list says its defaults", () => {
  const text = `{"otherParts":[{},{"name":"b"}],"tags":["","x"]}`;

  expect(written(read(text))).toBe(text);
});

test("null is an absent field", () => {
  const text = Object.keys(EMPTY).map((name) => `"${name}":null`);

  expect(read(`{${text.join()}}`)).toEqual(EMPTY);
});

test("fields may have the names of the .proto file", () => {
  expect(read(`{"is_open":true,"main_part":{},"other_parts":[{}]}`)).toEqual({
    ...EMPTY,
    isOpen: true,
    mainPart: { name: "", size: 0 },
    otherParts: [{ name: "", size: 0 }],
  });
});

test("unknown fields are ignored, also those that every object inherits", () => {
  expect(read(`{"constructor":1,"__proto__":{"title":"x"},"later":{"deep":[null]}}`)).toEqual(
    EMPTY,
  );
});

test("a map may have any keys", () => {
  const text = `{"labels":{"__proto__":"a","constructor":"b","":"c"}}`;

  expect(read(text).labels.get("__proto__")).toBe("a");
  expect(written(read(text))).toBe(text);
});

test.each([
  { text: `{"change":"-7"}`, field: "change", value: -7 },
  { text: `{"change":1e2}`, field: "change", value: 100 },
  { text: `{"change":"2.0"}`, field: "change", value: 2 },
  { text: `{"port":4294967295}`, field: "port", value: 4_294_967_295 },
  { text: `{"bytesFree":12}`, field: "bytesFree", value: 12n },
  {
    text: `{"bytesFree":"18446744073709551615"}`,
    field: "bytesFree",
    value: 18_446_744_073_709_551_615n,
  },
  { text: `{"load":"12.5"}`, field: "load", value: 12.5 },
  // The largest one, as few digits as tell it from others: they are rounded up.
  { text: `{"load":3.4028235e+38}`, field: "load", value: 2 ** 128 - 2 ** 104 },
  { text: `{"load":"-Infinity"}`, field: "load", value: -Infinity },
  { text: `{"kind":1}`, field: "kind", value: "KIND_BIG" },
  { text: `{"kind":"KIND_BIG"}`, field: "kind", value: "KIND_BIG" },
  { text: `{"at":"1970-01-01T00:00:01Z"}`, field: "at", value: 1_000_000_000n },
  { text: `{"at":"1969-12-31T23:59:59.5Z"}`, field: "at", value: -500_000_000n },
  { text: `{"at":"1970-01-01T02:00:00.000000001+02:00"}`, field: "at", value: 1n },
] as const)("$text is taken", ({ text, field, value }) => {
  expect(read(text)[field]).toBe(value);
});

test.each([
  [`{"title":7}`, `"title" must be a string, met a number`],
  [`{"title":"\\ud800"}`, `"title" must be Unicode`],
  [`{"isOpen":"true"}`, `"isOpen" must be a boolean`],
  [`{"change":2147483648}`, `"change" must be a whole number from -2147483648 to 2147483647`],
  [`{"change":1.5}`, `"change" must be a whole number`],
  [`{"change":" 1"}`, `"change" must be a whole number`],
  [`{"change":""}`, `"change" must be a whole number`],
  [`{"port":-1}`, `"port" must be a whole number from 0`],
  [`{"bytesFree":9007199254740992}`, `"bytesFree" must be a whole number`],
  [`{"bytesFree":"18446744073709551616"}`, `"bytesFree" must be a whole number`],
  [`{"bytesFree":"-1"}`, `"bytesFree" must be a whole number`],
  [`{"load":"fast"}`, `"load" must be a number of 32 bits`],
  [`{"load":1e39}`, `"load" must be a number of 32 bits`],
  [`{"kind":"KIND_HUGE"}`, `"kind" must be one of KIND_NONE, KIND_BIG, met string "KIND_HUGE"`],
  [`{"kind":2}`, `"kind" must be one of KIND_NONE, KIND_BIG`],
  [`{"at":"2026-02-30T00:00:00Z"}`, `"at" must be a moment`],
  [`{"at":"2026-02-01"}`, `"at" must be a moment`],
  [`{"at":"0000-01-01T00:00:00Z"}`, `"at" must be a moment`],
  [`{"mainPart":[]}`, `"mainPart" must be an object, met a list`],
  [`{"mainPart":{"size":{}}}`, `"mainPart.size" must be a whole number`],
  [`{"otherParts":{}}`, `"otherParts" must be a list`],
  [`{"other_parts":[{},{"name":1}]}`, `"otherParts[1].name" must be a string`],
  [`{"tags":["a",null]}`, `"tags[1]" must be a string, met null`],
  [`{"labels":{"a":1}}`, `"labels.a" must be a string`],
  [`{"isOpen":true,"is_open":true}`, `"isOpen" is there twice, once as is_open`],
  [`[]`, `the value must be an object`],
  [``, `0 bytes that must be JSON are none`],
  [`{`, `1 bytes that must be JSON are none`],
])("%s is refused", (text, problem) => {
  expect(() => read(text)).toThrow(problem);
});

test.each([
  `{"labels":"password=5318008"}`,
  `{"tags":"5318008"}`,
  `{"mainPart":"5318008"}`,
  `{"labels":{"password":5318008}}`,
  `{"title":"a","labels":{"password":"5318008}}`,
])("what may be a secret is in no error: %s", (text) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: "bad-message" }));
  expect(() => read(text)).not.toThrow("5318008");
});

test("what is too large is refused", () => {
  const many = JSON.stringify({ tags: Array.from({ length: 10_001 }, () => "") });
  const labels = Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [n, ""]));

  expect(() => read(many)).toThrow(`"tags" must be a list of 10000 at most`);
  expect(() => read(JSON.stringify({ labels }))).toThrow(
    `"labels" must be an object of 10000 fields at most`,
  );
  expect(() => whole.decode(new Uint8Array(2 * 1024 * 1024 + 1))).toThrow("are above 2097152");
});

test("depth costs nothing where no field is", () => {
  const deep = `{"later":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;

  expect(read(deep)).toEqual(EMPTY);
});
