/** Tells a host worker that answers nothing any more from one that is busy: by pings in rounds. */

export interface WorkerWatch {
  /** Resolves when the worker has answered. */
  readonly ping: () => Promise<void>;
  /** As long in silence it is given up. */
  readonly silentMs: number;
  /** Called once. */
  readonly lost: (silentMs: number) => void;
}

const ROUNDS = 4;

/**
 * Until `signal` aborts. Rounds are counted, time is not measured: after a page was frozen only one round has passed, and its
 * worker has not been given up for a silence in which it was frozen as well.
 */
export function watchWorker({ ping, silentMs, lost }: WorkerWatch, signal: AbortSignal): void {
  const roundMs = Math.max(silentMs / ROUNDS, 50);
  let asked = false;
  let silent = 0;
  const heard = (): void => {
    asked = false;
    silent = 0;
  };
  const round = (): void => {
    if (asked && ++silent >= ROUNDS) {
      clearInterval(timer);
      lost(silentMs);
      return;
    }
    if (asked) return;
    asked = true;
    ping().then(heard, () => undefined); // what ends the channel ends this watch too
  };
  const timer = setInterval(round, roundMs);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
