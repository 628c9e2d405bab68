/** What encoding, decoding and text of WIT values share: ranges, typed arrays, the two forms of `option`. */
import { LatticeError } from "../core/error.ts";
import type { Case, WitType } from "../core/wit.ts";
import { innerTypes } from "./inner-types.ts";

/** Types within types; those of real interfaces stay below 20. */
export const MAX_TYPE_DEPTH = 100;

type Range<T> = readonly [lowest: T, highest: T];

/** The integers that JavaScript holds in numbers. */
export const INTEGER_RANGES: Readonly<
  Record<"u8" | "s8" | "u16" | "s16" | "u32" | "s32", Range<number>>
> = {
  u8: [0, 0xff],
  s8: [-0x80, 0x7f],
  u16: [0, 0xffff],
  s16: [-0x8000, 0x7fff],
  u32: [0, 0xffff_ffff],
  s32: [-0x8000_0000, 0x7fff_ffff],
};

/** The integers that JavaScript holds in bigints. */
export const LONG_RANGES: Readonly<Record<"u64" | "s64", Range<bigint>>> = {
  u64: [0n, 2n ** 64n - 1n],
  s64: [-(2n ** 63n), 2n ** 63n - 1n],
};

export type Option = Extract<WitType, { kind: "option" }>;

/**
 * Whether an option is `{ tag, val }` rather than the bare value or `undefined`: so where the payload may itself be
 * `undefined`, as jco has it (js-component-bindgen, `maybe_null`). In `option<option<option<T>>>` that is the
 * middle one only.
 */
export function isTagged(option: Option): boolean {
  let tagged = false;
  for (let { some } = option; some.kind === "option"; some = some.some) tagged = !tagged;
  return tagged;
}

/** Whether `text` is one Unicode scalar value: a WIT `char`. */
export const isScalar = (text: string): boolean => /^\P{Surrogate}$/u.test(text);

/** A result as the variant that it is. */
export const resultCases = (type: Extract<WitType, { kind: "result" }>): readonly Case[] => [
  { name: "ok", ...(type.ok && { type: type.ok }) },
  { name: "err", ...(type.err && { type: type.err }) },
];

type MakeList = (parts: readonly unknown[]) => unknown;

/** The typed arrays that jco has for lists of numbers. */
const NUMBER_LISTS: Readonly<Partial<Record<WitType["kind"], MakeList>>> = {
  u8: (parts) => Uint8Array.from(parts, Number),
  s8: (parts) => Int8Array.from(parts, Number),
  u16: (parts) => Uint16Array.from(parts, Number),
  s16: (parts) => Int16Array.from(parts, Number),
  u32: (parts) => Uint32Array.from(parts, Number),
  s32: (parts) => Int32Array.from(parts, Number),
  u64: (parts) => BigUint64Array.from(parts.filter(isBigInt)),
  s64: (parts) => BigInt64Array.from(parts.filter(isBigInt)),
  f32: (parts) => Float32Array.from(parts, Number),
  f64: (parts) => Float64Array.from(parts, Number),
};

const isBigInt = (value: unknown): value is bigint => typeof value === "bigint";

/** A list of these elements: a typed array where jco has one, else the array itself. */
export function listOf(element: WitType, parts: readonly unknown[]): unknown {
  return NUMBER_LISTS[element.kind]?.(parts) ?? parts;
}

/** The mark of a stream or future, where nobody asked for its contents. */
export type Deferred =
  /** Sent later, under the index path of its place. */
  | { readonly tag: "pending" }
  /** `val`: a stream's whole contents as of a list, or their count where a stream has no element type. */
  | { readonly tag: "ready"; readonly val: unknown };

/** Builds once per type object what a type compiles to; types of one interface share their parts. */
export function compiler<Compiled>(
  build: (type: WitType, part: (type: WitType) => Compiled) => Compiled,
): (type: WitType) => Compiled {
  // A memo, not state: what a type compiles to depends on the type alone.
  const memo = new WeakMap<WitType, { readonly compiled: Compiled; readonly height: number }>();
  const at = (type: WitType, depth: number): { compiled: Compiled; height: number } => {
    const known = memo.get(type);
    if (depth + (known?.height ?? 1) > MAX_TYPE_DEPTH) {
      throw new LatticeError("unsupported", `types nested deeper than ${MAX_TYPE_DEPTH}`);
    }
    if (known !== undefined) return known;
    demandParts(type);
    let height = 1;
    const compiled = build(type, (inner) => {
      const part = at(inner, depth + 1);
      height = Math.max(height, part.height + 1);
      return part.compiled;
    });
    const made = { compiled, height };
    memo.set(type, made);
    return made;
  };
  return (type) => at(type, 0).compiled;
}

/**
 * Compound types have parts, by the component model's own rule. It also keeps every value at one byte or more, so that
 * no list can claim more elements than there are bytes.
 */
function demandParts(type: WitType): void {
  const parts =
    type.kind === "record"
      ? type.fields
      : type.kind === "tuple"
        ? type.elements
        : type.kind === "variant"
          ? type.cases
          : type.kind === "enum"
            ? type.names
            : undefined;
  if (parts?.length === 0) throw new LatticeError("unsupported", `an empty ${type.kind} type`);
}

/** Whether values of `type` may have parts that travel apart. Known once per type, so that no call looks for them. */
export const defers: (type: WitType) => boolean = compiler<boolean>((type, part) => {
  // Each part, also behind the first that defers: what is nested too deeply is found here.
  const parts = innerTypes(type).map(part);
  return type.kind === "stream" || type.kind === "future" || parts.includes(true);
});
