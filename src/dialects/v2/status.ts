/**
 * What an operator is told of a workload, in the words of upstream's hosts (`crates/wash-runtime/src/{washlet,host}/mod.rs`
 * @ v2.7.0).
 */
import type { WorkloadSetStatus } from "../../core/workload-set.ts";
import type { WireState } from "./schema.ts";

import { workloadResponse } from "./schema.ts";

/** What was asked for. */
export type Asking = "start" | "status" | "stop";

type Phase = WorkloadSetStatus["phase"];

const STATES: Readonly<Record<Phase, WireState>> = {
  starting: "WORKLOAD_STATE_STARTING",
  running: "WORKLOAD_STATE_RUNNING",
  completed: "WORKLOAD_STATE_COMPLETED",
  stopping: "WORKLOAD_STATE_STOPPING",
  failed: "WORKLOAD_STATE_ERROR",
  absent: "WORKLOAD_STATE_NOT_FOUND",
};

export function encodeStatus(asking: Asking, status: WorkloadSetStatus): Uint8Array {
  const { id, phase } = status;
  return workloadResponse.encode({
    workloadStatus: {
      workloadId: id,
      workloadState: STATES[phase],
      message: WORDS[asking](status),
    },
  });
}

/** A refusal, which leaves whatever has this id as it was. */
export function encodeRefusal(id: string, message: string): Uint8Array {
  return encodeStatus("start", { id, phase: "failed", message });
}

const WORDS: Readonly<Record<Asking, (status: WorkloadSetStatus) => string>> = {
  start: ({ phase, message }) => {
    if (phase === "running") return "Workload started successfully";
    return phase === "failed" ? message : `Workload is ${titled(phase)}`;
  },
  status: ({ id, phase, message }) => {
    if (phase === "absent") return `Workload not found: ${id}`;
    return phase === "failed" ? `Error: ${message}` : `Workload is ${titled(phase)}`;
  },
  stop: ({ phase, message }) => {
    if (phase === "absent") return "Workload not found";
    return message === "" ? `Workload is ${titled(phase)}` : message;
  },
};

const titled = (phase: Phase): string => `${phase.charAt(0).toUpperCase()}${phase.slice(1)}`;
