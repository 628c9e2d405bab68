/**
 * Named configuration as running components see it: merged by their lists of names, and live.
 *
 * `CONFIGDATA` is watched only while somebody follows a name of it, and only values of followed names are kept.
 */
import type { Values } from "../../../core/facts.ts";
import type { KvBucket, KvChange } from "../../../core/kv.ts";
import type { Log } from "../../../core/log.ts";
import type { Source, View } from "../../../core/view.ts";

import { LatticeError, messageOf } from "../../../core/error.ts";
import { createSource } from "../../../core/view.ts";
import { merge, readConfig } from "./config.ts";

export interface FollowedConfig {
  /** As `Facts.followConfig`. */
  follow(
    bucket: KvBucket,
    names: readonly string[],
    signal: AbortSignal,
    until: AbortSignal,
  ): Promise<View<Values>>;
}

/** A name that somebody follows. */
interface Held {
  values: Values;
  revision: number;
  /** Whether it was read directly: the watch may have older news until it has told of this revision. */
  read: boolean;
  /** What shows the name's values, with those of others. */
  readonly shown: Set<() => void>;
}

const EMPTY: Values = new Map();

export function createFollowedConfig(log: Log): FollowedConfig {
  const held = new Map<string, Held>();
  let watching: AbortController | undefined;

  const hear = (change: KvChange): void => {
    const entry = held.get(change.key);
    if (entry === undefined) return;
    const { revision = 0 } = change;
    if (entry.read && change.revision !== undefined && revision < entry.revision) return;
    entry.read = false;
    entry.revision = revision;
    try {
      // What is removed while it is in use counts as empty (`wasmbus/config.rs`).
      entry.values = change.operation === "put" ? readConfig(change.value) : EMPTY;
    } catch (cause) {
      return log.error("config.unreadable", { config: change.key, problem: messageOf(cause) });
    }
    for (const show of entry.shown) show();
  };

  const watch = (bucket: KvBucket): void => {
    if (watching !== undefined) return;
    const own = new AbortController();
    watching = own;
    bucket.watch(hear, own.signal).catch((cause: unknown) => {
      if (watching === own) watching = undefined; // whoever follows next tries again
      if (!own.signal.aborted) log.warn("config.unfollowed", { problem: messageOf(cause) });
    });
  };
  const forget = (names: readonly string[], show: () => void): void => {
    for (const name of names) {
      const entry = held.get(name);
      entry?.shown.delete(show);
      if (entry?.shown.size === 0) held.delete(name);
    }
    if (held.size > 0) return;
    watching?.abort();
    watching = undefined;
  };

  return {
    async follow(bucket, names, signal, until) {
      const distinct = [...new Set(names)];
      const found = await Promise.all(
        distinct.map(async (name) => ({ name, entry: await readEntry(bucket, name, signal) })),
      );
      until.throwIfAborted();
      let view: Source<Values> | undefined;
      const merged = (): Values => merge(names.map((name) => held.get(name)?.values ?? EMPTY));
      const show = (): void => view?.set(merged());
      for (const { name, entry } of found) {
        const known = held.get(name);
        if (known === undefined) {
          held.set(name, { ...entry, read: true, shown: new Set([show]) });
          continue;
        }
        known.shown.add(show);
        if (entry.revision <= known.revision) continue;
        Object.assign(known, entry, { read: true }); // the watch was late, or is lost
        for (const each of known.shown) each();
      }
      watch(bucket);
      until.addEventListener("abort", () => forget(distinct, show), { once: true });
      view = createSource(merged());
      return view;
    },
  };
}

async function readEntry(
  bucket: KvBucket,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly values: Values; readonly revision: number }> {
  const entry = await bucket.get(name, signal);
  if (entry === undefined) throw new LatticeError("not-found", `Config ${name} does not exist`);
  try {
    return { values: readConfig(entry.value), revision: entry.revision };
  } catch (cause) {
    const text = `Data corruption error, unable to decode data from store (${name})`;
    throw new LatticeError("bad-message", text, { cause });
  }
}
