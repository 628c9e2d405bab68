/** The buckets of a lattice as another host or tool sees them: by the client library's own KV, entry by entry. */
import type { KV, NatsConnection } from "nats.ws";

export interface LatticeStore {
  readonly data: KV;
  readonly config: KV;
}

/** Opens the buckets of `lattice`, or makes them as the library does. */
export async function openStore(
  nats: NatsConnection,
  lattice: string,
  domain?: string,
): Promise<LatticeStore> {
  const jetstream = nats.jetstream({
    timeout: 30_000,
    ...(domain === undefined ? {} : { domain }),
  });
  return {
    data: await jetstream.views.kv(`LATTICEDATA_${lattice}`, { history: 1 }),
    config: await jetstream.views.kv(`CONFIGDATA_${lattice}`, { history: 1 }),
  };
}

/** The text under `key`, with how it was written: `undefined` if it never was. */
export async function read(bucket: KV, key: string): Promise<string | undefined> {
  const entry = await bucket.get(key);
  if (entry === null) return undefined;
  return entry.operation === "PUT" ? entry.string() : entry.operation;
}
