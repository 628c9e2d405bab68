/**
 * Components that watch keys: the targets of links from the provider for the interface `watcher`. Each is told of changes
 * in their order, one call at a time; what a slow one has not been told of is bounded, and the oldest is dropped.
 */
import type { ProviderContext, ProviderLink } from "../../core/provider.ts";
import type { World } from "../../core/wit.ts";
import type { KeyvalueChange } from "../../storage/keyvalue-store.ts";
import type { WatchSettings } from "./settings.ts";

import { LatticeError, messageOf } from "../../core/error.ts";
import { readWatchSettings, toldName } from "./settings.ts";
import { WATCHER } from "./world.ts";

/** Changes that one watcher may have waiting. */
const MOST_WAITING = 1000;
/** How long one watcher may take for one change. */
const TELL_MS = 10_000;

export interface Watchers {
  put(name: string, link: ProviderLink): void;
  remove(name: string): void;
  /** Entries of `bucket` were changed. */
  tell(bucket: string, changes: readonly KeyvalueChange[]): void;
  end(): void;
}

interface Watcher {
  readonly link: ProviderLink["link"];
  readonly settings: WatchSettings;
  readonly waiting: KeyvalueChange[];
}

export function createWatchers(context: ProviderContext, world: World): Watchers {
  const { id, log, clock } = context;
  const watchers = new Map<string, Watcher>();
  const ended = new AbortController();

  const tellOne = async (
    { link, settings }: Watcher,
    { key, value }: KeyvalueChange,
  ): Promise<void> => {
    const late = new AbortController();
    const cancel = clock.after(TELL_MS, () =>
      late.abort(new LatticeError("deadline", `${link.target} took more than ${TELL_MS} ms`)),
    );
    const bucket = toldName(settings.bucket);
    try {
      await context.call(
        {
          target: link.target,
          link: link.name,
          instance: WATCHER,
          func: value === undefined ? "on-delete" : "on-set",
          args: value === undefined ? [bucket, key] : [bucket, key, value],
          signal: AbortSignal.any([late.signal, ended.signal]),
        },
        world,
      );
    } catch (cause) {
      if (ended.signal.aborted) return;
      log.warn("keyvalue.untold", {
        provider: id,
        watcher: link.target,
        problem: messageOf(cause),
      });
    } finally {
      cancel();
    }
  };
  const work = async (name: string, watcher: Watcher): Promise<void> => {
    // It stays the first of the line while it is told of.
    for (let next = watcher.waiting[0]; next !== undefined; next = watcher.waiting[0]) {
      if (ended.signal.aborted || watchers.get(name)?.waiting !== watcher.waiting) return;
      // oxlint-disable-next-line no-await-in-loop -- one after the other, in order
      await tellOne(watchers.get(name) ?? watcher, next);
      if (watcher.waiting[0] === next) watcher.waiting.shift();
    }
  };

  return {
    put(name, { link, config }) {
      const settings = readWatchSettings(config);
      watchers.set(name, { link, settings, waiting: watchers.get(name)?.waiting ?? [] });
    },
    remove: (name) => void watchers.delete(name),
    tell(bucket, changes) {
      for (const [name, watcher] of watchers) {
        const { settings, waiting, link } = watcher;
        if (settings.bucket !== bucket) continue;
        for (const change of changes) {
          const watched = change.value === undefined ? settings.deleted : settings.set;
          if (!watched.has(change.key)) continue;
          if (waiting.push(change) === 1) void work(name, watcher); // never rejects
          if (waiting.length <= MOST_WAITING) continue;
          waiting.shift();
          log.warn("keyvalue.untold", {
            provider: id,
            watcher: link.target,
            problem: `more than ${MOST_WAITING} changes wait`,
          });
        }
      }
    },
    end: () => ended.abort(new LatticeError("closed", `${id} has ended`)),
  };
}
