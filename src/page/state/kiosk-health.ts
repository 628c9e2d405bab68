/** Whether a kiosk does all that it is there for, and if not, why: for labels, attributes, events and the board. */
import type { NodeState } from "../../core/node-state.ts";

/** `down`: nobody can call it. */
export type HealthLevel = "ok" | "degraded" | "down";

export type HealthReason =
  /** It has not joined, or the connection is lost. */
  | "connection"
  /** A component that it was told to run does not. */
  | "component"
  /** A worker was lost within the last minutes. */
  | "worker"
  | "memory"
  /** The newest version was tried and did not join: the one before runs. */
  | "version"
  /** Its address asks to enrol it otherwise, or to forget: a person has to allow that. */
  | "enrolment";

export interface Health {
  readonly level: HealthLevel;
  /** In the order of {@link HealthReason}. */
  readonly reasons: readonly HealthReason[];
}

export interface HealthInput {
  readonly state: Pick<NodeState, "phase" | "workloads">;
  /** Ids of the components that it was told to run. */
  readonly wanted: readonly string[];
  /** Since its host worker was lost last; `undefined`: it never was. */
  readonly lostWorkerMs: number | undefined;
  readonly memoryHigh: boolean;
  readonly versionRefused: boolean;
  /** See {@link HealthReason}; absent: nothing is asked. */
  readonly enrolmentAsked?: boolean;
}

/** So long a lost worker counts. */
export const WORKER_NEWS_MS = 300_000;

export function healthOf(input: HealthInput): Health {
  const { state, wanted, lostWorkerMs = Infinity } = input;
  const joined = state.phase === "joined";
  const running = new Set(
    state.workloads.filter((each) => each.state.phase === "running").map(({ id }) => id),
  );
  const reasons: readonly (readonly [HealthReason, boolean])[] = [
    ["connection", !joined],
    ["component", joined && wanted.some((id) => !running.has(id))],
    ["worker", lostWorkerMs < WORKER_NEWS_MS],
    ["memory", input.memoryHigh],
    ["version", input.versionRefused],
    ["enrolment", input.enrolmentAsked === true],
  ];
  const met = reasons.filter(([, holds]) => holds).map(([reason]) => reason);
  return { level: joined ? (met.length === 0 ? "ok" : "degraded") : "down", reasons: met };
}

const WORDS: Readonly<Record<HealthReason, string>> = {
  connection: "no connection",
  component: "a component does not run",
  worker: "restarted a moment ago",
  memory: "memory is short",
  version: "the newest version did not join",
  enrolment: "its address asks for another enrolment",
};

/** `Healthy`, or why it is not. */
export function healthWords({ level, reasons }: Health): string {
  if (level === "ok") return "Healthy";
  const why = reasons.map((reason) => WORDS[reason]).join(", ");
  return `${level === "down" ? "Down" : "Degraded"}: ${why}`;
}
