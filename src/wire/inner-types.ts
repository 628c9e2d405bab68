/** What types are made of. */
import type { WitType } from "../core/wit.ts";

/** The types that `type` is made of, those of what streams and futures carry included. */
export function innerTypes(type: WitType): readonly WitType[] {
  switch (type.kind) {
    case "list":
      return [type.element];
    case "option":
      return [type.some];
    case "result":
      return [type.ok, type.err].filter((part) => part !== undefined);
    case "tuple":
      return type.elements;
    case "record":
      return type.fields.map((field) => field.type);
    case "variant":
      return type.cases.flatMap((each) => each.type ?? []);
    case "stream":
    case "future":
      return type.element === undefined ? [] : [type.element];
    default:
      return [];
  }
}
