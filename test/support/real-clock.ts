/** The machine's own time, for tests against real servers. */
import type { Clock } from "../../src/core/clock.ts";
import { LONGEST_TIMER_MS } from "../../src/core/clock.ts";

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
