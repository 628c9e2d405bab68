/** The port to key-value buckets: what a lattice keeps for all of its hosts (links, configuration, claims). */

export interface BucketOptions {
  /** Gives up the opening; the bucket outlives it. */
  readonly signal: AbortSignal;
  /** JetStream domain that holds the bucket; default the server's own. */
  readonly domain?: string;
  /** Makes the bucket if there is none; one that exists is taken as it is, whatever its settings. Default false. */
  readonly create?: boolean;
}

export interface KvEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Grows with each change of any key of the bucket. */
  readonly revision: number;
}

/** What a watch tells. A removal without `revision` left no marker: the entry was simply gone. */
export type KvChange =
  | (KvEntry & { readonly operation: "put" })
  | {
      readonly operation: "delete" | "purge";
      readonly key: string;
      readonly revision?: number;
    };

export interface KvWriteOptions {
  readonly signal: AbortSignal;
  /** Writes only if this is the key's present revision; 0: only if there is no such entry. */
  readonly revision?: number;
}

/**
 * A bucket. Keys are of letters, digits and `- _ = / .`; anything else is `bad-input`.
 *
 * All methods throw {@link LatticeError}: `disconnected` (a write may have been done all the same), `denied`,
 * `not-served`, `deadline` when the server is silent for 5 s, `closed`, or the signal's reason.
 */
export interface KvBucket {
  readonly name: string;
  /** `undefined` for what was never there, deleted or purged. */
  get(key: string, signal: AbortSignal): Promise<KvEntry | undefined>;
  /**
   * Gives the new revision.
   *
   * @throws {LatticeError} `conflict` if `revision` was asked for and is not the present one, `too-large`.
   */
  put(key: string, value: Uint8Array, options: KvWriteOptions): Promise<number>;
  /** Leaves a marker, so that whoever watches hears of it; earlier values stay in the bucket's history, if it has one. */
  delete(key: string, options: KvWriteOptions): Promise<void>;
  /** As {@link KvBucket.delete}, and wipes the key's history. Some peers know no purge markers. */
  purge(key: string, options: KvWriteOptions): Promise<void>;
  keys(signal: AbortSignal): Promise<readonly string[]>;
  /** All entries, the least recently changed first. */
  snapshot(signal: AbortSignal): Promise<ReadonlyMap<string, KvEntry>>;
  /**
   * Tells all entries, resolves, and goes on to tell changes until `signal` aborts or the bus closes.
   *
   * Changes come in the order of their revisions; of changes in quick succession the last one of a key counts. After a
   * loss of the connection, whatever became different meanwhile is told, removals included. Entries which the server
   * drops without a marker (by age, or by hand) are noticed only then.
   */
  watch(onChange: (change: KvChange) => void, signal: AbortSignal): Promise<void>;
}
