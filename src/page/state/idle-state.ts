/** The state before there is a node, so that the page has one shape of state from its first moment. */
import type { ErrorCode } from "../../core/error.ts";
import type { NodeState } from "../../core/node-state.ts";

import { blankState } from "../../core/blank-state.ts";

export function idleState(lattice: string = "default"): NodeState {
  return blankState(lattice);
}

/** An idle state that failed before a node could be made. */
export function failedState(code: ErrorCode, message: string): NodeState {
  return { ...idleState(), phase: "failed", error: { code, message } };
}
