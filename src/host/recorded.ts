/** Calls as they end, for whoever listens besides the node's view: a topic that somebody watches. */
import type { CallRecord } from "../core/event.ts";

export interface Recorded {
  /** Tells everybody. */
  readonly record: (call: CallRecord) => void;
  /** Calls `listener`, which must not throw, with each later call until `signal` aborts. */
  readonly onCall: (listener: (call: CallRecord) => void, signal: AbortSignal) => void;
}

export function createRecorded(first: (call: CallRecord) => void): Recorded {
  const listeners = new Set<(call: CallRecord) => void>();
  return {
    record(call) {
      first(call);
      for (const listener of listeners) listener(call);
    },
    onCall(listener, signal) {
      if (signal.aborted) return;
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
    },
  };
}
