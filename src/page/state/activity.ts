/** Calls per second over the last minute, kept from the totals of successive states. */
import type { NodeState } from "../../core/node-state.ts";

/** Seconds that are kept. */
export const ACTIVITY_SECONDS = 60;

export interface Activity {
  /** Calls of each second, oldest first; the last one still grows. */
  readonly seconds: readonly number[];
  /** The second, since some zero, that the last entry counts. */
  readonly second: number;
  readonly total: number;
}

export const QUIET: Activity = {
  seconds: Array.from({ length: ACTIVITY_SECONDS }, () => 0),
  second: 0,
  total: 0,
};

/** `activity` after it was seen at `nowMs` that `totals` calls have ended. */
export function count(activity: Activity, totals: NodeState["totals"], nowMs: number): Activity {
  const total = totals.answered + totals.failed + totals.refused;
  const second = Math.floor(nowMs / 1000);
  if (total === activity.total && second === activity.second) return activity;
  const passed = Math.max(0, second - activity.second);
  const silent = Array.from({ length: Math.min(passed, ACTIVITY_SECONDS) }, () => 0);
  const seconds = [...activity.seconds, ...silent].slice(-ACTIVITY_SECONDS);
  // A total below the last one belongs to a new node.
  const fresh = total < activity.total ? total : total - activity.total;
  const last = seconds.length - 1;
  return { seconds: seconds.with(last, (seconds[last] ?? 0) + fresh), second, total };
}

/** Calls per second, over the last few whole seconds. */
export function callsPerSecond(activity: Activity): number {
  const whole = activity.seconds.slice(-4, -1);
  return whole.reduce((sum, calls) => sum + calls, 0) / whole.length;
}

/** The bars of the minute as one SVG path in a box of 60 x `height`; the highest second reaches the top. */
export function barsPath(activity: Activity, height: number): string {
  const top = Math.max(1, ...activity.seconds);
  return activity.seconds
    .map((calls, x) => {
      if (calls === 0) return "";
      const tall = Math.max(1, (calls / top) * height).toFixed(2);
      return `M${x + 0.15} ${height}v-${tall}h.7v${tall}z`;
    })
    .join("");
}
