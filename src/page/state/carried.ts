/**
 * What a person has started in this page, to be started again when the page joins another lattice: components that this page
 * started and that still ran when it was last seen as a member. What a lattice has placed here is that lattice's.
 */
import type { NodeState, WorkloadOptions } from "../../index.ts";

export interface Carried {
  started(workload: WorkloadOptions): void;
  stopped(id: string): void;
  /** Sees each state of the page's node. */
  saw(state: Pick<NodeState, "phase" | "workloads">): void;
  /** What to start in the next lattice. */
  peek(): readonly WorkloadOptions[];
}

/** `first`: what is to be started the first time. */
export function createCarried(first: readonly WorkloadOptions[]): Carried {
  const started = new Map(first.map((workload) => [workload.id, workload]));
  return {
    started: (workload) => void started.set(workload.id, workload),
    stopped: (id) => void started.delete(id),
    saw({ phase, workloads }) {
      if (phase !== "joined") return;
      for (const { id, state } of workloads) {
        // Somebody else has stopped it: it is not to come back by itself.
        if (state.phase === "stopping") started.delete(id);
      }
    },
    peek: () => [...started.values()],
  };
}
