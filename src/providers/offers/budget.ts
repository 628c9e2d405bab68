/** What stores in memory may hold together, over all workloads of a node: each has a bound of its own besides. */

/** Of all stores of a node: those of four workloads that fill theirs, in a tab that has memory for 32-bit guests as well. */
const MOST_BYTES = 256 * 1024 * 1024;

export interface Budget {
  readonly most: number;
  /** False, and nothing is taken, if there is not that much left. */
  take(bytes: number): boolean;
  /** Of what was taken. */
  give(bytes: number): void;
}

export function createBudget(most: number = MOST_BYTES): Budget {
  let taken = 0;
  return {
    most,
    take(bytes) {
      if (taken + bytes > most) return false;
      taken += bytes;
      return true;
    },
    give(bytes) {
      taken -= bytes;
    },
  };
}
