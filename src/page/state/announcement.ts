/**
 * What a screen reader is told when the state changes: changes of phase and of components, never single calls
 * but forged ones.
 */
import type { NodeState, WorkloadView } from "../../core/node-state.ts";

import { adviceFor } from "./advice.ts";
import { leavingWords } from "./calls.ts";
import { outageOf } from "./connections.ts";

/** A sentence about the step from `before` to `now`; empty when there is nothing to say. */
export function announcement(before: NodeState, now: NodeState): string {
  if (before.phase !== now.phase) return phaseSentence(now);
  const sentences = now.workloads.flatMap((workload) => {
    const old = before.workloads.find(({ id }) => id === workload.id);
    return old?.state.phase === workload.state.phase ? [] : [workloadSentence(workload)];
  });
  const gone = before.workloads
    .filter(({ id }) => now.workloads.every((workload) => workload.id !== id))
    .map(({ id }) => `${id} stopped.`);
  const alarmed = (now.alarms.at(-1)?.at ?? 0) > (before.alarms.at(-1)?.at ?? 0);
  return [...(alarmed ? ["A forged call was seen."] : []), ...sentences, ...gone].join(" ");
}

function phaseSentence(state: NodeState): string {
  const { phase, lattice, friendlyName, error } = state;
  switch (phase) {
    case "idle":
      return "Not joined.";
    case "connecting":
      return `Joining lattice ${lattice}.`;
    case "joined":
      return `Joined lattice ${lattice}${friendlyName === undefined ? "" : ` as ${friendlyName}`}.`;
    case "reconnecting":
      return `${outageOf(state)?.lost ?? "Connection lost"}. Reconnecting.`;
    case "leaving":
      return `Leaving lattice ${lattice}. ${leavingWords(state)}.`;
    case "stopped":
      return `Left lattice ${lattice}.`;
    case "failed":
      return error === undefined ? "Failed." : `${adviceFor(error.code).title}.`;
  }
}

function workloadSentence({ id, state }: WorkloadView): string {
  switch (state.phase) {
    case "starting":
      return `${id} is starting.`;
    case "running":
      return `${id} is running.`;
    case "stopping":
      return `${id} is stopping.`;
    case "failed":
      return `${id} did not start.`;
  }
}
