/**
 * The namespace of one interface: its types, and in `Served` and `Client` its functions, resources and the types that have to do
 * with handles, which are other objects on each side.
 */
import type { Interface, WitType } from "../core/wit.ts";
import type { WitDocument } from "../wire/wit-text.ts";
import type { FunctionTexts } from "./wit-type-functions.ts";
import type { Side, TypeTexts } from "./wit-type-texts.ts";

import { className } from "../typed/names.ts";
import { partsOfType } from "../wire/type-parts.ts";
import { apart, block } from "./wit-type-functions.ts";
import { NameSet, type WitNames } from "./wit-type-names.ts";

export const SIDES = ["Served", "Client"] as const;

export interface NamespacesParts {
  readonly document: WitDocument;
  /** Whose functions are emitted; of others only the types are. */
  readonly instances: ReadonlyMap<string, Interface>;
  readonly names: WitNames;
  readonly types: TypeTexts;
  readonly functions: FunctionTexts;
}

/** The namespace of `owner`, in lines; none if nothing stands in it. */
export function namespaceOf(owner: string, parts: NamespacesParts): readonly string[] {
  const { document, instances, names, functions } = parts;
  const instance = instances.get(owner);
  const named = [...(document.types.get(owner) ?? [])].map(
    ([name, type]) =>
      ({ name, type, typeName: names.typeName(owner, name) ?? className(name) }) as const,
  );
  const used = new NameSet(named.map(({ typeName }) => typeName));
  const classes = new Map<string, string>();
  const shared: (readonly string[])[] = [];
  const sided: Record<Side, (readonly string[])[]> = { Served: [], Client: [] };
  for (const { name, type, typeName } of named) {
    if (isDefined(type, name, owner, document)) {
      const made = instance && used.add(`${className(name)}Class`);
      if (made !== undefined) classes.set(className(name), made);
      const resource = {
        resource: name,
        owner,
        functions: instance ?? new Map(),
        name: typeName,
        className: made,
      };
      for (const side of SIDES) sided[side].push(functions.resource(resource, side));
    } else if (partsOfType(type).handles) {
      for (const side of SIDES) sided[side].push(declare(owner, name, type, side, parts));
    } else shared.push(declare(owner, name, type, "Client", parts));
  }
  if (instance !== undefined) {
    for (const side of SIDES) {
      const members = functions.members(instance, owner, side, classes);
      sided[side].push(block("export interface Functions", members));
    }
  }
  const sides = SIDES.filter((side) => sided[side].length > 0).map((side) =>
    block(`export namespace ${side}`, apart(sided[side])),
  );
  const body = apart([...shared, ...sides]);
  if (body.length === 0) return [];
  return [`/** \`${owner}\` */`, ...block(`export namespace ${names.namespace(owner)}`, body)];
}

/** Whether `owner` defines the resource `name`, rather than using it from elsewhere. */
function isDefined(type: WitType, name: string, owner: string, { homes }: WitDocument): boolean {
  return type.kind === "own" && type.resource === name && (homes.get(type) ?? owner) === owner;
}

function declare(
  owner: string,
  name: string,
  type: WitType,
  side: Side,
  { names, types }: NamespacesParts,
): readonly string[] {
  const typeName = names.typeName(owner, name) ?? className(name);
  const at = { owner, side, way: "both" } as const;
  const found = names.find(type);
  const isHere = found?.owner === owner && found.name === name;
  return isHere ? types.declare(typeName, type, at) : types.alias(typeName, type, at);
}
