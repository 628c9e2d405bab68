/**
 * Whether two functions take and give the same values. Types of a component share parts, up to many times what they are
 * made of: each pair of them is compared once.
 */
import type { Case, Field, FuncType, WitType } from "../../core/wit.ts";

/** Names of parameters do not matter, for values go by their place; those of fields and cases do. */
export function sameTypes(one: FuncType, other: FuncType): boolean {
  if (one === other) return true;
  let byOther = functions.get(one);
  if (byOther === undefined) functions.set(one, (byOther = new WeakMap()));
  let same = byOther.get(other);
  if (same === undefined) {
    same =
      all(one.params, other.params, (a, b) => sameType(a.type, b.type)) &&
      sameOptional(one.result, other.result);
    byOther.set(other, same);
  }
  return same;
}

// Memos, not state: the answer depends on the two alone.
const functions = new WeakMap<FuncType, WeakMap<FuncType, boolean>>();
const types = new WeakMap<WitType, WeakMap<WitType, boolean>>();

function sameType(one: WitType, other: WitType): boolean {
  if (one === other) return true;
  if (one.kind !== other.kind) return false;
  let byOther = types.get(one);
  if (byOther === undefined) types.set(one, (byOther = new WeakMap()));
  let same = byOther.get(other);
  if (same === undefined) byOther.set(other, (same = sameParts(one, other)));
  return same;
}

function sameParts(one: WitType, other: WitType): boolean {
  switch (one.kind) {
    case "list":
      return other.kind === "list" && sameType(one.element, other.element);
    case "option":
      return other.kind === "option" && sameType(one.some, other.some);
    case "result":
      return (
        other.kind === "result" &&
        sameOptional(one.ok, other.ok) &&
        sameOptional(one.err, other.err)
      );
    case "tuple":
      return other.kind === "tuple" && all(one.elements, other.elements, sameType);
    case "record":
      return other.kind === "record" && all(one.fields, other.fields, sameNamed);
    case "variant":
      return other.kind === "variant" && all(one.cases, other.cases, sameNamed);
    case "enum":
    case "flags":
      return other.kind === one.kind && all(one.names, other.names, (a, b) => a === b);
    case "own":
    case "borrow":
      return other.kind === one.kind && one.resource === other.resource;
    case "stream":
    case "future":
      return other.kind === one.kind && sameOptional(one.element, other.element);
    default:
      return true; // of the same kind, and without parts
  }
}

const sameNamed = (one: Field | Case, other: Field | Case): boolean =>
  one.name === other.name && sameOptional(one.type, other.type);

function sameOptional(one: WitType | undefined, other: WitType | undefined): boolean {
  return one === undefined || other === undefined ? one === other : sameType(one, other);
}

function all<T>(one: readonly T[], other: readonly T[], same: (a: T, b: T) => boolean): boolean {
  if (one.length !== other.length) return false;
  return one.every((each, index) => {
    const counterpart = other[index];
    return counterpart !== undefined && same(each, counterpart);
  });
}
