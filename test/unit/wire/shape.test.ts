import { expect, test } from "vitest";

import { LatticeError } from "../../../src/core/error.ts";
import {
  defaulting,
  dictionary,
  list,
  natural,
  optional,
  readJson,
  record,
  text,
} from "../../../src/wire/shape.ts";

const shape = record<{
  id: string;
  count: number;
  tags: readonly string[];
  notes: ReadonlyMap<string, string> | undefined;
}>({
  id: text,
  count: defaulting(natural(0xffff_ffff), 0),
  tags: defaulting(list(text), []),
  notes: optional(dictionary(text)),
});
const read = (value: unknown): unknown =>
  readJson(new TextEncoder().encode(JSON.stringify(value)), shape);

test("absent fields take their defaults, and unknown ones are ignored", () => {
  expect(read({ id: "a", extra: 1 })).toEqual({ id: "a", count: 0, tags: [], notes: undefined });
});

test("null stands for an optional field only", () => {
  expect(read({ id: "a", notes: null })).toMatchObject({ notes: undefined });
  expect(() => read({ id: "a", count: null })).toThrow(
    '"count" must be a whole number from 0 to 4294967295, met null',
  );
});

test.each([
  { met: {}, error: '"id" must be a string, met nothing' },
  { met: { id: 1 }, error: '"id" must be a string, met number 1' },
  {
    met: { id: "a", count: -1 },
    error: '"count" must be a whole number from 0 to 4294967295, met number -1',
  },
  { met: { id: "a", count: 2 ** 32 }, error: "met number 4294967296" },
  { met: { id: "a", tags: ["x", 2] }, error: '"tags[1]" must be a string, met number 2' },
  { met: { id: "a", notes: { k: [] } }, error: '"notes.k" must be a string, met a list' },
  { met: [], error: "the value must be an object, met a list" },
  { met: { id: "\ud800" }, error: '"id" must be Unicode, met string "\\ud800"' },
  { met: { id: "a", notes: { "\udc00": "" } }, error: '"notes" must be Unicode' },
])("refuses $met", ({ met, error }) => {
  expect(() => read(met)).toThrow(error);
});

test("bytes that are not JSON are a bad message", () => {
  const bad = (bytes: Uint8Array): unknown => readJson(bytes, shape);

  expect(() => bad(new TextEncoder().encode("{nope"))).toThrow(LatticeError);
  expect(() => bad(Uint8Array.of(0xff, 0xfe))).toThrow("expected JSON");
  expect(() => bad(new TextEncoder().encode('\ufeff{"id":"a"}'))).toThrow("expected JSON");
});
