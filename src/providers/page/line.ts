/** Places for calls that run in the page, and a bounded line before them: as a component has both. */
import type { ProviderLoad } from "../../core/provider.ts";

import { asLatticeError, LatticeError } from "../../core/error.ts";
import { createSource } from "../../core/view.ts";

export interface Line extends ProviderLoad {
  /**
   * Resolves when there is a place, with what gives it back.
   *
   * @throws {LatticeError} `overloaded` when the line is full, or the signal's reason.
   */
  enter(signal: AbortSignal): Promise<() => void>;
}

export interface LineOptions {
  /** For messages. */
  readonly id: string;
  /** Calls that may run. */
  readonly places: number;
  /** Calls that may wait. */
  readonly waiting: number;
}

/** It is not accepting from the moment the line is full until it is half empty. */
export function createLine({ id, places, waiting }: LineOptions): Line {
  const accepting = createSource(true);
  const line = new Set<() => void>();
  let running = 0;

  const look = (): void => {
    const full = waiting === 0 ? running >= places : line.size >= waiting;
    const roomy = waiting === 0 ? running <= places / 2 : line.size <= waiting / 2;
    if (full) accepting.set(false);
    else if (roomy) accepting.set(true);
  };
  const leave = (): void => {
    running--;
    const [next] = line;
    next?.();
    look();
  };
  const place = (): (() => void) => {
    running++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      leave();
    };
  };
  return {
    accepting,
    running: () => running + line.size,
    async enter(signal) {
      if (signal.aborted) throw asLatticeError(signal.reason, "aborted");
      if (running < places) {
        const given = place();
        look();
        return given;
      }
      if (line.size >= waiting) {
        const error = `${id} has ${running} calls under way and ${line.size} that wait`;
        throw new LatticeError("overloaded", error);
      }
      return new Promise((resolve, reject) => {
        const settle = (): void => {
          line.delete(take);
          signal.removeEventListener("abort", giveUp);
        };
        const take = (): void => {
          settle();
          resolve(place());
        };
        const giveUp = (): void => {
          settle();
          look();
          reject(asLatticeError(signal.reason, "aborted"));
        };
        line.add(take);
        signal.addEventListener("abort", giveUp, { once: true });
        look();
      });
    },
  };
}
