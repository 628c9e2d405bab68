/**
 * Acceptances of calls that wait a moment for the results, to leave in one frame with them.
 *
 * A caller who has sent all parameters waits for results only, so that nothing is lost; and what a message costs in a
 * browser is mostly the frame. A call that takes longer is accepted meanwhile: callers must hear that it is not lost.
 */
import type { Clock } from "../../core/clock.ts";

/** Far below what a caller allows for the handshake, and above what a call of a small component takes. */
export const HOLD_MS = 5;

export interface Acceptances {
  /** Calls `accept` within {@link HOLD_MS}, or when the returned function is called, whichever is first. */
  hold(accept: () => void): () => void;
}

export function createAcceptances(clock: Clock): Acceptances {
  const held = new Set<() => void>();
  let timed = false;
  const acceptAll = (): void => {
    timed = false;
    for (const accept of held) accept();
    held.clear();
  };
  return {
    hold(accept) {
      held.add(accept);
      // One timer for all: those who came after the first are accepted a little sooner.
      if (!timed) {
        timed = true;
        clock.after(HOLD_MS, acceptAll);
      }
      return () => {
        if (held.delete(accept)) accept();
      };
    },
  };
}
