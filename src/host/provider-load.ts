/** How many calls a provider takes at once: more are refused, and it leaves its queue groups until half have ended. */
import type { Interceptor } from "../core/call.ts";
import type { ProviderLoad } from "../core/provider.ts";

import { LatticeError } from "../core/error.ts";
import { createSource } from "../core/view.ts";

/** Calls of one provider that may be under way. They wait for storage, not for a processor: many cost little. */
const MOST_CALLS = 256;

export interface LimitedLoad extends ProviderLoad {
  readonly limit: Interceptor;
}

/** It is not accepting from the moment there is no room until half of it is free. */
export function createProviderLoad(id: string): LimitedLoad {
  const accepting = createSource(true);
  let running = 0;
  return {
    accepting,
    running: () => running,
    limit: (next) => ({
      async invoke(call) {
        if (running >= MOST_CALLS) {
          throw new LatticeError("overloaded", `${id} has ${MOST_CALLS} calls under way`);
        }
        running++;
        if (running === MOST_CALLS) accepting.set(false);
        try {
          return await next.invoke(call);
        } finally {
          running--;
          if (running <= MOST_CALLS / 2) accepting.set(true);
        }
      },
    }),
  };
}
