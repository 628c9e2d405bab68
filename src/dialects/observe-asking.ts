/** Asks hosts for their inventories: some at a time, each once until it has answered, and once more where it did not. */
import type { Bus } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";

import { LatticeError } from "../core/error.ts";

const AT_ONCE = 8;
const MOST_WAITING = 2_000;
/** `wash` gives an inventory as long. */
const ANSWER_MS = 2_000;
/** A host of 1.9.0 says that it has started before it listens. */
const AGAIN_MS = 2_000;
const TRIES = 2;

const NONE = new Uint8Array(0);

export interface Asking {
  ask(id: string): void;
}

export function createAsking(
  { control, clock, subject }: AskingParts,
  answered: (id: string, data: Uint8Array) => void,
  signal: AbortSignal,
): Asking {
  /** How often each was asked already. */
  const waiting = new Map<string, number>();
  const asked = new Set<string>();

  const next = (): void => {
    for (const [id, tries] of waiting) {
      if (asked.size >= AT_ONCE || signal.aborted) return;
      waiting.delete(id);
      asked.add(id);
      void one(id, tries); // hears its own failures
    }
  };
  const one = async (id: string, tries: number): Promise<void> => {
    const limit = new AbortController();
    const cancel = clock.after(ANSWER_MS, () =>
      limit.abort(new LatticeError("deadline", `${id} did not answer`)),
    );
    try {
      const { data } = await control.request(subject(id), NONE, {
        signal: AbortSignal.any([signal, limit.signal]),
      });
      if (!signal.aborted) answered(id, data);
    } catch {
      // Gone, or not there yet, or nobody may ask it: its own events tell.
      if (tries + 1 < TRIES && !signal.aborted) clock.after(AGAIN_MS, () => put(id, tries + 1));
    } finally {
      cancel();
      asked.delete(id);
      next();
    }
  };
  const put = (id: string, tries: number): void => {
    if (signal.aborted || asked.has(id) || waiting.has(id)) return;
    if (waiting.size >= MOST_WAITING) return;
    waiting.set(id, tries);
    next();
  };
  return { ask: (id) => put(id, 0) };
}

interface AskingParts {
  readonly control: Bus;
  readonly clock: Clock;
  readonly subject: (id: string) => string;
}
