import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { WitType, WitValue } from "../../../src/core/wit.ts";
import type { Draft } from "../../../src/page/state/value-draft.ts";

import { messageOf } from "../../../src/core/error.ts";
import { camelCase } from "../../../src/core/wit.ts";
import {
  byHandOnly,
  casesOf,
  choose,
  emptyDraft,
  replaceAt,
} from "../../../src/page/state/value-draft.ts";
import { textOf } from "../../../src/page/state/value-text.ts";
import { isTagged } from "../../../src/wire/value-types.ts";
import { formatWave } from "../../../src/wire/wave-format.ts";
import { parseWave } from "../../../src/wire/wave.ts";
import { parseWitType } from "../../../src/wire/wit-text.ts";
import { typedValue, witType } from "../../support/wit-values.ts";

/** What a person would have typed for `value`. */
function draftOf(type: WitType, value: WitValue): Draft {
  const at = (key: string): unknown =>
    typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  switch (type.kind) {
    case "bool":
      return { kind: "bool", on: value === true };
    case "flags":
      return { kind: "flags", names: type.names.filter((name) => at(camelCase(name)) === true) };
    case "list": {
      const parts = Array.from(value as Iterable<unknown>);
      if (type.element.kind === "u8") {
        const text = parts.map((byte) => Number(byte).toString(16).padStart(2, "0")).join(" ");
        return { kind: "bytes", as: "hex", text };
      }
      return { kind: "items", items: parts.map((part) => draftOf(type.element, part)) };
    }
    case "tuple":
      return {
        kind: "items",
        items: type.elements.map((each, index) => draftOf(each, at(String(index)))),
      };
    case "record":
      return {
        kind: "items",
        items: type.fields.map((field) => draftOf(field.type, at(camelCase(field.name)))),
      };
    case "option": {
      const tagged = isTagged(type);
      const some = tagged ? at("tag") === "some" : value !== undefined;
      if (!some) return { kind: "case", name: "none" };
      const payload = draftOf(type.some, tagged ? at("val") : value);
      return { kind: "case", name: "some", payload };
    }
    case "enum":
      return { kind: "case", name: String(value) };
    case "result":
    case "variant": {
      const found = casesOf(type).find(({ name }) => name === at("tag"));
      if (found?.type === undefined) return { kind: "case", name: String(at("tag")) };
      return { kind: "case", name: found.name, payload: draftOf(found.type, at("val")) };
    }
    case "string":
    case "char":
      return { kind: "text", text: String(value) };
    default:
      return { kind: "text", text: formatWave(value, type) };
  }
}

test("whatever a form holds of a value is that value to the checker of its type", () => {
  fc.assert(
    fc.property(typedValue, ({ type, value }) => {
      const written = textOf(type, draftOf(type, value));

      expect("text" in written && parseWave(written.text, type)).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

/** Drafts as a form of `type` can have them, with anything in its lines of text. */
function drafts(type: WitType, depth = 0): fc.Arbitrary<Draft> {
  const line = fc.oneof(
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom("", "1", "-1", "256", "1.5", "nan", "a", " 7 ", "01"),
  );
  const empty = emptyDraft(type);
  if (depth > 5) return fc.constant(empty);
  switch (empty.kind) {
    case "text":
      return line.map((text) => ({ kind: "text", text }));
    case "bytes":
      return fc
        .tuple(fc.constantFrom("text", "hex"), line)
        .map(([as, text]) => ({ kind: "bytes", as, text }));
    case "bool":
      return fc.boolean().map((on) => ({ kind: "bool", on }));
    case "flags":
      return type.kind === "flags"
        ? fc.subarray([...type.names]).map((names) => ({ kind: "flags", names }))
        : fc.constant(empty);
    case "case":
      return fc.constantFrom(...casesOf(type)).chain((chosen) =>
        chosen.type === undefined
          ? fc.constant<Draft>({ kind: "case", name: chosen.name })
          : drafts(chosen.type, depth + 1).map((payload): Draft => ({
              kind: "case",
              name: chosen.name,
              payload,
            })),
      );
    case "items": {
      if (type.kind === "list") {
        return fc
          .array(drafts(type.element, depth + 1), { maxLength: 3 })
          .map((items) => ({ kind: "items", items }));
      }
      const parts =
        type.kind === "tuple"
          ? type.elements
          : type.kind === "record"
            ? type.fields.map((field) => field.type)
            : [];
      return fc
        .tuple(...parts.map((part) => drafts(part, depth + 1)))
        .map((items) => ({ kind: "items", items }));
    }
    case "wave":
      return fc.constant(empty);
  }
}

function refusalOf(text: string, type: WitType): string | undefined {
  try {
    parseWave(text, type);
    return undefined;
  } catch (thrown) {
    return `${text}: ${messageOf(thrown)}`;
  }
}

test("a form yields a text that the checker of its type takes, or says at which control it cannot", () => {
  const filled = witType.chain((type) => drafts(type).map((draft) => ({ type, draft })));

  fc.assert(
    fc.property(filled, ({ type, draft }) => {
      const written = textOf(type, draft);

      const refusal = "text" in written ? refusalOf(written.text, type) : undefined;
      expect(refusal).toBeUndefined();
      expect("text" in written || written.problems.size > 0).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

describe("what a form says", () => {
  test.each([
    { type: "u8", text: "256", problem: "A whole number from 0 to 255." },
    { type: "s64", text: "1.5", problem: /^A whole number from -9223372036854775808/ },
    { type: "f32", text: "much", problem: "A number, nan, inf or -inf." },
    { type: "char", text: "ab", problem: "One character." },
    { type: "string", text: "\ud800", problem: "It has half of a character." },
  ])("of $text for $type", ({ type, text, problem }) => {
    const written = textOf(parseWitType(type), { kind: "text", text });

    expect("problems" in written && written.problems.get("")).toMatch(problem);
  });

  test("of a value within others, under its path", () => {
    const type = parseWitType("list<option<u8>>");
    const wrong = choose({ kind: "option", some: { kind: "u8" } }, "some");
    const list: Draft = {
      kind: "items",
      items: [choose({ kind: "option", some: { kind: "u8" } }, "none"), wrong],
    };

    const written = textOf(type, list);
    const right = textOf(type, replaceAt(list, [1, 0], { kind: "text", text: "7" }));

    expect("problems" in written && [...written.problems.keys()]).toEqual(["1-0"]);
    expect(right).toEqual({ text: "[none, some(7)]" });
  });
});

test("a type that unfolds without end gives a form with an end", () => {
  let type: WitType = { kind: "u8" };
  for (let depth = 0; depth < 60; depth++) type = { kind: "tuple", elements: [type, type] };

  const controls = (draft: Draft): number =>
    draft.kind === "items" ? draft.items.reduce((sum, item) => sum + controls(item), 1) : 1;

  expect(controls(emptyDraft(type))).toBeLessThan(1000);
});

test.each(["own<file>", "borrow<file>", "stream<u8>", "future<string>"])(
  "a value of %s is written by hand",
  (text) => {
    const type = parseWitType(text);

    expect(emptyDraft(type)).toEqual({ kind: "wave", text: "" });
    expect(byHandOnly(type)).toBeDefined();
  },
);
