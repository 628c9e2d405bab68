/**
 * Pollables with a known time. Those of the WASI shim wait by promises only; a worker that blocks has to know how
 * long, and an instance that is discarded must not be woken.
 */
import { pollableCreate } from "@bytecodealliance/preview2-shim/io";

/** The longest delay that timers take; longer ones fire at once. */
const MAX_DELAY_MS = 0x7fff_ffff;

export type Pollable = ReturnType<typeof pollableCreate>;

/** When those pollables are ready that wait for a time, in milliseconds of `performance.now()`. */
const times = new WeakMap<Pollable, number>();

/** Ready from `atMs` of `performance.now()` on. */
export function pollableAt(atMs: number): Pollable {
  const ready = (): boolean => performance.now() >= atMs;
  const wait = async (): Promise<void> => {
    while (!ready()) await delay(atMs - performance.now());
  };
  const pollable = pollableCreate({ ready, wait });
  times.set(pollable, atMs);
  return pollable;
}

export function readyOnes(pollables: readonly Pollable[]): readonly number[] {
  if (pollables.length === 0) throw new Error("the list of things to wait for is empty");
  return pollables.flatMap((pollable, index) => (pollable.ready() ? [index] : []));
}

/** When the first of `pollables` is ready. All sources that a guest has here are ready at once or at a time. */
export function earliest(pollables: readonly Pollable[]): number {
  return Math.min(...pollables.map((pollable) => times.get(pollable) ?? -Infinity));
}

/** Resolves when one of `pollables` is ready, and never in the same turn: guests poll in loops. */
export async function polled(pollables: readonly Pollable[]): Promise<void> {
  await delay(0);
  while (readyOnes(pollables).length === 0) await delay(earliest(pollables) - performance.now());
}

function delay(ms: number): Promise<void> {
  // Timers have whole milliseconds; rounding down would wake too early, again and again.
  const whole = Math.min(Math.max(Math.ceil(ms), 0), MAX_DELAY_MS);
  return new Promise((resolve) => setTimeout(resolve, whole));
}
