/** What ends calls before they have ended by themselves: their deadline, and whoever gave them up. */
import type { Call } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";

import { LatticeError } from "../core/error.ts";

export interface EarlyEndsParts {
  /** Of the component, for messages. */
  readonly name: string;
  readonly clock: Clock;
  readonly deadlineMs: number;
}

export interface EarlyEnds {
  /** Calls `giveUp` with the reason, `deadline` or the caller's, unless what it returns was called before. */
  watch(call: Call, giveUp: (reason: LatticeError) => void): () => void;
}

interface Watched {
  readonly call: Call;
  readonly giveUp: (reason: LatticeError) => void;
}

export function createEarlyEnds({ name, clock, deadlineMs }: EarlyEndsParts): EarlyEnds {
  const bySignal = new WeakMap<AbortSignal, Set<Watched>>();
  /** The calls that `signal` ends. One listener serves all: most calls have the signal of their connection. */
  const callsOf = (signal: AbortSignal): Set<Watched> => {
    const known = bySignal.get(signal);
    if (known !== undefined) return known;
    const calls = new Set<Watched>();
    bySignal.set(signal, calls);
    const giveAllUp = (): void => {
      for (const { call, giveUp } of calls) giveUp(abortOf(call));
    };
    signal.addEventListener("abort", giveAllUp, { once: true });
    return calls;
  };
  return {
    watch(call, giveUp) {
      const watched: Watched = { call, giveUp };
      const others = callsOf(call.signal);
      others.add(watched);
      const cancelTimer = clock.after(deadlineMs, () =>
        giveUp(new LatticeError("deadline", lateness(name, call, deadlineMs))),
      );
      return () => {
        cancelTimer();
        others.delete(watched);
      };
    },
  };
}

/** Why the caller of `call` gave it up, in its own words if they are ours. */
export function abortOf({ signal, func }: Call): LatticeError {
  const { reason } = signal;
  if (reason instanceof LatticeError) return reason;
  return new LatticeError("aborted", `the caller of ${func} gave up`, { cause: reason });
}

function lateness(name: string, { instance, func }: Call, deadlineMs: number): string {
  return `${instance === "" ? func : `${instance}.${func}`} of ${name} did not end within ${deadlineMs} ms`;
}
