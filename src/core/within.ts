/** Lifetimes within others. */

/**
 * A lifetime that ends with `outer`, if it does not end before. Unlike `AbortSignal.any` it leaves nothing behind in `outer`,
 * and no engine takes it for garbage while only its end is waited for.
 */
export function within(outer: AbortSignal): AbortController {
  const inner = new AbortController();
  if (outer.aborted) inner.abort(outer.reason);
  else {
    outer.addEventListener("abort", () => inner.abort(outer.reason), {
      once: true,
      signal: inner.signal,
    });
  }
  return inner;
}
