/**
 * A key-value store in IndexedDB: a database of its own, so that it can be measured, and removed, as one.
 *
 * `entries` has each entry under `[bucket, key]`, and finds them by `[bucket, sequence]`; `state` has the size of all and
 * the last number given, changed in the transactions that change entries.
 */
import type { KeyvalueChange, KeyvalueStore } from "./keyvalue-store.ts";

import { LatticeError } from "../core/error.ts";
import { settled } from "./idb.ts";
import { checkRoom, entryBytes, incremented, numberText } from "./keyvalue-store.ts";

const ENTRIES = "entries";
const BY_SEQUENCE = "sequence";
const STATE = "state";

interface Entry {
  readonly bucket: string;
  readonly key: string;
  readonly sequence: number;
  readonly value: Uint8Array;
}

interface State {
  readonly bytes: number;
  readonly last: number;
}

export interface IdbKeyvalueOptions {
  /** Of the database; who opens the same name shares its entries. */
  readonly name: string;
  /** Asked at each change. */
  readonly maxBytes: () => number;
}

/** @throws {LatticeError} `unsupported` when the browser denies storage. */
export async function openIdbKeyvalue({
  name,
  maxBytes,
}: IdbKeyvalueOptions): Promise<KeyvalueStore> {
  let opened: Promise<IDBDatabase> | undefined;
  let ended = false;
  const database = (): Promise<IDBDatabase> => {
    if (ended) return Promise.reject(new LatticeError("closed", `the store ${name} was closed`));
    // The browser may close it, when a user clears the site's data: the next one who needs it opens it anew.
    opened ??= open(name, () => (opened = undefined)).catch((cause: unknown) => {
      opened = undefined;
      throw cause;
    });
    return opened;
  };

  const run = async <T>(
    mode: IDBTransactionMode,
    doing: string,
    work: (entries: IDBObjectStore, state: IDBObjectStore) => Promise<T>,
  ): Promise<T> => {
    const transaction = (await database()).transaction([ENTRIES, STATE], mode);
    const done = finished(transaction, doing);
    done.catch(() => undefined); // heard below, or less telling than what `work` threw
    try {
      const result = await work(transaction.objectStore(ENTRIES), transaction.objectStore(STATE));
      await done;
      return result;
    } catch (cause) {
      abort(transaction);
      throw cause;
    }
  };
  /** The last of several changes of one key counts. */
  const apply = async (
    bucket: string,
    changes: readonly KeyvalueChange[],
    entries: IDBObjectStore,
    state: IDBObjectStore,
  ): Promise<readonly string[]> => {
    const final = Array.from(new Map(changes.map(({ key, value }) => [key, value])));
    const before = stateOf(await settled<unknown>(state.get(STATE), "read its state"));
    const present = await Promise.all(
      final.map(([key]) => settled<unknown>(entries.get([bucket, key]), "read an entry")),
    );
    let { bytes, last } = before;
    const removed: string[] = [];
    final.forEach(([key, value], index) => {
      const old = entryOf(present[index]);
      if (old !== undefined) bytes -= entryBytes(bucket, key, old.value);
      if (value === undefined) {
        if (old !== undefined) removed.push(key);
        entries.delete([bucket, key]);
        return;
      }
      bytes += entryBytes(bucket, key, value);
      const sequence = old?.sequence ?? ++last;
      // A copy: a view into a larger buffer would be stored with all of it.
      entries.put({ bucket, key, sequence, value: value.slice() } satisfies Entry);
    });
    checkRoom(before.bytes, bytes, maxBytes());
    state.put({ bytes, last } satisfies State, STATE);
    return removed;
  };

  await database();
  return {
    get: (bucket, keys) =>
      run("readonly", "read entries", async (entries) => {
        const found = keys.map((key) =>
          settled<unknown>(entries.get([bucket, key]), "read an entry"),
        );
        return (await Promise.all(found)).map((each) => entryOf(each)?.value);
      }),
    exists: (bucket, key) =>
      run(
        "readonly",
        "look for an entry",
        async (entries) => (await settled(entries.count([bucket, key]), "look for an entry")) > 0,
      ),
    change: (bucket, changes) =>
      run("readwrite", "change entries", (entries, state) =>
        apply(bucket, changes, entries, state),
      ),
    increment: (bucket, key, delta, bounds) =>
      run("readwrite", "add to an entry", async (entries, state) => {
        const found = await settled<unknown>(entries.get([bucket, key]), "read an entry");
        const sum = incremented(key, entryOf(found)?.value, delta, bounds);
        await apply(bucket, [{ key, value: numberText(sum) }], entries, state);
        return sum;
      }),
    keys: (bucket, after, most) =>
      run("readonly", "list keys", async (entries) => {
        const range = IDBKeyRange.bound([bucket, after], [bucket, Infinity], true);
        const index = entries.index(BY_SEQUENCE);
        const found = await settled(index.getAllKeys(range, most + 1), "list keys");
        const keys = found.slice(0, most).map(keyOf);
        if (found.length <= most) return { keys };
        const lastKey = keys.at(-1) ?? "";
        const last = await settled<unknown>(entries.get([bucket, lastKey]), "read an entry");
        return { keys, next: entryOf(last)?.sequence ?? after };
      }),
    size: () =>
      run(
        "readonly",
        "read its state",
        async (_, state) =>
          stateOf(await settled<unknown>(state.get(STATE), "read its state")).bytes,
      ),
    async [Symbol.asyncDispose]() {
      ended = true;
      const last = opened;
      opened = undefined;
      // Transactions that are under way end before it closes.
      await last?.then((each) => each.close()).catch(() => undefined); // it never opened: nothing to close
    },
  };
}

async function open(name: string, onClose: () => void): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, 1);
  opening.addEventListener("upgradeneeded", () => {
    const entries = opening.result.createObjectStore(ENTRIES, { keyPath: ["bucket", "key"] });
    entries.createIndex(BY_SEQUENCE, ["bucket", "sequence"], { unique: true });
    opening.result.createObjectStore(STATE);
  });
  const database = await settled(opening, `open the store ${name}`);
  database.addEventListener("close", onClose);
  // Another tab removes or changes it: nothing is to stand in its way.
  database.addEventListener("versionchange", () => {
    database.close();
    onClose();
  });
  return database;
}

/** Resolves when all of the transaction is kept. */
function finished(transaction: IDBTransaction, doing: string): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => {
      const cause = transaction.error ?? undefined;
      const full = cause?.name === "QuotaExceededError";
      reject(
        full
          ? new LatticeError("too-large", "the browser has no more room for this page's data", {
              cause,
            })
          : new LatticeError("unsupported", `this browser's storage did not let us ${doing}`, {
              cause,
            }),
      );
    });
  });
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended by itself.
  }
}

/** What this file wrote, or nothing. */
function entryOf(found: unknown): Entry | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else writes to this database
  return found as Entry | undefined;
}

function stateOf(found: unknown): State {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  return (found as State | undefined) ?? { bytes: 0, last: 0 };
}

/** The key of an entry by its primary key, `[bucket, key]`. */
function keyOf(primary: IDBValidKey): string {
  const key = Array.isArray(primary) ? primary[1] : undefined;
  return typeof key === "string" ? key : "";
}
