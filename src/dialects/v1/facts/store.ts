/**
 * The two buckets of a lattice, `LATTICEDATA_{lattice}` and `CONFIGDATA_{lattice}` (wasmCloud `wasmbus/mod.rs` @ v1.9.2):
 * opened when they are first needed, made if they are not there, and changed by compare-and-set.
 */
import type { Bus } from "../../../core/bus.ts";
import type { LatticeId } from "../../../core/ids.ts";
import type { KvBucket } from "../../../core/kv.ts";

import { asLatticeError, LatticeError } from "../../../core/error.ts";

export interface Store {
  /** @throws {LatticeError} as {@link Bus.bucket}, `unsupported` without JetStream. A later call tries again. */
  open(name: BucketName, signal: AbortSignal): Promise<KvBucket>;
}

export type BucketName = "LATTICEDATA" | "CONFIGDATA";

export function createStore(bus: Bus, lattice: LatticeId, domain: string | undefined): Store {
  const opened = new Map<BucketName, KvBucket>();
  return {
    async open(name, signal) {
      const known = opened.get(name);
      if (known !== undefined) return known;
      const where = domain === undefined ? {} : { domain };
      const bucket = await bus.bucket(`${name}_${lattice}`, { signal, create: true, ...where });
      opened.set(name, bucket);
      return bucket;
    },
  };
}

/** What was written, under which revision. */
export interface Written {
  readonly value: Uint8Array;
  readonly revision: number;
}

export interface Editor {
  /**
   * Puts `change` of the present value in its place, unless somebody else was faster: then once more with theirs.
   * `change` gives `undefined` where nothing is to be written. Changes of one key that are made here wait for each other.
   *
   * @throws {LatticeError} what `change` throws, `conflict` after {@link MOST_ATTEMPTS}, and as {@link KvBucket}.
   */
  edit(
    bucket: KvBucket,
    key: string,
    change: (present: Uint8Array | undefined) => Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<Written | undefined>;
  /** Runs `change` when the changes of `key` that were asked for here before it have ended. */
  inTurn<T>(bucket: KvBucket, key: string, change: () => Promise<T>): Promise<T>;
}

/** Each lost attempt is one of somebody else's that was won; more hosts than this do not write one key at a time. */
const MOST_ATTEMPTS = 32;

export function createEditor(): Editor {
  const tails = new Map<string, Promise<unknown>>();

  const attempt: Editor["edit"] = async (bucket, key, change, signal) => {
    for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts++) {
      // oxlint-disable-next-line no-await-in-loop -- each attempt begins with what the last one lost to
      const present = await bucket.get(key, signal);
      const value = change(present?.value);
      if (value === undefined) return undefined;
      try {
        // oxlint-disable-next-line no-await-in-loop -- as above
        const revision = await bucket.put(key, value, { signal, revision: present?.revision ?? 0 });
        return { value, revision };
      } catch (cause) {
        if (asLatticeError(cause).code !== "conflict") throw cause;
      }
    }
    const text = `${key} of ${bucket.name} was changed by others ${MOST_ATTEMPTS} times meanwhile`;
    throw new LatticeError("conflict", text);
  };

  const inTurn: Editor["inTurn"] = (bucket, key, change) => {
    const name = `${bucket.name} ${key}`;
    const before = tails.get(name) ?? Promise.resolve();
    const done = before.then(change, change);
    tails.set(name, done);
    const forget = (): void => {
      if (tails.get(name) === done) tails.delete(name);
    };
    void done.then(forget, forget); // `done` is heard by whoever asked
    return done;
  };

  return {
    inTurn,
    edit: (bucket, key, change, signal) =>
      inTurn(bucket, key, () => attempt(bucket, key, change, signal)),
  };
}
