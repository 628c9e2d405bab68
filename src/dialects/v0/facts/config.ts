/**
 * Configuration of actors and providers, in `CONFIGDATA`: raw bytes under `{public key}_{name}` (wasmCloud v0.82.0
 * `crates/host/src/wasmbus/mod.rs`). Throws as {@link KvBucket}.
 */
import type { DialectParts } from "../../../core/dialect.ts";
import type { KvBucket } from "../../../core/kv.ts";

export interface ActorConfig {
  get(entity: string, key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** All of one actor or provider, by name. */
  all(entity: string, signal: AbortSignal): Promise<ReadonlyMap<string, Uint8Array>>;
  put(entity: string, key: string, value: Uint8Array, signal: AbortSignal): Promise<void>;
  remove(entity: string, key: string, signal: AbortSignal): Promise<void>;
}

export function createActorConfig({
  control,
  lattice,
  jsDomain,
}: Pick<DialectParts, "control" | "lattice" | "jsDomain">): ActorConfig {
  let opened: Promise<KvBucket> | undefined;
  const open = (signal: AbortSignal): Promise<KvBucket> => {
    const domain = jsDomain === undefined ? {} : { domain: jsDomain };
    opened ??= control
      .bucket(`CONFIGDATA_${lattice}`, { signal, create: true, ...domain })
      .catch((cause: unknown) => {
        opened = undefined; // the next one tries again
        throw cause;
      });
    return opened;
  };
  return {
    async get(entity, key, signal) {
      return (await (await open(signal)).get(`${entity}_${key}`, signal))?.value;
    },
    async all(entity, signal) {
      const prefix = `${entity}_`;
      const bucket = await open(signal);
      const found = new Map<string, Uint8Array>();
      for (const [name, { value }] of await bucket.snapshot(signal)) {
        if (name.startsWith(prefix)) found.set(name.slice(prefix.length), value);
      }
      return found;
    },
    async put(entity, key, value, signal) {
      await (await open(signal)).put(`${entity}_${key}`, value, { signal });
    },
    async remove(entity, key, signal) {
      await (await open(signal)).purge(`${entity}_${key}`, { signal });
    },
  };
}
