/** The state of a node that tells nothing yet: what pages show begins with it, so that it has one shape from the first moment. */
import type { NodeState } from "./node-state.ts";

import { NO_WATCH } from "./alarm.ts";

export function blankState(lattice: string): NodeState {
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
