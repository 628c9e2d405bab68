/**
 * Interfaces that look different to the lattice than to components: what takes resources of WASI here is records and
 * streams there. The worker does the work (`../workers/adapter.ts`); this is what the runtime has to know of it.
 *
 * Names as in wasmCloud `crates/runtime/src/component/mod.rs` at v1.9.2.
 */
import type { Interface, World } from "../core/wit.ts";

import { LatticeError } from "../core/error.ts";
import { withoutVersion } from "../core/wit.ts";
import { LATTICE_WIT } from "../interfaces/lattice-wit.ts";
import { parseWit } from "../wire/wit-text.ts";
import { isWasi02 } from "./wasi.ts";

export interface Adaptation {
  /** The component's interface, without version; any version of WASI 0.2 that the worker has. */
  readonly guest: string;
  readonly side: "import" | "export";
  /** The interface that stands for it in the lattice, by its full name. */
  readonly lattice: string;
  readonly functions: Interface;
}

/** What stands for what, as this host has it. */
export function createAdaptations(): readonly Adaptation[] {
  const { interfaces } = parseWit(LATTICE_WIT);
  const adaptation = (guest: string, side: Adaptation["side"], lattice: string): Adaptation => {
    const functions = interfaces.get(lattice);
    if (functions === undefined) throw new LatticeError("internal", `no types of ${lattice}`);
    return { guest, side, lattice, functions };
  };
  return [
    adaptation("wasi:http/incoming-handler", "export", "wrpc:http/incoming-handler@0.1.0"),
    adaptation("wasi:http/outgoing-handler", "import", "wrpc:http/outgoing-handler@0.1.0"),
  ];
}

export interface AdaptedWorld {
  /** As the lattice sees it. */
  readonly world: World;
  /** What stands for imports of the component, by full name. */
  readonly imports: ReadonlyMap<string, Interface>;
  /** The same for exports. */
  readonly exports: ReadonlyMap<string, Interface>;
  /** The component's own export by the name of what stands for it. */
  readonly behind: ReadonlyMap<string, string>;
}

export function adapt(world: World, adaptations: readonly Adaptation[]): AdaptedWorld {
  const behind = new Map<string, string>();
  const stands = { import: new Map<string, Interface>(), export: new Map<string, Interface>() };
  const seen = (side: Adaptation["side"], interfaces: World["imports"]): World["imports"] =>
    new Map(
      [...interfaces].map(([name, functions]) => {
        const found = adaptations.find((each) => each.side === side && covers(each, name));
        if (found === undefined || functions.size === 0) return [name, functions];
        stands[side].set(found.lattice, found.functions);
        if (side === "export") behind.set(found.lattice, name);
        return [found.lattice, found.functions];
      }),
    );
  const adapted = {
    imports: seen("import", world.imports),
    exports: seen("export", world.exports),
  };
  return { world: adapted, imports: stands.import, exports: stands.export, behind };
}

function covers({ guest }: Adaptation, name: string): boolean {
  return withoutVersion(name) === guest && isWasi02(name);
}
