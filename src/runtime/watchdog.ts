/** Tells a worker that is busy for its guest from one that answers nothing any more. */
import type { Cancel, Clock } from "../core/clock.ts";

export interface WatchdogParts {
  readonly clock: Clock;
  /** Asks for a sign of life, which is to come by {@link Watchdog.heard}. */
  readonly ping: () => void;
  /** True while silence is allowed: the worker sleeps until the host answers it. */
  readonly excused: () => boolean;
  /** Called once, when the worker was silent for too long. */
  readonly bark: (silentMs: number) => void;
}

export interface Watchdog {
  /** Call when the worker gets something to do. */
  watch(): void;
  /** Call when it has nothing to do. */
  rest(): void;
  /** Call on each sign of life. */
  heard(): void;
}

export const PING_MS = 500;
/** Silent rounds after which a worker is given up: 2 s. */
const MAX_SILENT_ROUNDS = 4;

/**
 * Counts rounds instead of measuring time: after the whole tab was frozen only one round has passed, and the worker
 * gets the rest of them to answer.
 */
export function createWatchdog({ clock, ping, excused, bark }: WatchdogParts): Watchdog {
  let timer: Cancel | undefined;
  let silentRounds = 0;
  let asked = false;
  const round = (): void => {
    silentRounds++;
    if (excused()) silentRounds = 0;
    if (silentRounds >= MAX_SILENT_ROUNDS) {
      timer = undefined;
      bark(silentRounds * PING_MS);
      return;
    }
    if (!asked) {
      asked = true;
      ping();
    }
    timer = clock.after(PING_MS, round);
  };
  return {
    watch() {
      if (timer !== undefined) return;
      silentRounds = 0;
      asked = false;
      timer = clock.after(PING_MS, round);
    },
    rest() {
      timer?.();
      timer = undefined;
    },
    heard() {
      silentRounds = 0;
      asked = false;
    },
  };
}
