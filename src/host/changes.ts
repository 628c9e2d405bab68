/** Changes by id: those of one id run one after the other, and can be given up together. */
import type { EntityId } from "../core/ids.ts";
import type { LatticeError } from "../core/error.ts";

export interface Changes<Key = EntityId> {
  /** Runs `change` after the id's earlier ones; its signal aborts when it is given up, perhaps before it has begun. */
  enqueue<T>(id: Key, change: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Aborts what runs and waits under `id`; later changes are not touched. */
  giveUp(id: Key, reason: LatticeError): void;
  /** Gives all up and takes no more; resolves when they have ended, or with the signal. */
  end(reason: LatticeError, signal: AbortSignal): Promise<void>;
}

interface Queue {
  tail: Promise<void>;
  readonly unfinished: Set<AbortController>;
}

export function createChanges<Key = EntityId>(): Changes<Key> {
  const queues = new Map<Key, Queue>();
  let ended: LatticeError | undefined;

  const giveUp = (id: Key, reason: LatticeError): void => {
    for (const change of queues.get(id)?.unfinished ?? []) change.abort(reason);
  };
  return {
    giveUp,
    enqueue(id, change) {
      if (ended !== undefined) return Promise.reject(ended);
      const queue = queues.get(id) ?? { tail: Promise.resolve(), unfinished: new Set() };
      queues.set(id, queue);
      const own = new AbortController();
      queue.unfinished.add(own);
      const done = queue.tail.then(() => change(own.signal));
      const finish = (): void => {
        queue.unfinished.delete(own);
        if (queue.unfinished.size === 0) queues.delete(id);
      };
      queue.tail = done.then(finish, finish); // `done` is heard by whoever asked; later changes go on regardless
      return done;
    },
    async end(reason, signal) {
      ended = reason;
      for (const id of queues.keys()) giveUp(id, reason);
      const all = Promise.all([...queues.values()].map(({ tail }) => tail));
      await Promise.race([all, aborted(signal)]);
    },
  };
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
