/** What a world exports, in words for people. */
import type { WorkloadView } from "../core/node-state.ts";
import type { World } from "../core/wit.ts";

import { signature } from "./wit-signature.ts";
import { unservable } from "./wrpc.ts";

export function exportsOf(world: World): WorkloadView["exports"] {
  return [...world.exports].flatMap(([instance, functions]) =>
    [...functions].map(([func, type]) => {
      const obstacle = unservable(func, type);
      return {
        instance,
        func,
        signature: signature(type),
        ...(obstacle === undefined ? {} : { unserved: obstacle }),
      };
    }),
  );
}
