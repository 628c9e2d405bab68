/** A node's state as its page has it before the node tells of itself, and after it has ended. */
import type { NodeState } from "./core/node-state.ts";
import type { JoinOptions } from "./lattice-node.ts";

import { blankState } from "./core/blank-state.ts";
import { asLatticeError } from "./core/error.ts";
import { VERSION } from "./version.ts";

export function initialState({ name, lattice = "default", labels = {} }: JoinOptions): NodeState {
  return {
    ...blankState(lattice),
    phase: "connecting",
    friendlyName: name,
    version: VERSION,
    labels,
    control: { phase: "connecting" },
    rpc: { phase: "connecting" },
  };
}

export function endedState(state: NodeState, reason: unknown): NodeState {
  if (state.phase === "failed") return state;
  const { code, message } = asLatticeError(reason);
  return code === "closed" || code === "aborted"
    ? { ...state, phase: "stopped" }
    : { ...state, phase: "failed", error: { code, message } };
}
