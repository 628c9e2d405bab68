/** What the lattice keeps, as far as this node can read it, in words. */
import type { NodeState } from "../../core/node-state.ts";

export function factsWords({ facts, sharing }: Pick<NodeState, "facts" | "sharing">): string {
  switch (facts.phase) {
    case "reading":
      return "being read";
    case "live":
      return sharing ? "followed; this tab answers for the lattice" : "followed";
    case "stale":
      return "as they were before the connection was lost";
    case "absent":
      return `none: ${facts.reason}`;
  }
}
