/** Time as a port, so that tests move it by hand. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds on a clock that never goes back; its zero means nothing. */
  monotonic(): number;
  /** Calls `run` after `ms` milliseconds unless cancelled. */
  after(ms: number, run: () => void): Cancel;
}

export type Cancel = () => void;
