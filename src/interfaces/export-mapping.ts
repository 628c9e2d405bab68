/** How an interface that components export is shown to the lattice. */
import type { Callee } from "../core/call.ts";
import type { WitValue, World } from "../core/wit.ts";
import { handleOf } from "./import-mapping.ts";

/** A component's export, as the lattice calls it. */
export interface ExportMapping {
  /** The full name of the lattice's interface. */
  readonly wire: string;
  /** By the name that the lattice calls. */
  readonly functions: Readonly<Record<string, ExportFunction>>;
}

export interface ExportFunction {
  /** The component's own function. */
  readonly func: string;
  /** `arrive` gives the handle under which the component finds a thing, for as long as the call lasts. */
  readonly params: (
    args: readonly WitValue[],
    arrive: (thing: object) => Uint8Array,
  ) => readonly WitValue[];
  readonly results?: (results: readonly WitValue[]) => readonly WitValue[];
}

/** What the lattice sees of a component. */
export interface Face {
  readonly world: World;
  readonly callee: Callee;
}

/**
 * `own` with its exports in `mappings` shown as those of `flat`; all others stay as they are. A component that has both
 * forms is called by the lattice's own.
 */
export function faceOf(
  own: Face,
  mappings: Readonly<Record<string, ExportMapping>>,
  flat: World,
  arrivals: Map<string, object>,
): Face {
  const { world, callee } = own;
  const shown = new Map<string, { readonly instance: string; readonly mapping: ExportMapping }>();
  const exports = new Map(world.exports);
  for (const [instance, mapping] of Object.entries(mappings)) {
    if (!exports.delete(instance) || exports.has(mapping.wire)) continue;
    shown.set(mapping.wire, { instance, mapping });
    exports.set(mapping.wire, flat.exports.get(mapping.wire) ?? new Map());
  }
  if (shown.size === 0) return own;
  let arrived = 0;
  return {
    world: { imports: world.imports, exports },
    callee: {
      async invoke(call) {
        const found = shown.get(call.instance);
        const mapped = found?.mapping.functions[call.func];
        if (found === undefined || mapped === undefined) return callee.invoke(call);
        const names: string[] = [];
        const arrive = (thing: object): Uint8Array => {
          const name = `arrived-${++arrived}`;
          names.push(name);
          arrivals.set(name, thing);
          return handleOf(name);
        };
        try {
          const { func, params, results } = mapped;
          const args = params(call.args, arrive);
          const given = await callee.invoke({ ...call, instance: found.instance, func, args });
          return results === undefined ? given : results(given);
        } finally {
          for (const name of names) arrivals.delete(name);
        }
      },
    },
  };
}
