/** Invocations that were executed lately: the same one a second time is a copy that somebody has kept. */
import type { Clock } from "../../core/clock.ts";

export interface Seen {
  /** Notes an invocation; false if it was here within the last {@link REPLAY_MS}. */
  add(issuer: string, id: string): boolean;
}

export const REPLAY_MS: number = 10 * 60 * 1000;
/** Invocations of one generation; about 40 bytes each. More than that in ten minutes are 1,600 a second. */
const MAX_PER_GENERATION = 1_000_000;

/**
 * Two generations: what is older than the older one is forgotten. A generation that is full ends early, which `onFull` is
 * told: from then on copies are known for less than {@link REPLAY_MS}.
 */
export function createSeen(clock: Clock, onFull: () => void): Seen {
  // Numbers instead of texts take a third of the memory. Only what a cluster has signed gets here, so nobody can look for
  // two ids of one number, and by chance two of a million meet once in ten billion calls.
  const seed = crypto.getRandomValues(new Uint32Array(2));
  let young = new Set<number>();
  let old = new Set<number>();
  let since = clock.monotonic();
  const turn = (now: number): void => {
    old = now - since >= 2 * REPLAY_MS ? new Set() : young;
    young = new Set();
    since = now;
  };
  return {
    add(issuer, id) {
      const now = clock.monotonic();
      if (now - since >= REPLAY_MS) turn(now);
      const number = hash53(`${issuer} ${id}`, seed);
      if (young.has(number) || old.has(number)) return false;
      if (young.size >= MAX_PER_GENERATION) {
        turn(now);
        onFull();
      }
      young.add(number);
      return true;
    },
  };
}

/** 53 bits of `text`, mixed by multiplication in two halves. */
function hash53(text: string, seed: Uint32Array): number {
  let [high = 0, low = 0] = seed;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}
