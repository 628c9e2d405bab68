/** Buckets in memory, which end with their set. */
import type { OfferedBucket, OpenBucket } from "./keyvalue-store.ts";

import { LatticeError } from "../../core/error.ts";
import { bytesOfSum, sumOf } from "./keyvalue-store.ts";

/** Bytes of all entries together; each counts for some more than its key and value, so that empty ones are not free. */
const MOST_BYTES = 64 * 1024 * 1024;
const ENTRY_BYTES = 64;

export function openMemoryBuckets(mostBytes: number = MOST_BYTES): OpenBucket {
  const buckets = new Map<string, OfferedBucket>();
  let taken = 0;
  const weigh = (key: string, value: Uint8Array): number =>
    ENTRY_BYTES + key.length * 3 + value.length;

  const make = (): OfferedBucket => {
    const entries = new Map<string, Uint8Array>();
    const put = (key: string, value: Uint8Array): void => {
      const before = entries.get(key);
      const grown = weigh(key, value) - (before === undefined ? 0 : weigh(key, before));
      if (grown > 0 && taken + grown > mostBytes) {
        const error = `the store is full: its entries would take ${taken + grown} bytes, and it may have ${mostBytes}`;
        throw new LatticeError("too-large", error);
      }
      taken += grown;
      entries.set(key, value);
    };
    return {
      async get(key) {
        const value = entries.get(key);
        return value === undefined ? undefined : Uint8Array.from(value);
      },
      async set(key, value) {
        put(key, Uint8Array.from(value));
      },
      async delete(key) {
        const before = entries.get(key);
        if (before === undefined) return;
        taken -= weigh(key, before);
        entries.delete(key);
      },
      keys: async () => [...entries.keys()],
      async increment(key, delta) {
        const sum = sumOf(entries.get(key), delta);
        put(key, bytesOfSum(sum));
        return sum;
      },
    };
  };
  return async (name) => {
    let bucket = buckets.get(name);
    if (bucket === undefined) {
      taken += ENTRY_BYTES + name.length * 3;
      if (taken > mostBytes) throw new LatticeError("too-large", "the store has too many buckets");
      buckets.set(name, (bucket = make()));
    }
    return bucket;
  };
}
