/** How many messages are looked at in a second, since whoever sends decides how many there are. */
import type { Clock } from "../core/clock.ts";

/** A thousand hosts with a thousand providers send some 70. */
const MOST_A_SECOND = 1_000;
const SECOND_MS = 1_000;
const AGAIN_MS = 30_000;

export interface Ration {
  /** Whether the next message may be looked at; else it is counted. */
  take(): boolean;
  unread(): number;
}

/** `missed`: called some time after messages went unread, when there is room again. */
export function createRation(clock: Clock, missed: () => void, signal: AbortSignal): Ration {
  let windowMs = -Infinity;
  let taken = 0;
  let unread = 0;
  let planned = false;
  return {
    take() {
      const now = clock.monotonic();
      if (now - windowMs >= SECOND_MS) {
        windowMs = now;
        taken = 0;
      }
      if (taken++ < MOST_A_SECOND) return true;
      unread++;
      if (!planned && !signal.aborted) {
        planned = true;
        const cancel = clock.after(AGAIN_MS, () => {
          planned = false;
          missed();
        });
        signal.addEventListener("abort", cancel, { once: true });
      }
      return false;
    },
    unread: () => unread,
  };
}
