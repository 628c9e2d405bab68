/** Who answers for a target: what runs in this node, or the lattice, by the dialect that knows it. */
import type { Callee, Interceptor, Via } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Dialect } from "../core/dialect.ts";
import type { EntityId } from "../core/ids.ts";
import type { World } from "../core/wit.ts";
import type { LocalTarget } from "./outbound/reach.ts";
import type { Workload } from "./workload.ts";

import { LatticeError } from "../core/error.ts";
import { shown } from "./interceptors/shown.ts";
import { later } from "../core/later.ts";

export interface TargetsParts {
  readonly clock: Clock;
  readonly dialects: readonly Dialect[];
  /** What runs under an id and is not about to stop. */
  readonly workload: (id: EntityId) => Workload | undefined;
  readonly provider: (id: EntityId) => LocalTarget | undefined;
}

export interface Targets {
  readonly local: (target: EntityId) => LocalTarget | undefined;
  /** Over the lattice, even if it runs here. Throws `not-served` where no dialect carries it. */
  readonly distant: (target: EntityId, world: World) => Callee;
  /**
   * What runs here, while its line is not full; else what the lattice has, behind `away`, by the types of `world` or those that
   * are known here; or only one of these, by `via`. Throws `types-unknown` where there are neither, `not-served` and `overloaded`
   * where only what runs here counts, and as {@link distant}.
   */
  nearest(target: EntityId, world: World | undefined, away: Interceptor, via?: Via): Callee;
}

export function createTargets(parts: TargetsParts): Targets {
  const { clock, dialects, workload, provider } = parts;
  const carriers = later(
    clock,
    "calls by several generations",
    () => import("../core/carriers.ts"),
  );
  const targets: Targets = {
    local(target) {
      const found = workload(target);
      if (found === undefined) return provider(target);
      const { world, callee, pool } = found;
      const { resources } = pool;
      const own = resources === undefined ? {} : { resources };
      return { world, callee, handles: true, ...own, accepting: () => pool.load.peek().accepting };
    },
    distant(target, world) {
      const [first, ...others] = dialects;
      if (first === undefined) throw new LatticeError("not-served", "this node speaks no dialect");
      if (others.length === 0) return first.reach(target, world);
      return {
        async invoke(call) {
          const { inLattice } = await carriers(call.signal);
          return inLattice(dialects, target, world).invoke(call);
        },
      };
    },
    nearest(target, world, away, via) {
      const here = targets.local(target);
      if (via !== "lattice" && here?.accepting() === true) return here.callee;
      if (via === "here") {
        if (here === undefined) {
          throw new LatticeError("not-served", `${target} does not run in this node`);
        }
        throw new LatticeError("overloaded", `the line of ${target} is full in this node`);
      }
      const types = world ?? here?.world;
      if (types !== undefined) return away(shown([types], targets.distant(target, types)));
      const error = `the types of ${target} are not known here: pass the WIT text of the interface as \`wit\``;
      throw new LatticeError("types-unknown", error);
    },
  };
  return targets;
}
