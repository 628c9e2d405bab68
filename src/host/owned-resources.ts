/**
 * Calls of a component that exports resources, taken where the resources live. NATS gives a call to any node that serves
 * the component: one with handles of another node goes on to that, once.
 */
import type { Callee } from "../core/call.ts";
import type { World } from "../core/wit.ts";

import { placeOf } from "../interfaces/places.ts";

/** `callee`, which has `world` and lives at `place`; what belongs elsewhere goes to `elsewhere`. */
export function takenAtPlace(
  callee: Callee,
  world: World,
  place: string,
  elsewhere: () => Callee,
): Callee {
  return {
    async invoke(call) {
      // Whoever names the place has found out before.
      const at = call.place ?? placeOf(world, call);
      if (at === undefined || at === place) return callee.invoke(call);
      return elsewhere().invoke({ ...call, place: at });
    },
  };
}
