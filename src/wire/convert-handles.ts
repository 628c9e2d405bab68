/** Handles of resources within values: what stands for one in one place is turned into what stands for it in the next. */
import type { WitType, WitValue } from "../core/wit.ts";
import type { Handle } from "./type-parts.ts";

import { camelCase } from "../core/wit.ts";
import { partsOfType } from "./type-parts.ts";
import { isTagged } from "./value-types.ts";

export type ConvertHandle = (handle: Handle, value: WitValue) => WitValue;

/** `value` with its handles converted; parts without any stay as they are. */
export function convertHandles(
  value: WitValue,
  type: WitType | undefined,
  convert: ConvertHandle,
): WitValue {
  if (type === undefined || !partsOfType(type).handles) return value;
  const next = (part: WitValue, of: WitType | undefined): WitValue =>
    convertHandles(part, of, convert);
  const payload = (of: WitType | undefined): WitValue =>
    of === undefined ? value : { tag: tagOf(value), val: next(partOf(value, "val"), of) };
  switch (type.kind) {
    case "own":
    case "borrow":
      return convert(type, value);
    case "list":
      return Array.isArray(value) ? value.map((part: WitValue) => next(part, type.element)) : value;
    case "tuple":
      return Array.isArray(value)
        ? value.map((part: WitValue, index) => next(part, type.elements[index]))
        : value;
    case "option":
      if (isTagged(type)) return tagOf(value) === "some" ? payload(type.some) : value;
      return value === undefined || value === null ? undefined : next(value, type.some);
    case "result":
      return payload(tagOf(value) === "err" ? type.err : type.ok);
    case "variant":
      return payload(type.cases.find(({ name }) => name === tagOf(value))?.type);
    case "record":
      return Object.fromEntries(
        type.fields.map((field) => {
          const name = camelCase(field.name);
          return [name, next(partOf(value, name), field.type)];
        }),
      );
    default:
      return value;
  }
}

function tagOf(value: WitValue): WitValue {
  return partOf(value, "tag");
}

/** What `value` has under `name`, if it is an object. */
export function partOf(value: WitValue, name: string): WitValue {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
