/**
 * Interfaces that look different to the lattice than to components: what takes resources of WASI here is records and
 * streams there, and what reads standard input there takes bytes. The worker does the work (`../workers/adapter.ts`); this is
 * what the runtime has to know of it.
 *
 * Names as in wasmCloud `crates/runtime/src/component/mod.rs` at v1.9.2, those of actors as in
 * `crates/runtime/src/actor/component/mod.rs` at v0.82.0.
 */
import type { Interface, World } from "../core/wit.ts";

import { LatticeError } from "../core/error.ts";
import { withoutVersion } from "../core/wit.ts";
import { ACTOR_GUEST, actorWorld } from "../interfaces/actor.ts";
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
  /** The lattice sees the component's own form as well; default false. */
  readonly besides?: boolean;
}

/** What stands for what, as this host has it. `actors`: components can be called as actors of 0.82 are. */
export function createAdaptations({ actors }: { readonly actors: boolean }): readonly Adaptation[] {
  const interfaces = new Map([...parseWit(LATTICE_WIT).interfaces, ...actorWorld().exports]);
  const adaptation = (guest: string, side: Adaptation["side"], lattice: string): Adaptation => {
    const functions = interfaces.get(lattice);
    if (functions === undefined) throw new LatticeError("internal", `no types of ${lattice}`);
    return { guest, side, lattice, functions };
  };
  return [
    adaptation("wasi:http/incoming-handler", "export", "wrpc:http/incoming-handler@0.1.0"),
    adaptation("wasi:http/outgoing-handler", "import", "wrpc:http/outgoing-handler@0.1.0"),
    ...(actors
      ? [
          adaptation("wasmcloud:bus/guest", "export", ACTOR_GUEST),
          { ...adaptation("wasi:cli/run", "export", ACTOR_GUEST), besides: true },
        ]
      : []),
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

/** Of several exports that one interface of the lattice stands for, the one whose adaptation comes first is meant. */
export function adapt(world: World, adaptations: readonly Adaptation[]): AdaptedWorld {
  const behind = new Map<string, string>();
  const stands = { import: new Map<string, Interface>(), export: new Map<string, Interface>() };
  const seen = (side: Adaptation["side"], interfaces: World["imports"]): World["imports"] => {
    const all = new Map(interfaces);
    for (const each of adaptations) {
      for (const [name, functions] of interfaces) {
        if (each.side !== side || functions.size === 0 || !covers(each, name)) continue;
        if (side === "export") {
          if (behind.has(each.lattice)) continue;
          behind.set(each.lattice, name);
        }
        if (each.besides !== true) all.delete(name);
        all.set(each.lattice, each.functions);
        stands[side].set(each.lattice, each.functions);
      }
    }
    return all;
  };
  const adapted = {
    imports: seen("import", world.imports),
    exports: seen("export", world.exports),
  };
  return { world: adapted, imports: stands.import, exports: stands.export, behind };
}

function covers({ guest }: Adaptation, name: string): boolean {
  return withoutVersion(name) === guest && isWasi02(name);
}
