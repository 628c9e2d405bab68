/** Calls that are not what they claim to be, and whoever watches for them: plain data for views. */

/** A call that somebody has forged, as far as it says itself: nothing here is to be believed but `check` and `subject`. */
export interface ForgeryAlarm {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Which check it failed. */
  readonly check: string;
  /** What was wrong, in words. */
  readonly problem: string;
  /** Who it claims to come from. */
  readonly origin: string;
  readonly target: string;
  readonly operation: string;
  /** Where it was sent. */
  readonly subject: string;
  /** The host that it claims to come from. */
  readonly host: string;
}

/**
 * What came of a call that was seen. `unverified`: it cannot be read, or its argument was not to be had; `unchecked`: more
 * came at once than is looked at.
 */
export type WatchOutcome = "genuine" | "forged" | "unverified" | "unchecked";

/** `denied`: these credentials may not see the calls of others. */
export type WatchPhase = "off" | "watching" | "denied";

export interface WatchState extends Readonly<Record<WatchOutcome, number>> {
  readonly phase: WatchPhase;
}

export const NO_WATCH: WatchState = {
  phase: "off",
  genuine: 0,
  forged: 0,
  unverified: 0,
  unchecked: 0,
};
