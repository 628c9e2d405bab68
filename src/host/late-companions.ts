/** The companions of this host's components, whose code comes with the first component: until then there are none. */
import type { Companions, CompanionsParts } from "./outbound/companions.ts";

export interface LateCompanions extends Pick<Companions, "review" | "release"> {
  /** Loads them, once. */
  open(): Promise<Companions>;
}

export function createLateCompanions(parts: CompanionsParts): LateCompanions {
  let companions: Companions | undefined;
  return {
    async open() {
      const { createCompanions } = await import("./outbound/companions.ts");
      return (companions ??= createCompanions(parts));
    },
    review: () => companions?.review(),
    release: async (pool) => companions?.release(pool),
  };
}
