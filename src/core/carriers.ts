/** Which of a node's generations carries a call into the lattice. */
import type { Callee } from "./call.ts";
import type { Dialect } from "./dialect.ts";
import type { EntityId } from "./ids.ts";
import type { World } from "./wit.ts";

import { asLatticeError, LatticeError } from "./error.ts";

/** Those that could carry calls of `instance` of `target`, the likeliest one first. None where none is spoken. */
export function carriersOf(
  dialects: readonly Dialect[],
  target: EntityId,
  instance: string,
): readonly Dialect[] {
  const ranked = dialects.map((dialect) => ({
    dialect,
    rank: RANKS[dialect.knows?.(target, instance) ?? "unknown"],
  }));
  // Where no generation has words for it, the first one says so.
  const able = ranked.filter(({ rank }) => rank !== RANKS.never);
  return able.length === 0
    ? dialects.slice(0, 1)
    : able.sort((a, b) => a.rank - b.rank).map(({ dialect }) => dialect);
}

const RANKS = { member: 0, unknown: 1, stranger: 2, never: 3 };

/**
 * Calls `target` by the function types of `world`'s exports: the next generation is asked where nobody heard the call.
 *
 * @throws {LatticeError} `not-served` at once where no generation is spoken.
 */
export function inLattice(dialects: readonly Dialect[], target: EntityId, world: World): Callee {
  const [first] = dialects;
  if (first === undefined) {
    throw new LatticeError("not-served", `${target} is not here, and this node speaks no dialect`);
  }
  if (dialects.length === 1) return first.reach(target, world);
  return {
    async invoke(call) {
      const carriers = carriersOf(dialects, target, call.instance);
      for (const carrier of carriers.slice(0, -1)) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- the next one only if nobody heard this one
          return await carrier.reach(target, world).invoke(call);
        } catch (cause) {
          if (asLatticeError(cause).code !== "not-served") throw cause;
        }
      }
      return (carriers.at(-1) ?? first).reach(target, world).invoke(call);
    },
  };
}
