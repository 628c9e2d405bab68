/** How long components and providers of a host that has joined wait for what its lattice keeps, before they start. */
import type { Clock } from "../core/clock.ts";
import type { Facts } from "../core/facts.ts";

/** A lattice that keeps much is still being read then; the rest comes while the host serves. */
const FIRST_READING_MS = 3_000;

/** Follows `facts` until `signal` aborts; resolves when they were read, or are not to be had, or it takes too long. */
export function firstReading(facts: Facts, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(FIRST_READING_MS, resolve);
    facts.follow(signal).then(resolve, reject).finally(cancel);
  });
}
