/** Counts how long guests of this worker compute, while somebody asks for it. Nobody asks: no clock is looked at. */

export interface Meter {
  /** Whether calls are to be timed. */
  readonly on: boolean;
  /** Milliseconds that guests have computed, as far as it was on. */
  readonly ranMs: number;
  /** A call that began at `beganMs` (`performance.now()`) has computed for so long. */
  add(beganMs: number, ranMs: number): void;
  /** Somebody asks: it stays on for a while. */
  asked(): void;
}

/** Whoever wants to know asks each second. */
const STAYS_ON_MS = 10_000;

export function createMeter(): Meter {
  let on = false;
  let ranMs = 0;
  let askedMs = 0;
  return {
    get on() {
      return on;
    },
    get ranMs() {
      return ranMs;
    },
    add(beganMs, more) {
      ranMs += more;
      if (beganMs - askedMs > STAYS_ON_MS) on = false;
    },
    asked() {
      on = true;
      askedMs = performance.now();
    },
  };
}
