/**
 * Work that may wait, written once for both bridges: a generator whose waits take no turn where values are there at
 * once, as under atomics, and which gives a promise where they come later.
 */
import type { Life } from "../life.ts";
import type { Later } from "../remote-streams.ts";

/** Yields the promises that it waits for, and gets their values. */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** The value of `later`, as a step. */
export function* wait<T>(later: Later<T>): Steps<T> {
  if (!(later instanceof Promise)) return later;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `run` gives back what the promise resolved to
  return (yield later) as T;
}

/** The result of `steps`: at once if nothing waited. */
export function run<T>(steps: Steps<T>): Later<T> {
  const first = steps.next();
  return first.done === true ? first.value : goOn(steps, first.value);
}

/** As {@link run}, for the glue: a failure ends the call, for the glue may hang on a promise that rejects. */
export function runFor<T>(life: Life, steps: Steps<T>): Later<T> {
  const later = run(steps);
  return later instanceof Promise ? life.guard(later) : later;
}

async function goOn<T>(steps: Steps<T>, awaited: Promise<unknown>): Promise<T> {
  for (let promise = awaited; ;) {
    const outcome = await promise.then(
      (value) => () => steps.next(value),
      (thrown: unknown) => () => steps.throw(thrown),
    );
    const next = outcome();
    if (next.done === true) return next.value;
    promise = next.value;
  }
}
