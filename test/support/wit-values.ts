/** Arbitrary WIT types and values of them in jco's mapping, for property tests. */
import * as fc from "fast-check";
import { camelCase } from "../../src/core/wit.ts";
import type { Case, Field, PrimitiveKind, WitType, WitValue } from "../../src/core/wit.ts";
import { isTagged, listOf, resultCases } from "../../src/wire/value-types.ts";

/** A type and a value of it. */
export interface TypedValue {
  readonly type: WitType;
  readonly value: WitValue;
}

/** Types with and values for a whole parameter list. */
export interface TypedTuple {
  readonly types: readonly WitType[];
  readonly values: readonly WitValue[];
}

const text = fc.string({ unit: "binary", maxLength: 12 });

const PRIMITIVES: Readonly<Record<PrimitiveKind, fc.Arbitrary<WitValue>>> = {
  bool: fc.boolean(),
  u8: fc.integer({ min: 0, max: 0xff }),
  s8: fc.integer({ min: -0x80, max: 0x7f }),
  u16: fc.integer({ min: 0, max: 0xffff }),
  s16: fc.integer({ min: -0x8000, max: 0x7fff }),
  u32: fc.integer({ min: 0, max: 0xffff_ffff }),
  s32: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  s64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  f32: fc.float(),
  f64: fc.double(),
  char: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  string: text,
};

const primitiveType = fc.constantFrom(
  ...(["bool", "u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"] as const),
  ...(["f32", "f64", "char", "string"] as const),
);

/** Words of WAVE and JavaScript are among the names, since they are where mistakes show. */
const name = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom("none", "some", "ok", "err", "true", "null", "constructor", "tag"),
  },
  { weight: 4, arbitrary: fc.stringMatching(/^[a-z][a-z0-9]{0,4}(-[a-z][a-z0-9]{0,3}){0,2}$/) },
);

const names = (maxLength: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(name, { minLength: 1, maxLength, selector: camelCase });

/** Any type that has values: no handles, streams or futures. */
export const witType: fc.Arbitrary<WitType> = fc.letrec<{ type: WitType }>((tie) => {
  const type = tie("type");
  const maybe = fc.option(type, { nil: undefined });
  const fields = names(4).chain((all) =>
    fc.tuple(...all.map((name) => type.map((of): Field => ({ name, type: of })))),
  );
  const cases = names(4).chain((all) =>
    fc.tuple(...all.map((name) => maybe.map((of): Case => (of ? { name, type: of } : { name })))),
  );
  return {
    type: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      primitiveType.map((kind): WitType => ({ kind })),
      names(20).map((all): WitType => ({ kind: "enum", names: all })),
      names(20).map((all): WitType => ({ kind: "flags", names: all })),
      type.map((element): WitType => ({ kind: "list", element })),
      type.map((some): WitType => ({ kind: "option", some })),
      fc
        .tuple(maybe, maybe)
        .map(([ok, err]): WitType => ({ kind: "result", ...(ok && { ok }), ...(err && { err }) })),
      fc
        .array(type, { minLength: 1, maxLength: 4 })
        .map((elements): WitType => ({ kind: "tuple", elements })),
      fields.map((all): WitType => ({ kind: "record", fields: all })),
      cases.map((all): WitType => ({ kind: "variant", cases: all })),
    ),
  };
}).type;

/** A value of `type`. */
export function witValue(type: WitType): fc.Arbitrary<WitValue> {
  switch (type.kind) {
    case "list":
      return fc
        .array(witValue(type.element), { maxLength: 6 })
        .map((all) => listOf(type.element, all));
    case "option":
      return isTagged(type)
        ? taggedValue([{ name: "none" }, { name: "some", type: type.some }])
        : fc.option(witValue(type.some), { nil: undefined });
    case "result":
      return taggedValue(resultCases(type));
    case "variant":
      return taggedValue(type.cases);
    case "tuple":
      return fc.tuple(...type.elements.map(witValue));
    case "record":
      return fc.record(
        Object.fromEntries(
          type.fields.map((field) => [camelCase(field.name), witValue(field.type)]),
        ),
      );
    case "enum":
      return fc.constantFrom(...type.names);
    case "flags":
      return fc.record(
        Object.fromEntries(type.names.map((each) => [camelCase(each), fc.boolean()])),
      );
    case "own":
    case "borrow":
      return fc.uint8Array({ maxLength: 16 });
    case "stream":
    case "future":
      throw new Error(`no arbitrary values of a ${type.kind}`);
    default:
      return PRIMITIVES[type.kind];
  }
}

const taggedValue = (cases: readonly Case[]): fc.Arbitrary<WitValue> =>
  fc.oneof(
    ...cases.map(({ name: tag, type }) =>
      type === undefined ? fc.constant({ tag }) : witValue(type).map((val) => ({ tag, val })),
    ),
  );

export const typedValue: fc.Arbitrary<TypedValue> = witType.chain((type) =>
  witValue(type).map((value) => ({ type, value })),
);

export const typedTuple: fc.Arbitrary<TypedTuple> = fc
  .array(typedValue, { maxLength: 4 })
  .map((all) => ({ types: all.map(({ type }) => type), values: all.map(({ value }) => value) }));
