/**
 * The page's memory, as far as the browser tells: of the page with its workers where that can be measured
 * (`measureUserAgentSpecificMemory`: cross-origin isolated pages of Chromium), else of the page's own heap.
 */

/** The measurement waits for a garbage collection, and each look costs a little. */
const LOOK_EVERY_MS = 60_000;
/** One look may fall into a moment when much is about to be given back. */
const HIGH_LOOKS = 3;

/** Calls `high` with `true` when memory stays above `bound` bytes, and with `false` when it is below again. */
export function watchMemory(
  bound: number,
  high: (high: boolean) => void,
  signal: AbortSignal,
): void {
  let looks = 0;
  const look = async (): Promise<void> => {
    const bytes = await usedBytes();
    if (bytes === undefined || signal.aborted) return;
    looks = bytes > bound ? looks + 1 : 0;
    if (looks === 0 || looks >= HIGH_LOOKS) high(looks > 0);
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** `undefined` where the browser tells nothing. */
export async function usedBytes(): Promise<number | undefined> {
  const measure: unknown = Reflect.get(performance, "measureUserAgentSpecificMemory");
  if (typeof measure === "function" && crossOriginIsolated) {
    try {
      return numberIn(await Reflect.apply(measure, performance, []), "bytes");
    } catch {
      // Refused at the moment: the heap's own figure is better than none.
    }
  }
  return numberIn(Reflect.get(performance, "memory"), "usedJSHeapSize");
}

function numberIn(value: unknown, key: string): number | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const found: unknown = Reflect.get(value, key);
  return typeof found === "number" ? found : undefined;
}
