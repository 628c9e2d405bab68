import { expect, test } from "vitest";
import type { Holder } from "../../../../src/workers/wasi/resource.ts";
import { Fields } from "../../../../src/workers/wasi/http-fields.ts";
import { http } from "../../../../src/workers/wasi/http.ts";
import { bytesOf, fakeStreams, runningLife } from "../../../support/fake-streams.ts";

function holder(): Holder {
  const { streams } = fakeStreams("atomics");
  return { life: runningLife(), streams, breathe: () => undefined };
}

const text = (values: readonly Uint8Array[]): string[] =>
  values.map((value) => new TextDecoder().decode(value));

const shown = (fields: Fields): string[] =>
  fields.entries().map(([name, value]) => `${name}=${text([value])[0]}`);

test("keep the order and the case of names, and find them in any case", () => {
  const fields = new Fields(holder());

  fields.append("X-One", bytesOf("1"));
  fields.append("b", bytesOf("2"));
  fields.append("x-oNE", bytesOf("3"));

  expect(shown(fields)).toEqual(["X-One=1", "b=2", "x-oNE=3"]);
  expect(text(fields.get("X-ONE"))).toEqual(["1", "3"]);
  expect(fields.has("B")).toBe(true);
  expect(fields.has("c")).toBe(false);
  expect(fields.get("not a name")).toEqual([]);
});

test("are set and deleted with all values of a name", () => {
  const fields = new Fields(holder(), [
    ["a", bytesOf("1")],
    ["b", bytesOf("2")],
    ["A", bytesOf("3")],
  ]);

  expect(fields.set("A", [bytesOf("4"), bytesOf("5")])).toEqual({ tag: "ok", val: undefined });
  expect(fields.delete("B")).toEqual({ tag: "ok", val: undefined });
  expect(fields.delete("absent")).toEqual({ tag: "ok", val: undefined });

  expect(shown(fields)).toEqual(["A=4", "A=5"]);
});

test.each([
  ["", "1", "invalid-syntax"],
  ["a b", "1", "invalid-syntax"],
  ["a:", "1", "invalid-syntax"],
  ["grün", "1", "invalid-syntax"],
  ["a", "1\r\nb: 2", "invalid-syntax"],
  ["a", "\u0000", "invalid-syntax"],
  ["a", "\u007f", "invalid-syntax"],
  ["Host", "x", "forbidden"],
  ["CONNECTION", "close", "forbidden"],
  ["keep-alive", "1", "forbidden"],
  ["Transfer-Encoding", "chunked", "forbidden"],
  ["upgrade", "h2c", "forbidden"],
  ["http2-settings", "x", "forbidden"],
])("refuse %j with the value %j as %s", (name, value, tag) => {
  const fields = new Fields(holder());
  const refused = { tag: "err", val: { tag } };

  expect(fields.append(name, bytesOf(value))).toEqual(refused);
  expect(fields.set(name, [bytesOf(value)])).toEqual(refused);
  expect(Fields.fromList(holder(), [[name, bytesOf(value)]])).toEqual(refused);
  expect(fields.entries()).toEqual([]);
});

test("take any bytes but control characters, and tabs", () => {
  const fields = new Fields(holder());

  expect(fields.append("a", Uint8Array.of(9, 0x20, 0xff, 0x80))).toMatchObject({ tag: "ok" });
});

test("of a message cannot be changed, but their clone can", () => {
  const parent = new Fields(holder());
  const fields = new Fields(holder(), [["a", bytesOf("1")]], parent);
  const refused = { tag: "err", val: { tag: "immutable" } };

  expect(fields.set("a", [])).toEqual(refused);
  expect(fields.append("b", bytesOf("2"))).toEqual(refused);
  expect(fields.delete("a")).toEqual(refused);
  const clone = fields.clone();
  expect(clone.append("b", bytesOf("2"))).toMatchObject({ tag: "ok" });

  expect(shown(fields)).toEqual(["a=1"]);
  expect(shown(clone)).toEqual(["a=1", "b=2"]);
});

test("are bounded, for they lie outside of the guest's memory", () => {
  const own = holder();
  const fields = new Fields(own);
  const half = new Uint8Array(66_000).fill(0x61);
  fields.append("a", half);

  expect(() => fields.append("b", half)).toThrow(
    "the component trapped: its fields have 132002 bytes; 131072 are the most",
  );
  expect(own.life.ended).toBe(true);
});

test("made by a guest note that it has used its host", () => {
  const own = holder();
  const { Fields: Made } = http(own)["wasi:http/types"] as { Fields: new () => Fields };

  const made = new Made();

  expect(made).toBeInstanceOf(Fields);
  expect(made).toBeInstanceOf(Made);
  expect(own.life.touched).toBe(true);
});
