/** A key-value store in memory: for Node, and for pages that may keep nothing. */
import type { KeyvalueChange, KeyvalueStore } from "./keyvalue-store.ts";

import { checkRoom, entryBytes, incremented, numberText } from "./keyvalue-store.ts";

interface Entry {
  readonly sequence: number;
  readonly value: Uint8Array;
}

/** `maxBytes` is asked at each change. */
export function createMemoryKeyvalue(maxBytes: () => number): KeyvalueStore {
  /** Keys stand in the order of their numbers: an overwritten one keeps its place. */
  const buckets = new Map<string, Map<string, Entry>>();
  let bytes = 0;
  let last = 0;

  const entriesOf = (bucket: string): Map<string, Entry> => buckets.get(bucket) ?? new Map();
  const weigh = (bucket: string, key: string, value: Uint8Array | undefined): number =>
    value === undefined ? 0 : entryBytes(bucket, key, value);
  const apply = (bucket: string, changes: readonly KeyvalueChange[]): readonly string[] => {
    const entries = entriesOf(bucket);
    const final = new Map(changes.map(({ key, value }) => [key, value]));
    let after = bytes;
    for (const [key, value] of final) {
      after += weigh(bucket, key, value) - weigh(bucket, key, entries.get(key)?.value);
    }
    checkRoom(bytes, after, maxBytes());
    bytes = after;
    const removed: string[] = [];
    for (const [key, value] of final) {
      if (value !== undefined) {
        entries.set(key, { sequence: entries.get(key)?.sequence ?? ++last, value: value.slice() });
      } else if (entries.delete(key)) removed.push(key);
    }
    if (entries.size === 0) buckets.delete(bucket);
    else buckets.set(bucket, entries);
    return removed;
  };

  return {
    get: async (bucket, keys) => keys.map((key) => entriesOf(bucket).get(key)?.value.slice()),
    exists: async (bucket, key) => entriesOf(bucket).has(key),
    change: async (bucket, changes) => apply(bucket, changes),
    async increment(bucket, key, delta, bounds) {
      const sum = incremented(key, entriesOf(bucket).get(key)?.value, delta, bounds);
      apply(bucket, [{ key, value: numberText(sum) }]);
      return sum;
    },
    async keys(bucket, after, most) {
      const found = [...entriesOf(bucket)].filter(([, { sequence }]) => sequence > after);
      const page = found.slice(0, most);
      const next = found.length > most ? page.at(-1)?.[1].sequence : undefined;
      return { keys: page.map(([key]) => key), ...(next === undefined ? {} : { next }) };
    },
    size: async () => bytes,
    [Symbol.asyncDispose]: async () => buckets.clear(),
  };
}
