/**
 * Looks after a provider's health at the intervals of a wasmCloud host, and tells of it by the same rules
 * (`crates/host/src/wasmbus/providers/mod.rs` @ v1.9.2): it is taken for unhealthy until it says otherwise, and no answer
 * is no news.
 */
import type { Clock } from "../core/clock.ts";
import type { Health } from "../core/provider.ts";

import { LatticeError } from "../core/error.ts";

const FIRST_MS = 5000;
const INTERVAL_MS = 30_000;
/** A wasmCloud host's default timeout of requests to providers. */
const ANSWER_MS = 2000;

export interface HealthParts {
  readonly clock: Clock;
  readonly check: (signal: AbortSignal) => Promise<Health>;
  readonly onHealth: (change: "passed" | "failed" | "status", health: Health) => void;
  readonly onSilence: (cause: unknown) => void;
}

/** Looks until `signal` aborts. */
export function watchHealth(parts: HealthParts, signal: AbortSignal): void {
  const { clock } = parts;
  let healthy = false;
  const look = async (): Promise<void> => {
    try {
      const health = await inTime(clock, parts.check, signal);
      if (signal.aborted) return;
      const change = health.healthy === healthy ? "status" : health.healthy ? "passed" : "failed";
      healthy = health.healthy;
      parts.onHealth(change, health);
    } catch (cause) {
      if (!signal.aborted) parts.onSilence(cause);
    }
  };
  const plan = (ms: number): void => {
    const cancel = clock.after(ms, () => {
      signal.removeEventListener("abort", cancel);
      plan(INTERVAL_MS);
      void look(); // never rejects
    });
    signal.addEventListener("abort", cancel, { once: true });
  };
  if (!signal.aborted) plan(FIRST_MS);
}

/** What `check` says within {@link ANSWER_MS}. */
export function inTime(
  clock: Clock,
  check: HealthParts["check"],
  signal: AbortSignal,
): Promise<Health> {
  return new Promise((resolve, reject) => {
    const late = new AbortController();
    const giveUp = (): void => {
      late.abort(signal.reason);
      reject(signal.reason);
    };
    const cancel = clock.after(ANSWER_MS, () => {
      const error = new LatticeError("deadline", `no word on its health within ${ANSWER_MS} ms`);
      late.abort(error);
      reject(error);
    });
    signal.addEventListener("abort", giveUp, { once: true, signal: late.signal });
    const settle = (): void => {
      cancel();
      signal.removeEventListener("abort", giveUp);
    };
    check(late.signal).then(resolve, reject).finally(settle);
  });
}
