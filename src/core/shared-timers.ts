/**
 * Timers that cost next to nothing while they are set and cancelled, as the deadline of each call is: those of one
 * length share one timer of the clock below, and only what falls due is ever looked at.
 */
import type { Cancel, Clock } from "./clock.ts";

interface Timer {
  readonly due: number;
  readonly run: () => void;
}

/** `clock` with such timers. They run in the order in which they were set, as late as those of `clock` do. */
export function withSharedTimers(clock: Clock): Clock {
  const lines = new Map<number, ReturnType<typeof createLine>>();
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after(ms, run) {
      let line = lines.get(ms);
      if (line === undefined) {
        line = createLine(clock, ms, () => lines.delete(ms));
        lines.set(ms, line);
      }
      return line(run);
    },
  };
}

/** Timers of `ms`: each falls due after those before it, so that the first one alone needs the clock. */
function createLine(clock: Clock, ms: number, onIdle: () => void): (run: () => void) => Cancel {
  const waiting = new Set<Timer>();
  /** The clock's timer runs. It stays when the one it was for is cancelled, and finds another one then, or none. */
  let armed = false;
  const arm = (delay: number): void => {
    armed = true;
    clock.after(delay, fire);
  };
  const fire = (): void => {
    armed = false;
    try {
      runDue();
    } finally {
      const [next] = waiting;
      if (!armed && next === undefined) onIdle();
      if (!armed && next !== undefined) arm(Math.max(0, next.due - clock.monotonic()));
    }
  };
  const runDue = (): void => {
    const now = clock.monotonic();
    for (const timer of waiting) {
      if (timer.due > now) return;
      waiting.delete(timer);
      timer.run();
    }
  };
  return (run) => {
    const timer = { due: clock.monotonic() + ms, run };
    waiting.add(timer);
    if (!armed) arm(ms);
    return () => waiting.delete(timer);
  };
}
