/** The state before there is a node, so that the page has one shape of state from its first moment. */
import type { ErrorCode } from "../../core/error.ts";
import type { NodeState } from "../../core/node-state.ts";

import { NO_WATCH } from "../../core/alarm.ts";

export function idleState(lattice: string = "default"): NodeState {
  return {
    phase: "idle",
    error: undefined,
    hostId: undefined,
    friendlyName: undefined,
    lattice,
    version: "",
    bridge: undefined,
    labels: {},
    joinSteps: [],
    control: { phase: "closed" },
    rpc: { phase: "closed" },
    users: {},
    refusals: [],
    facts: { phase: "reading" },
    sharing: false,
    workloads: [],
    providers: [],
    workloadSets: [],
    calls: [],
    totals: { answered: 0, failed: 0, refused: 0 },
    alarms: [],
    watch: NO_WATCH,
    metrics: [],
    log: [],
  };
}

/** An idle state that failed before a node could be made. */
export function failedState(code: ErrorCode, message: string): NodeState {
  return { ...idleState(), phase: "failed", error: { code, message } };
}
