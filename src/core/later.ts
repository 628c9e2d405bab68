/**
 * Code that joining does not need, loaded when it is first needed: it lies in files of its own, which may be gone after a
 * new version was put in their place, or be slow to come.
 */
import type { Clock } from "./clock.ts";

import { asLatticeError, LatticeError } from "./error.ts";

/** Gives the part, or gives up when the signal aborts. */
export type Later<T> = (signal?: AbortSignal) => Promise<T>;

/** A file of some ten kilobytes that has not come by then will not come. */
const LOAD_LIMIT_MS = 30_000;

/**
 * What `load` gives, loaded once; after a failure the next one who needs it tries again.
 *
 * @throws {LatticeError} `unsupported` with `name` when it cannot be loaded, `deadline` when it does not come, or the
 * signal's reason.
 */
export function later<T>(clock: Clock, name: string, load: () => Promise<T>): Later<T> {
  let loading: Promise<T> | undefined;
  const begin = (): Promise<T> =>
    inTime(clock, name, load).catch((cause: unknown) => {
      loading = undefined;
      throw cause;
    });
  return (signal) => {
    if (signal?.aborted === true) return Promise.reject(asLatticeError(signal.reason, "aborted"));
    const loaded = (loading ??= begin());
    return signal === undefined ? loaded : unlessAborted(loaded, signal);
  };
}

function inTime<T>(clock: Clock, name: string, load: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(LOAD_LIMIT_MS, () => {
      const error = `the code for ${name} did not come within ${LOAD_LIMIT_MS / 1000} s`;
      reject(new LatticeError("deadline", error));
    });
    load()
      .then(resolve, (cause: unknown) => {
        // An error of the part itself says what is wrong; a file that is missing does not say what it was for.
        const failed = cause instanceof LatticeError ? cause : missing(name, cause);
        reject(failed);
      })
      .finally(cancel);
  });
}

function missing(name: string, cause: unknown): LatticeError {
  const error = `the code for ${name} could not be loaded: reload the page if its server has a newer version`;
  return new LatticeError("unsupported", error, { cause });
}

/** What `work` gives; or the signal's reason at once, while `work` goes on for others. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(asLatticeError(signal.reason, "aborted"));
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(asLatticeError(signal.reason, "aborted"));
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
