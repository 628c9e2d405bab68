/** Buckets in memory, which end with their set. */
import type { Budget } from "./budget.ts";
import type { OfferedBucket, OpenBucket } from "./keyvalue-store.ts";

import { LatticeError } from "../../core/error.ts";
import { bytesOfSum, sumOf } from "./keyvalue-store.ts";

/** Bytes of all entries together; each counts for some more than its key and value, so that empty ones are not free. */
const MOST_BYTES = 64 * 1024 * 1024;
const ENTRY_BYTES = 64;

export interface MemoryBuckets {
  readonly open: OpenBucket;
  /** Nothing is kept any more, and what it took is given back. */
  close(): void;
}

/** Takes what it keeps from `budget`, and `mostBytes` of it at most. */
export function openMemoryBuckets(budget: Budget, mostBytes: number = MOST_BYTES): MemoryBuckets {
  const buckets = new Map<string, OfferedBucket>();
  let taken = 0;
  let closed = false;
  const weigh = (key: string, value: Uint8Array): number =>
    ENTRY_BYTES + key.length * 3 + value.length;
  const grow = (by: number): void => {
    if (closed) throw new LatticeError("closed", "the store has ended with its workload");
    if (taken + by > mostBytes) {
      const error = `the store is full: it would take ${taken + by} bytes, and may have ${mostBytes}`;
      throw new LatticeError("too-large", error);
    }
    if (!budget.take(by)) {
      const error = `the stores of this host are full: all of them may have ${budget.most} bytes together`;
      throw new LatticeError("too-large", error);
    }
    taken += by;
  };
  const shrink = (by: number): void => {
    if (closed) return;
    taken -= by;
    budget.give(by);
  };

  const make = (): OfferedBucket => {
    const entries = new Map<string, Uint8Array>();
    const put = (key: string, value: Uint8Array): void => {
      const before = entries.get(key);
      const grown = weigh(key, value) - (before === undefined ? 0 : weigh(key, before));
      if (grown > 0) grow(grown);
      else shrink(-grown);
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
        shrink(weigh(key, before));
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
  return {
    async open(name) {
      let bucket = buckets.get(name);
      if (bucket === undefined) {
        grow(ENTRY_BYTES + name.length * 3);
        buckets.set(name, (bucket = make()));
      }
      return bucket;
    },
    close() {
      shrink(taken);
      closed = true;
      buckets.clear();
    },
  };
}
