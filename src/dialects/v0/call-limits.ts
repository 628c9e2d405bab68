/**
 * How long calls may run: each until its deadline, and none past the end of what serves them. All calls share one look at
 * that end and, by the clock, one timer: a signal of its own for each would cost more than a short call does.
 */
import type { Clock } from "../../core/clock.ts";

import { LatticeError } from "../../core/error.ts";

export interface CallLimit {
  readonly signal: AbortSignal;
  /** The call has ended. */
  close(): void;
}

/** Opens limits of `deadlineMs`. */
export function createCallLimits(
  { clock, deadlineMs }: { readonly clock: Clock; readonly deadlineMs: number },
  ended: AbortSignal,
): () => CallLimit {
  const running = new Set<AbortController>();
  const end = (): void => running.forEach((call) => call.abort(ended.reason));
  ended.addEventListener("abort", end, { once: true });
  return () => {
    const call = new AbortController();
    if (ended.aborted) call.abort(ended.reason);
    running.add(call);
    const cancel = clock.after(deadlineMs, () =>
      call.abort(new LatticeError("deadline", `the call did not end within ${deadlineMs} ms`)),
    );
    return {
      signal: call.signal,
      close() {
        running.delete(call);
        cancel();
      },
    };
  };
}
