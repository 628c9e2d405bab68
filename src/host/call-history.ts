/** How many calls have ended in each of the last seconds, so that whoever looks sees what has been. A call costs two additions. */
import type { CallRecord } from "../core/event.ts";
import type { RateSecond } from "../core/watched-calls.ts";

export interface CallHistory {
  add(call: CallRecord): void;
  /** The whole seconds before `nowMs` (since the epoch), oldest first, from the first call on. */
  read(nowMs: number): readonly RateSecond[];
}

/** Seconds that are kept: five minutes. */
export const KEPT_SECONDS = 300;
/** With the one that lasts. */
const SLOTS = KEPT_SECONDS + 1;

export function createCallHistory(): CallHistory {
  const calls = new Uint32Array(SLOTS);
  const errors = new Uint32Array(SLOTS);
  let first: number | undefined;
  let second = 0;

  const advance = (to: number): void => {
    // After a jump of the clock all of it may be old.
    for (let next = Math.max(second + 1, to - SLOTS + 1); next <= to; next++) {
      calls[next % SLOTS] = 0;
      errors[next % SLOTS] = 0;
    }
    second = Math.max(second, to);
  };
  return {
    add({ at, tookMs, outcome }) {
      const ended = Math.floor((at + tookMs) / 1000);
      first ??= ended;
      if (ended > second) advance(ended);
      if (ended <= second - SLOTS) return;
      const slot = ended % SLOTS;
      calls[slot] = (calls[slot] ?? 0) + 1;
      if (outcome !== "ok") errors[slot] = (errors[slot] ?? 0) + 1;
    },
    read(nowMs) {
      const now = Math.floor(nowMs / 1000);
      if (first === undefined) return [];
      advance(now);
      const seconds: RateSecond[] = [];
      for (let at = Math.max(first, now - KEPT_SECONDS); at < now; at++) {
        seconds.push({ calls: calls[at % SLOTS] ?? 0, errors: errors[at % SLOTS] ?? 0 });
      }
      return seconds;
    },
  };
}
