/**
 * Where a call from this node goes: to a target that runs here, while its line is not full, else to the lattice.
 *
 * wasmCloud's hosts know no such preference: there every call is shared out evenly. `shortCircuit: false` does the same
 * here.
 */
import type { Callee, Interceptor } from "../../core/call.ts";
import type { Dialect } from "../../core/dialect.ts";
import type { EntityId } from "../../core/ids.ts";
import type { PoolResources } from "../../core/runtime.ts";
import type { World } from "../../core/wit.ts";
import type { Companions } from "./companions.ts";

import { inLattice } from "../../core/carriers.ts";
import { shown } from "../interceptors/shown.ts";
import { isServable } from "../../interfaces/servable.ts";
import { sameTypes } from "./same-types.ts";
import { asIfRemote } from "./short-circuit.ts";

/** A target in this node: a component that runs here, or a provider of the page. */
export interface LocalTarget {
  /** What the lattice sees of it. */
  readonly world: World;
  /** Records what passes. */
  readonly callee: Callee;
  /** As a dialect is told of it; default false. */
  readonly handles?: boolean;
  /** Of a component that exports resources. */
  readonly resources?: PoolResources;
  /** False while no more calls are to come. */
  readonly accepting: () => boolean;
}

export interface ReachParts {
  readonly dialects: readonly Dialect[];
  readonly local: (target: EntityId) => LocalTarget | undefined;
  readonly shortCircuit: boolean;
  /** What calls that go to the lattice pass. */
  readonly intercept: Interceptor;
  /** What looks at calls of components of this node; default nothing. */
  readonly companions?: Pick<Companions, "watch">;
}

/** What calls `func` of `instance` of `target`, by the function types of `types`' exports. */
export type Reach = (target: EntityId, types: World, instance: string, func: string) => Callee;

export function createReach({
  dialects,
  local,
  shortCircuit,
  intercept,
  companions,
}: ReachParts): Reach {
  return (target, types, instance, func) => {
    const here = shortCircuit ? local(target) : undefined;
    const adapted = here?.accepting() === true ? adapt(dialects, instance, here) : undefined;
    if (adapted !== undefined) return adapted;
    const wanted = types.exports.get(instance)?.get(func);
    const offered = here?.world.exports.get(instance)?.get(func);
    // With other types than the caller's the bytes decide what it means, and who else serves the target.
    if (
      here !== undefined &&
      wanted !== undefined &&
      offered !== undefined &&
      isServable(func, offered, here.handles ?? false) &&
      sameTypes(wanted, offered) &&
      here.accepting()
    ) {
      return asIfRemote(companions?.watch(here.callee, wanted) ?? here.callee, target, wanted);
    }
    return intercept(shown([types], inLattice(dialects, target, types)));
  };
}

/** `here` as a generation calls it by an interface that need not be its own. */
function adapt(
  dialects: readonly Dialect[],
  instance: string,
  { world, callee }: LocalTarget,
): Callee | undefined {
  for (const dialect of dialects) {
    const adapted = dialect.adapt?.(instance, world, callee);
    if (adapted !== undefined) return adapted;
  }
  return undefined;
}
