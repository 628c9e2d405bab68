/** Which of a node's two connections is lost, since when and why, in words. */
import type { BusStatus } from "../../core/bus.ts";
import type { NodeState } from "../../core/node-state.ts";

export interface Outage {
  /** What is lost and what goes on all the same, without a full stop. */
  readonly lost: string;
  readonly since: number;
  readonly reason: string | undefined;
}

/** `undefined` while both connections are there. */
export function outageOf({ control, rpc }: Pick<NodeState, "control" | "rpc">): Outage | undefined {
  const broken = [control, rpc].filter(isLost);
  const [first] = broken;
  if (first === undefined) return undefined;
  const since = Math.min(...broken.map((each) => each.since));
  return { lost: wordsFor(isLost(control), isLost(rpc)), since, reason: first.reason };
}

function wordsFor(control: boolean, rpc: boolean): string {
  if (control && rpc) return "Connection lost";
  return control
    ? "Connection for control lost, calls go on"
    : "Connection for calls lost, nobody can call this tab";
}

function isLost(status: BusStatus): status is BusStatus & { readonly phase: "reconnecting" } {
  return status.phase === "reconnecting";
}
