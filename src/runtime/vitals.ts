/** How a component does, summed over its workers, also those that have come and gone meanwhile. */
import type { PoolVitals } from "../core/runtime.ts";
import type { Runner } from "./runner.ts";

export function createVitals(runners: () => readonly Runner[]): () => Promise<PoolVitals> {
  /** What each has told of itself. */
  const known = new WeakMap<Runner, number>();
  let ranMs = 0;
  return async () => {
    const present = runners();
    const told = await Promise.all(
      present.map(async (runner) => {
        try {
          const vitals = await runner.vitals?.();
          if (vitals === undefined) return undefined;
          ranMs += Math.max(0, vitals.ranMs - (known.get(runner) ?? 0));
          known.set(runner, vitals.ranMs);
          return vitals;
        } catch {
          return undefined; // it was lost meanwhile, and whoever needed it has been told
        }
      }),
    );
    const sum = (figure: "instances" | "memoryBytes"): number =>
      told.reduce((total, each) => total + (each?.[figure] ?? 0), 0);
    return {
      workers: present.length,
      instances: sum("instances"),
      memoryBytes: sum("memoryBytes"),
      ranMs,
    };
  };
}
