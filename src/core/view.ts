/** Read-only state that changes: look at it now, or hear of each change. */

export interface View<T> {
  /** The state as it is. */
  peek(): T;
  /** Calls `listener`, which must not throw, with each later state until `signal` aborts; not with the present one. */
  subscribe(listener: (state: T) => void, signal?: AbortSignal): void;
}

/** A view with the right to change it. */
export interface Source<T> extends View<T> {
  /** Does nothing if `state` is the very same value. */
  set(state: T): void;
}

export function createSource<T>(initial: T): Source<T> {
  let state = initial;
  const listeners = new Set<(state: T) => void>();
  return {
    peek: () => state,
    subscribe(listener, signal) {
      if (signal?.aborted === true) return;
      listeners.add(listener);
      signal?.addEventListener("abort", () => listeners.delete(listener), { once: true });
    },
    set(next) {
      if (Object.is(next, state)) return;
      state = next;
      for (const listener of Array.from(listeners)) listener(next);
    },
  };
}

/** Resolves with the first state, the present one included, that `wanted` accepts. Rejects with the signal's reason. */
export function until<T, S extends T>(
  view: View<T>,
  wanted: (state: T) => state is S,
  signal: AbortSignal,
): Promise<S>;
export function until<T>(
  view: View<T>,
  wanted: (state: T) => boolean,
  signal: AbortSignal,
): Promise<T>;
export function until<T>(
  view: View<T>,
  wanted: (state: T) => boolean,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const now = view.peek();
  if (wanted(now)) return Promise.resolve(now);
  return new Promise((resolve, reject) => {
    const settled = new AbortController();
    const giveUp = (): void => {
      settled.abort();
      reject(signal.reason);
    };
    signal.addEventListener("abort", giveUp, { once: true, signal: settled.signal });
    view.subscribe((state) => {
      if (!wanted(state)) return;
      settled.abort();
      resolve(state);
    }, settled.signal);
  });
}
