/**
 * Where a key-value provider keeps its entries: the port, and the rules that all stores share.
 *
 * Keys are listed in the order in which they were first set, by a number that each keeps while it is there: whoever goes on
 * from a number misses no key and meets none twice, whatever is removed meanwhile.
 */
import { LatticeError } from "../core/error.ts";

/** `value` absent: the entry is removed. */
export interface KeyvalueChange {
  readonly key: string;
  readonly value?: Uint8Array;
}

export interface KeyPage {
  readonly keys: readonly string[];
  /** Where the next page begins; absent if there is none. */
  readonly next?: number;
}

/** Numbers that may be kept, both ends among them. */
export interface NumberBounds {
  readonly least: bigint;
  readonly most: bigint;
}

/**
 * A store of buckets; a bucket is there when it has an entry. Each method is one transaction: done wholly or not at all,
 * in some order with all others.
 *
 * All methods throw {@link LatticeError}: `too-large` for what there is no room for, `unsupported` when the browser does not let us,
 * `closed` after the end.
 */
export interface KeyvalueStore extends AsyncDisposable {
  /** In the order of `keys`. */
  get(bucket: string, keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  exists(bucket: string, key: string): Promise<boolean>;
  /** Gives the keys of entries that were removed and had been there. */
  change(bucket: string, changes: readonly KeyvalueChange[]): Promise<readonly string[]>;
  /**
   * Adds to a number, which is kept as decimal text; what is not there or empty counts as 0. Gives the sum.
   *
   * @throws {LatticeError} `bad-input` for an entry that is no number, and for a sum beyond `bounds`, by default those of 64 bits from 0 on.
   */
  increment(bucket: string, key: string, delta: bigint, bounds?: NumberBounds): Promise<bigint>;
  /** At most `most` keys, from those whose number is above `after`. */
  keys(bucket: string, after: number, most: number): Promise<KeyPage>;
  /** Bytes that all entries count for. */
  size(): Promise<number>;
}

const COUNTS: NumberBounds = { least: 0n, most: 2n ** 64n - 1n };

/** What an entry takes beside its texts and value, so that empty ones are not free. */
const ENTRY_BYTES = 64;

const UTF8 = new TextEncoder();

/** Bytes that an entry counts for. */
export function entryBytes(bucket: string, key: string, value: Uint8Array): number {
  return ENTRY_BYTES + UTF8.encode(bucket).length + UTF8.encode(key).length + value.length;
}

/** @throws {LatticeError} `too-large` if a store that grows from `before` to `after` bytes would be above `most`. */
export function checkRoom(before: number, after: number, most: number): void {
  if (after <= before || after <= most) return;
  throw new LatticeError(
    "too-large",
    `the store is full: its entries would take ${after} bytes, and it may have ${most}`,
  );
}

/** The number that `value` holds, as wasmCloud's Redis and NATS providers write it, plus `delta`. */
export function incremented(
  key: string,
  value: Uint8Array | undefined,
  delta: bigint,
  { least, most }: NumberBounds = COUNTS,
): bigint {
  const held = value === undefined ? "" : new TextDecoder().decode(value);
  if (!/^(-?\d{1,20})?$/.test(held)) {
    throw new LatticeError("bad-input", `the value of "${key}" is not a number`);
  }
  const sum = BigInt(held) + delta;
  if (sum >= least && sum <= most) return sum;
  const where = sum < least ? `below ${least}` : `above ${most}`;
  throw new LatticeError("bad-input", `the sum for "${key}" is ${where}`);
}

export function numberText(value: bigint): Uint8Array {
  return UTF8.encode(String(value));
}
