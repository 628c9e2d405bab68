/** The page's end of what it watches: whose update is whose. */
import type { NodeMethods, PageMethods } from "./channels/node.ts";
import type { Topic, Watched } from "./core/watched.ts";

import { asLatticeError } from "./core/error.ts";

export type Watch = <T extends Topic>(
  topic: T,
  listener: (update: Watched[T]) => void,
  signal: AbortSignal,
) => Promise<void>;

export function createWatching(host: Pick<NodeMethods, "watch">): {
  readonly watch: Watch;
  readonly watched: PageMethods["watched"];
} {
  const listeners = new Map<number, (update: never) => void>();
  let last = 0;
  return {
    async watch(topic, listener, signal) {
      const watcher = ++last;
      listeners.set(watcher, listener);
      try {
        await host.watch(topic, watcher, signal);
      } catch (cause) {
        if (!signal.aborted) throw asLatticeError(cause);
      } finally {
        listeners.delete(watcher);
      }
    },
    async watched(watcher, update) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the host tells each watcher of its own topic
      listeners.get(watcher)?.(update as never);
    },
  };
}
