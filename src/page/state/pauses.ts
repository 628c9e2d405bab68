/** How long to wait before something that failed is tried again. */

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/**
 * Doubles with each failure, up to a minute; by a quarter more or less, so that a wall of screens does not come back as one.
 * `random` gives 0 to 1.
 */
export function pauseMs(failures: number, random: () => number): number {
  const doubled = Math.min(FIRST_MS * 2 ** Math.min(failures, 10), LONGEST_MS);
  return Math.round(doubled * (0.75 + random() / 2));
}
