/**
 * Whether the other end of a pipe is alive, watched only while something is awaited of it. Time counts as it passes here:
 * who was frozen or busy itself has heard nothing either, and must not blame the other end for it.
 */
import type { Clock } from "../core/clock.ts";

export interface SilenceParts {
  readonly clock: Clock;
  /** Whether anything is awaited. */
  readonly awaited: () => boolean;
  /** Asks for a sign of life. */
  readonly ask: () => void;
  /** Nothing was heard for {@link SILENT_MS}. Told once, until something is heard again. */
  readonly silent: () => void;
}

export interface Silence {
  /** Something may be awaited now. */
  watch(): void;
  heard(): void;
  end(): void;
}

export const SILENT_MS = 500;
const LOOK_EVERY_MS = 100;
/** What one look counts for at most: a timer that comes later was kept waiting on this side. */
const MOST_AT_ONCE_MS = 150;
const ASK_AFTER_MS = 100;

export function createSilence({ clock, awaited, ask, silent }: SilenceParts): Silence {
  let quietMs = 0;
  let asked = false;
  let told = false;
  let ended = false;
  let cancel: (() => void) | undefined;

  const look = (since: number): void => {
    cancel = undefined;
    quietMs += Math.min(clock.monotonic() - since, MOST_AT_ONCE_MS);
    if (!awaited()) return;
    if (quietMs >= SILENT_MS) {
      told = true;
      return silent();
    }
    lookLater();
    if (asked || quietMs < ASK_AFTER_MS) return;
    asked = true;
    ask();
  };
  const lookLater = (): void => {
    const since = clock.monotonic();
    cancel = clock.after(LOOK_EVERY_MS, () => look(since));
  };
  return {
    watch() {
      if (ended || told || cancel !== undefined || !awaited()) return;
      quietMs = 0;
      asked = false;
      lookLater();
    },
    heard() {
      quietMs = 0;
      asked = false;
      told = false;
    },
    end() {
      ended = true;
      cancel?.();
    },
  };
}
