/** A node's state as its page has it before the node tells of itself, and after it has ended. */
import type { NodeState } from "./core/node-state.ts";
import type { JoinOptions } from "./lattice-node.ts";

import { NO_WATCH } from "./core/alarm.ts";
import { asLatticeError } from "./core/error.ts";
import { VERSION } from "./version.ts";

export function initialState(options: JoinOptions): NodeState {
  return {
    phase: "connecting",
    error: undefined,
    hostId: undefined,
    friendlyName: options.name,
    lattice: options.lattice ?? "default",
    version: VERSION,
    bridge: undefined,
    labels: options.labels ?? {},
    joinSteps: [],
    control: { phase: "connecting" },
    rpc: { phase: "connecting" },
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

export function endedState(state: NodeState, reason: unknown): NodeState {
  if (state.phase === "failed") return state;
  const { code, message } = asLatticeError(reason);
  return code === "closed" || code === "aborted"
    ? { ...state, phase: "stopped" }
    : { ...state, phase: "failed", error: { code, message } };
}
