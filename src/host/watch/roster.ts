/**
 * All hosts of a lattice as they are heard, and what of them has changed since somebody last looked: bounded, and without a
 * clock of its own. Nothing that is heard makes it throw.
 */
import type { Dialect } from "../../core/dialect.ts";
import type { Word } from "../../core/observation.ts";
import type { ObservedHost } from "../../core/watched.ts";

import { foldHost } from "./observed-host.ts";

export const MOST_HOSTS: number = 1_000;
/** Components and providers of all hosts. */
export const MOST_ENTRIES = 10_000;
/** Hosts that were left out, so that each is counted once. */
const MOST_STRANGERS = 5_000;
/** wadm forgets a host then. */
export const SILENT_MS = 70_000;
/** Long enough to see that somebody is missing. */
export const FORGOTTEN_MS: number = SILENT_MS + 300_000;
/** A heartbeat is late; whoever is asked now may still be heard before it counts as silent. */
const LATE_MS = 40_000;
const ASK_EVERY_MS = 20_000;
/** An answer that was on its way when its host said goodbye does not bring it back. */
const GOODBYE_MS = 5_000;

/** Two clocks, in milliseconds: one that never goes back, and that of the world. */
export interface Moment {
  readonly monotonicMs: number;
  readonly epochMs: number;
}

export interface Changes {
  readonly hosts: readonly ObservedHost[];
  readonly removed: readonly string[];
}

export interface Roster {
  hear(generation: Dialect["generation"], word: Word, at: Moment): void;
  /** The host that this node is: never silent, and never heard from others. */
  setOwn(host: ObservedHost): void;
  /** Marks and forgets who was silent for too long; gives the ids of those who are late, each now and then. */
  age(at: Moment): readonly string[];
  /** Nobody could be heard until now, which is nobody's silence. */
  excuse(at: Moment): void;
  /** What has changed since the last time. */
  take(): Changes;
  readonly changed: boolean;
  /** By id. */
  all(): readonly ObservedHost[];
  leftOut(): { readonly hosts: number; readonly entries: number };
}

interface Kept {
  readonly host: ObservedHost;
  /** By the monotonic clock, as the next two. */
  readonly heardMs: number;
  readonly heardEpochMs: number;
  readonly askedMs: number;
}

export function createRoster(): Roster {
  const known = new Map<string, Kept>();
  const strangers = new Map<string, number>();
  const goodbyes = new Map<string, number>();
  /** What was told of each, so that going there and back is no change. */
  const told = new Map<string, ObservedHost>();
  const dirty = new Set<string>();
  let entries = 0;

  const put = (id: string, kept: Kept): void => {
    const before = known.get(id)?.host;
    known.set(id, kept);
    entries += sizeOf(kept.host) - sizeOf(before);
    if (before !== kept.host) dirty.add(id);
  };
  const remove = (id: string): void => {
    const kept = known.get(id);
    if (kept === undefined) return;
    known.delete(id);
    entries -= sizeOf(kept.host);
    dirty.add(id);
  };

  return {
    hear(generation, word, { monotonicMs, epochMs }) {
      const { host: id } = word;
      const kept = known.get(id);
      if (kept?.host.own === true) return;
      if (word.type === "stopped") {
        remove(id);
        strangers.delete(id);
        if (goodbyes.size < MOST_STRANGERS) goodbyes.set(id, monotonicMs);
        return;
      }
      if (kept === undefined) {
        if (word.type !== "inventory" && word.type !== "presence" && word.type !== "tally") return;
        const goodbye = goodbyes.get(id);
        if (goodbye !== undefined && !isYoung(word) && monotonicMs - goodbye < GOODBYE_MS) return;
        if (known.size >= MOST_HOSTS) {
          if (strangers.size < MOST_STRANGERS || strangers.has(id)) strangers.set(id, monotonicMs);
          return;
        }
      }
      strangers.delete(id);
      goodbyes.delete(id);
      const room = MOST_ENTRIES - entries + sizeOf(kept?.host);
      const folded = foldHost(kept?.host, word, { generation, epochMs, room });
      put(id, {
        host: kept !== undefined && alike(kept.host, folded) ? kept.host : folded,
        heardMs: monotonicMs,
        heardEpochMs: epochMs,
        askedMs: kept?.askedMs ?? -Infinity,
      });
    },
    setOwn(host) {
      const kept = known.get(host.id);
      if (kept !== undefined && alike(kept.host, host)) return;
      put(host.id, { host, heardMs: Infinity, heardEpochMs: 0, askedMs: Infinity });
    },
    age({ monotonicMs }) {
      const late: string[] = [];
      for (const [id, kept] of known) {
        const silentMs = monotonicMs - kept.heardMs;
        if (silentMs >= FORGOTTEN_MS) {
          remove(id);
          continue;
        }
        if (silentMs < LATE_MS) continue;
        const asked = monotonicMs - kept.askedMs < ASK_EVERY_MS;
        if (!asked) late.push(id);
        const host =
          silentMs >= SILENT_MS && kept.host.silentSinceMs === undefined
            ? { ...kept.host, silentSinceMs: kept.heardEpochMs }
            : kept.host;
        put(id, { ...kept, host, askedMs: asked ? kept.askedMs : monotonicMs });
      }
      forget(strangers, monotonicMs - FORGOTTEN_MS);
      forget(goodbyes, monotonicMs - GOODBYE_MS);
      return late;
    },
    excuse({ monotonicMs, epochMs }) {
      for (const [id, kept] of known) {
        if (kept.host.own || kept.host.silentSinceMs !== undefined) continue;
        known.set(id, { ...kept, heardMs: monotonicMs, heardEpochMs: epochMs });
      }
    },
    take() {
      const hosts: ObservedHost[] = [];
      const removed: string[] = [];
      for (const id of dirty) {
        const host = known.get(id)?.host;
        const before = told.get(id);
        if (host !== undefined) {
          if (before === undefined || !alike(before, host)) hosts.push(host);
          told.set(id, host);
        } else if (told.delete(id)) removed.push(id);
      }
      dirty.clear();
      return { hosts, removed };
    },
    get changed() {
      return dirty.size > 0;
    },
    all: () => [...known.values()].map(({ host }) => host).toSorted(byId),
    leftOut: () => ({
      hosts: strangers.size,
      entries: [...known.values()].reduce((sum, { host }) => sum + host.leftOut, 0),
    }),
  };
}

/** It was heard so soon after its beginning that it is no answer from before a goodbye. */
function isYoung(word: Word): boolean {
  if (word.type !== "inventory") return false;
  const { uptimeSeconds } = word.inventory;
  return uptimeSeconds !== undefined && uptimeSeconds * 1000 < GOODBYE_MS;
}

function sizeOf(host: ObservedHost | undefined): number {
  return host === undefined ? 0 : host.components.length + host.providers.length;
}

/** Both are plain data whose fields stand in one order. */
function alike(one: ObservedHost, other: ObservedHost): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function byId(one: ObservedHost, other: ObservedHost): number {
  return one.id < other.id ? -1 : one.id > other.id ? 1 : 0;
}

function forget(moments: Map<string, number>, beforeMs: number): void {
  for (const [id, atMs] of moments) if (atMs < beforeMs) moments.delete(id);
}
