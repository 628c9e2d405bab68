/**
 * Turns of the worker's event loop. Guests that are answered within the worker are resumed by microtasks alone: in a loop
 * of such calls no message would ever be heard, neither a ping nor a cancel, and no other guest would run.
 */

export interface Turns {
  /** A turn has begun just now. */
  begin(nowMs: number): void;
  /** Resolves in the next turn, if this one has lasted for long enough, or somebody waits for the next one already. */
  next(nowMs: number): Promise<void> | undefined;
}

/** A cancel, a ping or another guest waits for this long at most; a turn costs some 20 µs. */
const TURN_MS = 6;

/** Call it before the worker loses its powers. `onEnd` is called when a turn is about to end. */
export function createTurns(onEnd: () => void): Turns {
  // Timers would wait for 4 ms when they follow each other.
  const { port1, port2 } = new MessageChannel();
  let begunMs = 0;
  let waiting: { readonly turn: Promise<void>; readonly resolve: () => void } | undefined;
  port1.addEventListener("message", () => {
    begunMs = performance.now();
    waiting?.resolve();
    waiting = undefined;
  });
  port1.start();
  return {
    begin(nowMs) {
      begunMs = nowMs;
    },
    next(nowMs) {
      if (waiting === undefined && nowMs - begunMs < TURN_MS) return undefined;
      if (waiting === undefined) {
        let resolve = (): void => undefined;
        const turn = new Promise<void>((done) => (resolve = done));
        waiting = { turn, resolve };
        onEnd();
        port2.postMessage(undefined);
      }
      return waiting.turn;
    },
  };
}
