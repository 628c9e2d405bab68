/** Tells a watcher of changes: the newest state, not too often, and never before it has taken the last one. */
import type { Cancel, Clock } from "../../core/clock.ts";

/**
 * What to call when something has changed; ends with `signal`. `make` gives what is told then, `undefined` for nothing.
 * Between two updates there are at least `everyMs` milliseconds.
 */
export function createPace<T>(
  clock: Clock,
  everyMs: number,
  make: () => T | undefined,
  tell: (update: T) => Promise<void>,
  signal: AbortSignal,
): () => void {
  let waiting: Cancel | undefined;
  let telling = false;
  let due = false;
  let lastMs = -Infinity;

  const run = async (): Promise<void> => {
    waiting = undefined;
    due = false;
    const update = make();
    if (update === undefined) return;
    telling = true;
    lastMs = clock.monotonic();
    await tell(update);
    telling = false;
    if (due) plan();
  };
  const plan = (): void => {
    due = true;
    if (signal.aborted || telling || waiting !== undefined) return;
    const waitMs = Math.max(0, lastMs + everyMs - clock.monotonic());
    waiting = clock.after(waitMs, () => void run());
  };
  signal.addEventListener("abort", () => waiting?.(), { once: true });
  return plan;
}
