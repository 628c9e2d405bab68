/** Values by their parts: what walks along a type to replace streams, futures and handles. */
import { camelCase } from "../core/wit.ts";
import type { Case, WitType, WitValue } from "../core/wit.ts";
import { partsOfType } from "./type-parts.ts";
import { isTagged, resultCases } from "./value-types.ts";

/** Gives what stands for a part; `step` leads to it: `[2]`, `.name`, or nothing. */
export type MapPart = (type: WitType, value: WitValue, step: string) => unknown;

/**
 * `value`, which is of `type` as far as it is looked at, with `map` of each of its parts. Lists whose elements have neither
 * streams nor handles stay as they are.
 */
export function mapParts(type: WitType, value: WitValue, map: MapPart): WitValue {
  switch (type.kind) {
    case "list":
      return Array.isArray(value) && hasParts(type.element)
        ? value.map((each, i) => map(type.element, each, `[${i}]`))
        : value;
    case "tuple":
      return Array.isArray(value)
        ? type.elements.map((each, i) => map(each, value[i], `[${i}]`))
        : value;
    case "record":
      return mapFields(value, (field) =>
        type.fields.map(({ name, type: part }) => {
          const key = camelCase(name);
          return [key, map(part, field(key), `.${key}`)];
        }),
      );
    case "option":
      if (isTagged(type)) return mapCase([{ name: "some", type: type.some }], value, map);
      return value === undefined || value === null ? value : map(type.some, value, "");
    case "result":
      return mapCase(resultCases(type), value, map);
    case "variant":
      return mapCase(type.cases, value, map);
    default:
      return value;
  }
}

function mapCase(cases: readonly Case[], value: WitValue, map: MapPart): WitValue {
  const tag: unknown = Reflect.get(Object(value), "tag");
  const payload = cases.find(({ name }) => name === tag)?.type;
  return payload === undefined
    ? value
    : mapFields(value, (field) => [
        ["tag", tag],
        ["val", map(payload, field("val"), ".val")],
      ]);
}

function mapFields(
  value: WitValue,
  entries: (field: (name: string) => unknown) => (readonly [string, unknown])[],
): WitValue {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(entries((name) => Reflect.get(value, name)));
}

/** Whether values of `type` have anything that may need to be replaced. */
export function hasParts(type: WitType): boolean {
  const { streams, handles } = partsOfType(type);
  return streams || handles;
}
