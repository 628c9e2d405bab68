/** Where the key-value offers keep entries: the port, and numbers as all of wasmCloud v2 write them. */

export interface OfferedBucket {
  get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  set(key: string, value: Uint8Array, signal: AbortSignal): Promise<void>;
  delete(key: string, signal: AbortSignal): Promise<void>;
  /** All of them, always in the same order while nothing changes. */
  keys(signal: AbortSignal): Promise<readonly string[]>;
  /** Adds to a number, and gives the sum. */
  increment(key: string, delta: bigint, signal: AbortSignal): Promise<bigint>;
}

/** Gives the bucket of this name, which is made if there is none. */
export type OpenBucket = (name: string, signal: AbortSignal) => Promise<OfferedBucket>;

const MOST = 0xffff_ffff_ffff_ffffn;

/**
 * The number in `value` plus `delta`, at most 2^64 - 1: eight bytes, the first one the highest; what is shorter counts as 0
 * (wasmCloud `crates/wash-runtime/src/plugin/wasi_keyvalue/nats.rs` at v2.7.0).
 */
export function sumOf(value: Uint8Array | undefined, delta: bigint): bigint {
  const before =
    value === undefined || value.length < 8
      ? 0n
      : new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0);
  const sum = before + delta;
  return sum > MOST ? MOST : sum;
}

export function bytesOfSum(sum: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, sum);
  return bytes;
}
