/** A clock that stands still until a test moves it. */
import type { Clock } from "../../src/core/clock.ts";

export interface FakeClock extends Clock {
  /** Moves time on, running what falls due in order and at its own time. */
  advance(ms: number): void;
  /** Moves time on at once, as a laptop's sleep does: everything due runs late, at the new time. */
  sleep(ms: number): void;
}

export function fakeClock(start = 0): FakeClock {
  let now = start;
  const timers = new Set<{ readonly due: number; readonly run: () => void }>();
  const next = (until: number) =>
    [...timers].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)[0];
  const runUntil = (until: number, at: (due: number) => number): void => {
    for (let timer = next(until); timer !== undefined; timer = next(until)) {
      timers.delete(timer);
      now = at(timer.due);
      timer.run();
    }
  };
  return {
    now: () => now,
    monotonic: () => now,
    after(ms, run) {
      const timer = { due: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const until = now + ms;
      runUntil(until, (due) => Math.max(now, due));
      now = until;
    },
    sleep(ms) {
      now += ms;
      runUntil(now, () => now);
    },
  };
}
