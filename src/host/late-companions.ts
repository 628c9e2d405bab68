/**
 * The companions of this host's components, whose code is loaded when a component first calls another one of this node. No
 * call waits for it: until it is there, nothing is watched.
 */
import type { Callee } from "../core/call.ts";
import type { Companions, CompanionsParts } from "./outbound/companions.ts";

import { messageOf } from "../core/error.ts";
import { later } from "../core/later.ts";

export function createLateCompanions(parts: CompanionsParts): Companions {
  const { clock, log } = parts;
  const load = later(clock, "companions", () => import("./outbound/companions.ts"));
  let companions: Companions | undefined;
  let loading = false;
  const open = async (): Promise<void> => {
    loading = true;
    try {
      companions = (await load()).createCompanions(parts);
    } catch (cause) {
      // Calls go on as they are; each try would cost a request.
      log.warn("companion.unavailable", { problem: messageOf(cause) });
    }
  };
  return {
    watch(callee, type): Callee {
      if (!loading) void open();
      return companions?.watch(callee, type) ?? callee;
    },
    review: () => companions?.review(),
    release: async (pool) => companions?.release(pool),
  };
}
