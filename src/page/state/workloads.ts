/** What is said of workloads of wasmCloud v2. */
import type { SetMemberView, WorkloadSetView } from "../../core/node-state.ts";

/** Its state in a word, and the state whose look it takes. */
export function workloadWord({ phase }: Pick<WorkloadSetView, "phase">): {
  readonly word: string;
  readonly look: "starting" | "running" | "stopping" | "failed" | "off";
} {
  switch (phase) {
    case "starting":
      return { word: "Starting", look: "starting" };
    case "running":
      return { word: "Running", look: "running" };
    case "completed":
      return { word: "Completed", look: "off" };
    case "stopping":
      return { word: "Stopping", look: "stopping" };
    case "failed":
      return { word: "Failed", look: "failed" };
  }
}

export function countWords(sets: readonly Pick<WorkloadSetView, "phase">[]): string {
  const running = sets.filter(({ phase }) => phase === "running").length;
  return `${running} of ${sets.length} running`;
}

/** The state of one of its components in a word. */
export function memberWord({ state, accepting, role }: SetMemberView): {
  readonly word: string;
  readonly look: "starting" | "running" | "stopping" | "failed" | "full";
} {
  switch (state.phase) {
    case "starting":
      return { word: "starting", look: "starting" };
    case "stopping":
      return { word: "stopping", look: "stopping" };
    case "failed":
      return { word: "failed", look: "failed" };
    case "running":
      return accepting || role === "service"
        ? { word: role === "service" ? "service" : "component", look: "running" }
        : { word: "line full", look: "full" };
  }
}

export interface Met {
  readonly instance: string;
  readonly by: string;
}

/** What answers the imports of a member, interfaces of one answer together. */
export function metBy({ met }: Pick<SetMemberView, "met">): readonly Met[] {
  return Object.entries(met).map(([instance, by]) => ({ instance, by }));
}
