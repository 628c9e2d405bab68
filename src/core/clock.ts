/** Time as a port, so that tests move it by hand. */

/** Engines let timers beyond this end at once; those of a clock end after this instead, which are 24 days. */
export const LONGEST_TIMER_MS = 0x7fff_ffff;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds on a clock that never goes back; its zero means nothing. */
  monotonic(): number;
  /** Calls `run` after `ms` milliseconds unless cancelled, and after {@link LONGEST_TIMER_MS} at the latest. */
  after(ms: number, run: () => void): Cancel;
}

export type Cancel = () => void;
