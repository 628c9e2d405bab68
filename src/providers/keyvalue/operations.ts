/** What each function of `wrpc:keyvalue` does to a store, and the bounds of what it takes and gives. */
import type { WitValue } from "../../core/wit.ts";
import type { KeyvalueChange, KeyvalueStore, NumberBounds } from "../../storage/keyvalue-store.ts";

import { LatticeError } from "../../core/error.ts";
import { ATOMICS, BATCH, COUNTERS, STORE } from "./world.ts";

/** UTF-8 bytes of a key. */
const MOST_KEY_BYTES = 1024;
/** Keys of one call, and of one page. */
const MOST_KEYS = 1000;
/** Bytes that the values of one answer may have together; a call's parameters have the same bound. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024;

/** What fits into the numbers of 0.82. */
const S32: NumberBounds = { least: -(2n ** 31n), most: 2n ** 31n - 1n };

/** What one call has to do with. */
export interface Operands {
  readonly store: KeyvalueStore;
  readonly bucket: string;
  readonly maxValueBytes: number;
  /** Hears of what was changed, in the order in which it was. */
  readonly onChange: (changes: readonly KeyvalueChange[]) => void;
}

export interface Operation {
  readonly writes: boolean;
  /** The `ok` of the result; what is thrown is its `err`. `args` are past the bucket, and of the function's types. */
  run(operands: Operands, args: readonly WitValue[]): Promise<WitValue>;
}

type Pair = readonly [key: string, value: Uint8Array];

/* oxlint-disable typescript/no-unsafe-type-assertion -- arguments were decoded by the types of `world.ts` */
const operations: ReadonlyMap<string, Operation> = new Map([
  reads(STORE, "get", async ({ store, bucket }, [key]) => {
    const [value] = await store.get(bucket, [checkKey(key as string)]);
    return value;
  }),
  reads(STORE, "exists", ({ store, bucket }, [key]) =>
    store.exists(bucket, checkKey(key as string)),
  ),
  reads(STORE, "list-keys", async ({ store, bucket }, [cursor]) => {
    const after = Number((cursor as bigint | undefined) ?? 0n);
    const { keys, next } = await store.keys(bucket, after, MOST_KEYS);
    return { keys, cursor: next === undefined ? undefined : BigInt(next) };
  }),
  reads(BATCH, "get-many", async ({ store, bucket }, [given]) => {
    const keys = checkKeys(given as readonly string[]);
    const values = await store.get(bucket, keys);
    const bytes = values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
    if (bytes > MOST_ANSWER_BYTES)
      throw tooLarge("the values of these keys", bytes, MOST_ANSWER_BYTES);
    return values.map((value, index) => (value === undefined ? undefined : [keys[index], value]));
  }),
  writes(STORE, "set", (operands, [key, value]) =>
    change(operands, [[key as string, value as Uint8Array]], []),
  ),
  writes(STORE, "delete", (operands, [key]) => change(operands, [], [key as string])),
  writes(BATCH, "set-many", (operands, [pairs]) => change(operands, pairs as readonly Pair[], [])),
  writes(BATCH, "delete-many", (operands, [keys]) =>
    change(operands, [], keys as readonly string[]),
  ),
  writes(ATOMICS, "increment", (operands, [key, delta]) =>
    increment(operands, key as string, delta as bigint),
  ),
  writes(COUNTERS, "add", async (operands, [key, delta]) =>
    Number(await increment(operands, key as string, BigInt(delta as number), S32)),
  ),
]);
/* oxlint-enable typescript/no-unsafe-type-assertion */

export function operationOf(instance: string, func: string): Operation | undefined {
  return operations.get(`${instance}#${func}`);
}

function reads(instance: string, func: string, run: Operation["run"]): [string, Operation] {
  return [`${instance}#${func}`, { writes: false, run }];
}

function writes(instance: string, func: string, run: Operation["run"]): [string, Operation] {
  return [`${instance}#${func}`, { writes: true, run }];
}

/** One transaction of the store, whoever else counts: this browser's other tabs as well. */
async function increment(
  { store, bucket, onChange }: Operands,
  key: string,
  delta: bigint,
  bounds?: NumberBounds,
): Promise<bigint> {
  const name = checkKey(key);
  const sum = await store.increment(bucket, name, delta, bounds);
  onChange([{ key: name, value: new TextEncoder().encode(String(sum)) }]);
  return sum;
}

async function change(
  { store, bucket, maxValueBytes, onChange }: Operands,
  pairs: readonly Pair[],
  removals: readonly string[],
): Promise<undefined> {
  checkKeys([...pairs.map(([key]) => key), ...removals]);
  for (const [key, value] of pairs) {
    if (value.length > maxValueBytes)
      throw tooLarge(`the value of "${key}"`, value.length, maxValueBytes);
  }
  const sets = pairs.map(([key, value]) => ({ key, value: Uint8Array.from(value) }));
  const gone = await store.change(bucket, [...sets, ...removals.map((key) => ({ key }))]);
  onChange([...sets, ...gone.map((key) => ({ key }))]);
}

function checkKeys(keys: readonly string[]): readonly string[] {
  if (keys.length > MOST_KEYS) {
    throw new LatticeError(
      "too-large",
      `${keys.length} keys in one call; at most ${MOST_KEYS} are taken`,
    );
  }
  return keys.map(checkKey);
}

function checkKey(key: string): string {
  // A UTF-16 unit is one to three bytes of UTF-8: most keys need no counting.
  if (key.length <= MOST_KEY_BYTES / 3) return key;
  const bytes = new TextEncoder().encode(key).length;
  if (bytes > MOST_KEY_BYTES) throw tooLarge("a key", bytes, MOST_KEY_BYTES);
  return key;
}

function tooLarge(what: string, bytes: number, most: number): LatticeError {
  return new LatticeError("too-large", `${what} has ${bytes} bytes; at most ${most} are taken`);
}
