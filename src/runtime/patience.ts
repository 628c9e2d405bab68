/** Asking busy servers again: a few times, after as long as they say, and not for longer than somebody waits. */
import type { Clock } from "../core/clock.ts";

export interface Patience {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Whatever is asked for is asked for at most this often. */
export const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 500;
/** A server that wants more patience is given up: whoever asked for the component waits. */
const MAX_PAUSE_MS = 30_000;
const BUSY: readonly number[] = [429, 500, 502, 503, 504];

/** The first answer that is none of a busy server, or the last one. */
export async function patiently(
  ask: () => Promise<Response>,
  { clock, signal }: Patience,
): Promise<Response> {
  for (let tries = 1; ; tries++) {
    // oxlint-disable-next-line no-await-in-loop -- each try waits for the one before
    const response = await ask();
    if (!BUSY.includes(response.status) || tries === MAX_TRIES) return response;
    const pauseMs = retryAfterMs(response, clock.now()) ?? pauseAfterMs(tries);
    if (pauseMs > MAX_PAUSE_MS) return response;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await response.body?.cancel();
    // oxlint-disable-next-line no-await-in-loop -- as above
    await pause(pauseMs, { clock, signal });
  }
}

/** How long to wait after try number `tries`, from 1, where nobody says. */
export function pauseAfterMs(tries: number): number {
  return FIRST_PAUSE_MS * 2 ** (tries - 1);
}

/** What `Retry-After` says, in seconds or as a date; pages see it only if the server exposes it. */
export function retryAfterMs(response: Response, nowMs: number): number | undefined {
  const header = response.headers.get("retry-after");
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

export function pause(ms: number, { clock, signal }: Patience): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    });
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
}
