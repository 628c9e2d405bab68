/** The types of what providers serve and call, among the lattice's own interfaces. */
import type { World } from "../core/wit.ts";

import { LatticeError } from "../core/error.ts";
import { createInterfaces } from "../interfaces/interfaces.ts";

/** A world that exports `instances`, by their names on the wire. */
export function servedOf(...instances: readonly string[]): World {
  const { flat } = createInterfaces();
  return {
    imports: new Map(),
    exports: new Map(
      instances.map((instance) => {
        const types = flat.exports.get(instance);
        if (types === undefined) throw new LatticeError("internal", `${instance} has no types`);
        return [instance, types];
      }),
    ),
  };
}
