/** The calls of a state as the page shows them: which are new, which come first, how long they take. */
import type { CallOutcome, CallRecord } from "../../core/event.ts";
import type { NodeState } from "../../core/node-state.ts";

import { count } from "./figures.ts";

/** What a person reads for an outcome. */
export const OUTCOME_WORDS: Readonly<Record<CallOutcome, string>> = {
  ok: "ok",
  failed: "failed",
  refused: "refused",
  aborted: "aborted",
};

/** The records of `now` that `before` did not have. All of them when more came than a state keeps. */
export function callsSince(
  before: readonly CallRecord[],
  now: readonly CallRecord[],
): readonly CallRecord[] {
  const last = before.at(-1);
  if (last === undefined) return now;
  return now.slice(now.findLastIndex((call) => call.id === last.id) + 1);
}

/** Calls that a node has taken and not yet answered. */
export function callsUnderWay({ workloads, workloadSets, providers }: NodeState): number {
  // A service runs for as long as its workload does.
  const members = workloadSets
    .flatMap((set) => set.members)
    .filter(({ role }) => role === "component");
  const ofWorkloads = [...workloads, ...members].reduce(
    (sum, { running, waiting }) => sum + running + waiting,
    0,
  );
  return providers.reduce((sum, { running }) => sum + running, ofWorkloads);
}

/** What a node that leaves waits for. */
export function leavingWords(state: NodeState): string {
  const calls = callsUnderWay(state);
  if (calls === 0) return "No call runs any more";
  return `${count(calls)} ${calls === 1 ? "call is" : "calls are"} still running`;
}

export interface Spread {
  readonly medianMs: number;
  readonly p95Ms: number;
}

/** Median and 95th percentile of what was answered; `undefined` when nothing was. */
export function spread(calls: readonly CallRecord[]): Spread | undefined {
  const times = calls
    .filter((call) => call.outcome === "ok")
    .map((call) => call.tookMs)
    .toSorted((a, b) => a - b);
  const at = (part: number): number | undefined => times[Math.ceil(times.length * part) - 1];
  const medianMs = at(0.5);
  const p95Ms = at(0.95);
  return medianMs === undefined || p95Ms === undefined ? undefined : { medianMs, p95Ms };
}
