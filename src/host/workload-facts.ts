/** What a workload takes from what its lattice keeps, and leaves there: named configuration, and the fact that it is known. */
import type { Facts, Values } from "../core/facts.ts";
import type { Log } from "../core/log.ts";
import type { View } from "../core/view.ts";
import type { WorkloadSpec } from "../core/workload.ts";

import { asLatticeError, LatticeError } from "../core/error.ts";
import { createSource } from "../core/view.ts";

export interface WorkloadFacts {
  /**
   * What the component reads through `wasi:config`, live until `until` aborts: the values of its names, and over them those
   * that it was started with.
   *
   * @throws {LatticeError} `not-found` for a name that is not there, `unsupported` for secrets, and as {@link Facts}.
   */
  config(spec: WorkloadSpec, signal: AbortSignal, until: AbortSignal): Promise<View<Values>>;
  /**
   * Makes the component known to the lattice, so that others keep links for it. Where this host may not write, or the
   * lattice keeps nothing, it runs all the same.
   *
   * @throws {LatticeError} if what is known of it cannot be read, or the store does not answer; it does not start then, as
   * in upstream.
   */
  introduce(spec: WorkloadSpec, signal: AbortSignal): Promise<void>;
}

export function createWorkloadFacts(facts: Facts | undefined, log: Log): WorkloadFacts {
  return {
    async config({ config, configNames }, signal, until) {
      if (configNames.length === 0) return createSource(config);
      if (facts === undefined) {
        const names = configNames.join(", ");
        throw new LatticeError(
          "unsupported",
          `no dialect of this node keeps configuration: ${names}`,
        );
      }
      const kept = await facts.followConfig(configNames, signal, until);
      if (config.size === 0) return kept;
      const both = (values: Values): Values => new Map([...values, ...config]);
      const merged = createSource(both(kept.peek()));
      kept.subscribe((values) => merged.set(both(values)), until);
      return merged;
    },
    async introduce({ id, image }, signal) {
      if (facts === undefined || facts.status.peek().phase === "absent") return;
      try {
        await facts.introduce(id, image.reference, signal);
      } catch (cause) {
        const { code, message } = asLatticeError(cause);
        if (code !== "denied" && code !== "unsupported") throw cause;
        log.warn("workload.not-introduced", { workload: id, problem: message });
      }
    },
  };
}
