/** All interfaces that 1.x translates between components and the lattice, by name. */
import type { Callee } from "../core/call.ts";
import type { World } from "../core/wit.ts";
import type { Face } from "./export-mapping.ts";
import type { Held, ImportMapping } from "./import-mapping.ts";

import { parseWit } from "../wire/wit-text.ts";
import { BLOBSTORE_IMPORTS } from "./blobstore.ts";
import { faceOf } from "./export-mapping.ts";
import { HTTP_IMPORTS } from "./http.ts";
import { createHeld } from "./import-mapping.ts";
import { KEYVALUE_EXPORTS, KEYVALUE_IMPORTS } from "./keyvalue.ts";
import { LATTICE_WIT } from "./lattice-wit.ts";
import { MESSAGING_EXPORTS, MESSAGING_IMPORTS } from "./messaging.ts";
import { isOlder } from "./older-names.ts";
import { faceOnTheWire, RPC_ERROR_IMPORTS } from "./rpc-error.ts";

const IMPORTS: Readonly<Record<string, ImportMapping>> = {
  ...KEYVALUE_IMPORTS,
  ...BLOBSTORE_IMPORTS,
  ...MESSAGING_IMPORTS,
  ...HTTP_IMPORTS,
  ...RPC_ERROR_IMPORTS,
};

const EXPORTS = { ...KEYVALUE_EXPORTS, ...MESSAGING_EXPORTS };

export interface Interfaces {
  /** The flat interfaces of the lattice, as exports. */
  readonly flat: World;
  /** The mapping of what a component imports by this full name; `undefined` if it goes to the lattice as it is. */
  importOf(instance: string): ImportMapping | undefined;
  /** The same with what components of 0.82 import, if one with `world` does: that is loaded then. */
  importedBy(world: World): Promise<Interfaces>;
  /** The two sides of one component. */
  workload(): InterfacesOfWorkload;
}

export interface InterfacesOfWorkload {
  /** What the lattice sees of the component that has `world` and is called by `callee`. */
  face(world: World, callee: Callee): Face;
  /** For a new instance of it. */
  held(): Held;
}

export function createInterfaces(): Interfaces {
  const flat: World = { imports: new Map(), exports: parseWit(LATTICE_WIT).interfaces };
  const interfaces: Interfaces = {
    flat,
    importOf: (instance) => own(IMPORTS, instance),
    async importedBy({ imports }) {
      if (![...imports.keys()].some(isOlder)) return interfaces;
      const { OLDER_IMPORTS } = await import("./older.ts");
      const importOf: Interfaces["importOf"] = (instance) =>
        own(OLDER_IMPORTS, instance) ?? interfaces.importOf(instance);
      return { ...interfaces, importOf };
    },
    workload() {
      const arrivals = new Map<string, object>();
      return {
        face: (world, callee) => faceOnTheWire(faceOf({ world, callee }, EXPORTS, flat, arrivals)),
        held: () => createHeld(arrivals),
      };
    },
  };
  return interfaces;
}

/** Names come from components: those of every object are not meant. */
function own(
  mappings: Readonly<Record<string, ImportMapping>>,
  name: string,
): ImportMapping | undefined {
  return Object.hasOwn(mappings, name) ? mappings[name] : undefined;
}
