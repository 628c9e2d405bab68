/** Buckets of JetStream, in the layout that all hosts of wasmCloud v2 share. */
import type { Bus } from "../../core/bus.ts";
import type { KvBucket } from "../../core/kv.ts";
import type { OfferedBucket, OpenBucket } from "./keyvalue-store.ts";

import { asLatticeError, LatticeError } from "../../core/error.ts";
import { unlessAborted } from "../../core/later.ts";
import { bytesOfSum, sumOf } from "./keyvalue-store.ts";

/** Others may change a number between a look and a write this often. */
const MOST_TRIES = 50;
/** Buckets that one set has open. */
const MOST_BUCKETS = 256;

/** Of the lattice, of this project and of wadm: what they hold decides what runs. */
const RESERVED = /^(?:LATTICEDATA|CONFIGDATA|INLAY_?[A-Z]+|wadm)_/;
/** Whoever waits for a bucket has a signal of its own. */
const OPEN_MS = 10_000;

export function openJetStreamBuckets(bus: Bus, domain: string | undefined): OpenBucket {
  const opened = new Map<string, Promise<OfferedBucket>>();
  return async (name, signal) => {
    if (RESERVED.test(name)) {
      throw new LatticeError("denied", `components have no part in the bucket "${name}"`);
    }
    const known = opened.get(name);
    if (known !== undefined) return unlessAborted(known, signal);
    if (opened.size >= MOST_BUCKETS) {
      throw new LatticeError("too-large", `${MOST_BUCKETS} buckets are open already`);
    }
    const where = domain === undefined ? {} : { domain };
    const forget = (): void => void opened.delete(name);
    const options = { signal: AbortSignal.timeout(OPEN_MS), create: true, ...where };
    const opening = bus.bucket(name, options).then((bucket) => offered(bucket, forget));
    opened.set(name, opening);
    opening.catch(forget);
    return unlessAborted(opening, signal);
  };
}

/** `forget`: the bucket is there no more, and the next one who wants it has it made anew. */
function offered(bucket: KvBucket, forget: () => void): OfferedBucket {
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
  const tried = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      if (["not-served", "not-found"].includes(asLatticeError(cause).code)) forget();
      throw cause;
    }
  };
  return {
    get: async (key, signal) => (await tried(bucket.get(key, signal)))?.value,
    async set(key, value, signal) {
      await tried(bucket.put(key, value, { signal }));
    },
    delete: (key, signal) => tried(bucket.delete(key, { signal })),
    keys: (signal) => tried(bucket.keys(signal)),
    increment: (key, delta, signal) => tried(increment(key, delta, signal)),
  };
}
