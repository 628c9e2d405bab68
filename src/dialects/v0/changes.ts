/** Work on what the lattice keeps: each has a limit, and what has begun ends, also when the host stops meanwhile. */
import type { Clock } from "../../core/clock.ts";

import { LatticeError } from "../../core/error.ts";

export interface Changes {
  run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Resolves when none is under way. */
  settled(): Promise<void>;
}

/** Nobody waits longer for an answer: clients of the control interface give up after 2 s. */
const LIMIT_MS = 10_000;

export function createChanges(clock: Clock): Changes {
  const unfinished = new Set<Promise<unknown>>();
  return {
    run(work) {
      const late = new AbortController();
      const text = `the lattice's store did not answer within ${LIMIT_MS / 1000} s`;
      const cancel = clock.after(LIMIT_MS, () => late.abort(new LatticeError("deadline", text)));
      const done = work(late.signal).finally(cancel);
      const ended = done.catch(() => undefined); // heard by whoever asked
      unfinished.add(ended);
      void ended.then(() => unfinished.delete(ended));
      return done;
    },
    async settled() {
      await Promise.all(unfinished);
    },
  };
}
