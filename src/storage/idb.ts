/** IndexedDB behind promises: one database, its stores, single reads and writes. */
import { LatticeError } from "../core/error.ts";

const NAME = "inlay";
const VERSION = 2;
const STORES = ["identities", "keys"] as const;

export type StoreName = (typeof STORES)[number];

/** @throws {LatticeError} `unsupported` when the browser denies storage. */
export function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(NAME, VERSION);
  opening.addEventListener("upgradeneeded", () => {
    for (const store of STORES) {
      if (!opening.result.objectStoreNames.contains(store)) opening.result.createObjectStore(store);
    }
  });
  return settled(opening, "open the database");
}

export function readAll(database: IDBDatabase, store: StoreName): Promise<unknown[]> {
  return settled(
    database.transaction(store, "readonly").objectStore(store).getAll(),
    `read ${store}`,
  );
}

export function read(database: IDBDatabase, store: StoreName, key: string): Promise<unknown> {
  const reading: IDBRequest<unknown> = database
    .transaction(store, "readonly")
    .objectStore(store)
    .get(key);
  return settled(reading, `read ${store}`);
}

/** Writes unless there is something under that key. */
export async function add(
  database: IDBDatabase,
  store: StoreName,
  key: string,
  value: unknown,
): Promise<void> {
  const objects = database.transaction(store, "readwrite").objectStore(store);
  if ((await settled(objects.getKey(key), `read ${store}`)) === undefined) {
    await settled(objects.add(value, key), `write ${store}`);
  }
}

export async function write(
  database: IDBDatabase,
  store: StoreName,
  key: string,
  value: unknown,
): Promise<void> {
  await settled(
    database.transaction(store, "readwrite").objectStore(store).put(value, key),
    `write ${store}`,
  );
}

export async function remove(database: IDBDatabase, store: StoreName, key: string): Promise<void> {
  await settled(
    database.transaction(store, "readwrite").objectStore(store).delete(key),
    `remove from ${store}`,
  );
}

/** What `request` gives; `doing` says what failed if it fails. */
export function settled<T>(request: IDBRequest<T>, doing: string): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => {
      const cause = request.error ?? undefined;
      reject(
        new LatticeError("unsupported", `this browser's storage did not let us ${doing}`, {
          cause,
        }),
      );
    });
  });
}
