/** Calls of the last minutes as numbers for a plot, and in words. */
import type { WatchedRates } from "../../core/watched-calls.ts";

import { count } from "./figures.ts";

/** Columns of a plot: seconds since the epoch, calls, errors. */
export type RateColumns = readonly [
  seconds: readonly number[],
  calls: readonly number[],
  errors: readonly number[],
];

/** Of the shown time, in seconds. */
export const SHOWN_SECONDS = 300;

/** The last five minutes; seconds before the first call have none. */
export function columnsOf({ at, seconds }: WatchedRates): RateColumns {
  const now = Math.floor(at / 1000);
  const missing = SHOWN_SECONDS - seconds.length;
  const places = Array.from({ length: SHOWN_SECONDS }, (_, index) => index);
  return [
    places.map((index) => now - SHOWN_SECONDS + index),
    places.map((index) => seconds[index - missing]?.calls ?? 0),
    places.map((index) => seconds[index - missing]?.errors ?? 0),
  ];
}

export interface RateFigures {
  /** In the last whole second. */
  readonly now: number;
  /** In any second. */
  readonly most: number;
  readonly calls: number;
  readonly errors: number;
}

export function figuresOf([, calls, errors]: RateColumns): RateFigures {
  const sum = (column: readonly number[]): number =>
    column.reduce((total, value) => total + value, 0);
  return {
    now: calls.at(-1) ?? 0,
    most: Math.max(0, ...calls),
    calls: sum(calls),
    errors: sum(errors),
  };
}

/** What the plot shows, for those who hear it. */
export function rateWords({ now, most, calls, errors }: RateFigures): string {
  if (calls === 0) return "No calls in the last five minutes.";
  const failed = errors === 0 ? "none failed" : `${count(errors)} failed`;
  return `Calls a second over the last five minutes: ${count(now)} now, ${count(most)} at most, ${count(calls)} in all, ${failed}.`;
}

/** `62 %`; of several workers more than a hundred. */
export function busyWords(busy: number): string {
  if (busy > 0 && busy < 0.01) return "under 1 %";
  return `${Math.round(busy * 100)} %`;
}
