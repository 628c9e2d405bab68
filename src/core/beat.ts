/** A heartbeat at fixed intervals; beats are timed from the start, so that late timers do not add up. */
import type { Cancel, Clock } from "./clock.ts";

/** Calls `beat` each `intervalMs`, first after one interval, until `signal` aborts. */
export function keepBeating(
  clock: Clock,
  intervalMs: number,
  beat: () => void,
  signal: AbortSignal,
): void {
  const started = clock.monotonic();
  let beats = 0;
  let cancel: Cancel = () => undefined;
  const plan = (): void => {
    const due = started + (beats + 1) * intervalMs;
    cancel = clock.after(Math.max(0, due - clock.monotonic()), () => {
      // After a sleep the missed beats are one beat, and the next comes in step again.
      beats = Math.max(beats + 1, Math.floor((clock.monotonic() - started) / intervalMs));
      beat();
      if (!signal.aborted) plan();
    });
  };
  signal.addEventListener("abort", () => cancel(), { once: true });
  plan();
}
