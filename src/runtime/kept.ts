/**
 * Instances that serve several calls, one after the other, and have what the calls before left: wasmCloud v2's pool of a
 * component (`poolSize`, `maxInvocations`, `maxConcurrency`; wasmCloud/wasmCloud, crates/wash-runtime/src/engine/instance_pool.rs).
 *
 * To a worker they are instances that stay, as those are in which resources live.
 */
import type { KeptInstances } from "../core/runtime.ts";
import type { Runner } from "./runner.ts";

export interface Kept {
  /** An instance of `runner` for one call; `undefined` if all are taken, so that the call has one of its own. */
  enter(runner: Runner): Place | undefined;
  /** All that `runner` had is gone. */
  lost(runner: Runner): void;
}

/** One call's place in an instance. */
export interface Place {
  /** For the worker. */
  readonly number: number;
  /** The call has ended: an instance whose call failed is given up, and so is one that has served enough. */
  leave(well: boolean): void;
}

interface Slot {
  readonly number: number;
  readonly runner: Runner;
  busy: boolean;
  calls: number;
}

export function createKept({ instances, maxCalls }: KeptInstances): Kept {
  const slots = new Set<Slot>();
  let last = 0;

  const idle = (runner: Runner): Slot | undefined =>
    [...slots].find((slot) => slot.runner === runner && !slot.busy);
  const make = (runner: Runner): Slot | undefined => {
    if (slots.size >= instances) return undefined;
    // Below zero: the numbers above it are those of instances with resources.
    const slot: Slot = { number: --last, runner, busy: false, calls: 0 };
    slots.add(slot);
    return slot;
  };
  return {
    enter(runner) {
      const slot = idle(runner) ?? make(runner);
      if (slot === undefined) return undefined;
      slot.busy = true;
      slot.calls++;
      return {
        number: slot.number,
        leave(well) {
          slot.busy = false;
          if (!slots.has(slot) || (well && (maxCalls === 0 || slot.calls < maxCalls))) return;
          slots.delete(slot);
          // A runner that is lost has ended it, and so has a call that failed.
          runner.drop(slot.number).catch(() => undefined);
        },
      };
    },
    lost(runner) {
      for (const slot of Array.from(slots)) if (slot.runner === runner) slots.delete(slot);
    },
  };
}
