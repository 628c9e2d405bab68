/** Buckets of JetStream, in the layout that all hosts of wasmCloud v2 share. */
import type { Bus } from "../../core/bus.ts";
import type { KvBucket } from "../../core/kv.ts";
import type { OfferedBucket, OpenBucket } from "./keyvalue-store.ts";

import { asLatticeError, LatticeError } from "../../core/error.ts";
import { bytesOfSum, sumOf } from "./keyvalue-store.ts";

/** Others may change a number between a look and a write this often. */
const MOST_TRIES = 50;
/** Buckets that one set has open. */
const MOST_BUCKETS = 256;

export function openJetStreamBuckets(bus: Bus, domain: string | undefined): OpenBucket {
  const opened = new Map<string, Promise<OfferedBucket>>();
  return async (name, signal) => {
    const known = opened.get(name);
    if (known !== undefined) return known;
    if (opened.size >= MOST_BUCKETS) {
      throw new LatticeError("too-large", `${MOST_BUCKETS} buckets are open already`);
    }
    const where = domain === undefined ? {} : { domain };
    const opening = bus.bucket(name, { signal, create: true, ...where }).then(offered);
    opened.set(name, opening);
    opening.catch(() => opened.delete(name));
    return opening;
  };
}

function offered(bucket: KvBucket): OfferedBucket {
  const increment = async (
    key: string,
    delta: bigint,
    signal: AbortSignal,
    tries = MOST_TRIES,
  ): Promise<bigint> => {
    const entry = await bucket.get(key, signal);
    const sum = sumOf(entry?.value, delta);
    try {
      await bucket.put(key, bytesOfSum(sum), { signal, revision: entry?.revision ?? 0 });
      return sum;
    } catch (cause) {
      if (asLatticeError(cause).code !== "conflict" || tries <= 1) throw cause;
      return increment(key, delta, signal, tries - 1);
    }
  };
  return {
    get: async (key, signal) => (await bucket.get(key, signal))?.value,
    async set(key, value, signal) {
      await bucket.put(key, value, { signal });
    },
    delete: (key, signal) => bucket.delete(key, { signal }),
    keys: (signal) => bucket.keys(signal),
    increment: (key, delta, signal) => increment(key, delta, signal),
  };
}
