/**
 * What an operator is told of a workload (`crates/wash-runtime/src/washlet/mod.rs` @ v2.7.0). The words are the host's, which
 * has them from upstream's.
 */
import type { WorkloadSetStatus } from "../../core/workload-set.ts";
import type { WireState } from "./schema.ts";

import { workloadResponse } from "./schema.ts";

const STATES: Readonly<Record<WorkloadSetStatus["phase"], WireState>> = {
  starting: "WORKLOAD_STATE_STARTING",
  running: "WORKLOAD_STATE_RUNNING",
  completed: "WORKLOAD_STATE_COMPLETED",
  stopping: "WORKLOAD_STATE_STOPPING",
  failed: "WORKLOAD_STATE_ERROR",
  absent: "WORKLOAD_STATE_NOT_FOUND",
};

/** The answer to a start, a status and a stop: an operator fails over one without a status. */
export function encodeStatus({ id, phase, message }: WorkloadSetStatus): Uint8Array {
  return workloadResponse.encode({
    workloadStatus: { workloadId: id, workloadState: STATES[phase], message },
  });
}

/** A refusal, which leaves whatever has this id as it was. */
export function encodeRefusal(id: string, message: string): Uint8Array {
  return encodeStatus({ id, phase: "failed", message });
}
