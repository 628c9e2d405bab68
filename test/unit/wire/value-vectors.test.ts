/** The value codec against vectors derived from the Rust sources of wRPC (bytecodealliance/wrpc, crates/transport/v0.28.4). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { camelCase } from "../../../src/core/wit.ts";
import type { WitType, WitValue } from "../../../src/core/wit.ts";
import { isTagged, listOf, resultCases } from "../../../src/wire/value-types.ts";
import { decodeTuple, encodeTuple } from "../../../src/wire/value.ts";
import { parseWitType } from "../../../src/wire/wit-text.ts";
import { fromHex, toHex } from "../../support/hex.ts";

interface Vector {
  readonly type: string;
  readonly value: unknown;
  readonly hex: string;
  readonly rustDecodableHex?: string;
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL("../../vectors/wrpc-values.json", import.meta.url), "utf8"),
);
const cases = vectors.map((vector, index) => {
  const type = parseWitType(vector.type);
  const title = `${index} ${vector.type.slice(0, 60)}`;
  return { ...vector, type, title, json: vector.value, value: fromJson(vector.value, type) };
});

test("there are vectors", () => {
  expect(cases.length).toBe(90);
});

const forms = cases.flatMap((vector) =>
  [vector.hex, vector.rustDecodableHex].flatMap((form) =>
    form === undefined ? [] : { ...vector, form },
  ),
);

test.each(forms)("$title: reads $form", ({ type, value, form }) => {
  expect(decodeTuple([type], fromHex(form))).toEqual({ values: [value], end: form.length / 2 });
});

test.each(cases)("$title: wants more than a beginning of it", ({ type, hex }) => {
  const bytes = fromHex(hex);
  for (let length = 0; length < bytes.length; length++) {
    expect(decodeTuple([type], bytes.subarray(0, length))).toBeUndefined();
  }
});

/** Contents of streams and futures that come inline are read, and never written by anybody. */
const isReady = (json: unknown): boolean => JSON.stringify(json).includes(`"$ready"`);

test.each(cases.filter(({ json }) => !isReady(json)))(
  "$title: writes it",
  ({ type, value, hex, rustDecodableHex }) => {
    expect(toHex(encodeTuple([type], [value]))).toBe(rustDecodableHex ?? hex);
  },
);

test.each(cases.filter(({ json }) => isReady(json)))(
  "$title: refuses to write it",
  ({ type, value }) => {
    expect(() => encodeTuple([type], [value])).toThrow(
      expect.objectContaining({ code: "unsupported" }),
    );
  },
);

/** A value of the vectors' JSON form in jco's mapping. */
function fromJson(json: unknown, type: WitType): WitValue {
  const part = (key: string): unknown => Reflect.get(Object(json), key);
  const has = (key: string): boolean => Object(json) === json && Object.hasOwn(Object(json), key);
  const list = Array.isArray(json) ? json : [];
  switch (type.kind) {
    case "u64":
    case "s64":
      return BigInt(String(json));
    case "f32":
    case "f64":
      return json === "inf" ? Infinity : json === "-inf" ? -Infinity : Number(json);
    case "own":
    case "borrow":
      return fromHex(String(part("$hex")));
    case "list":
      if (has("$hex")) return fromHex(String(part("$hex")));
      return listOf(
        type.element,
        list.map((each) => fromJson(each, type.element)),
      );
    case "tuple":
      return type.elements.map((element, index) => fromJson(list[index], element));
    case "record":
      return Object.fromEntries(
        type.fields.map((field) => [camelCase(field.name), fromJson(part(field.name), field.type)]),
      );
    case "flags":
      return Object.fromEntries(type.names.map((name) => [camelCase(name), list.includes(name)]));
    case "option": {
      const value = has("some") ? fromJson(part("some"), type.some) : undefined;
      return isTagged(type) ? { tag: has("some") ? "some" : "none", val: value } : value;
    }
    case "result":
    case "variant": {
      const of = type.kind === "result" ? resultCases(type) : type.cases;
      const payload = of.find(({ name }) => name === part("tag"))?.type;
      return { tag: part("tag"), ...(payload && { val: fromJson(part("val"), payload) }) };
    }
    case "stream":
      if (has("$pending")) return { tag: "pending" };
      return {
        tag: "ready",
        val: type.element && fromJson(part("$ready"), { kind: "list", element: type.element }),
      };
    case "future":
      if (has("$pending")) return { tag: "pending" };
      return { tag: "ready", val: type.element && fromJson(part("$ready"), type.element) };
    default:
      return json;
  }
}
