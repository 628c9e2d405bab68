/**
 * The streams of a lattice of tabs in IndexedDB, and the epochs of those that may write them.
 *
 * Every transaction asks for all that it does at once and then commits: none waits for its tab, which may be frozen or hung
 * by then and would keep the others out. So the fence is no value that is read and compared, but a key that must be free:
 * `epochs` has a record for each epoch that was taken, with the tab that took it, and whoever writes under epoch N adds the record N + 1 and takes it
 * away again in the same transaction. The addition fails, and all of it with it, once somebody has taken N + 1.
 *
 * `streams` has what a stream is, by its name; `messages` what is in it, by `[name, sequence]`.
 */
import type { BusMessage } from "../core/bus.ts";
import type { KeptStream, KeptStreams } from "../core/kept-streams.ts";

import { LatticeError } from "../core/error.ts";
import { settled } from "./idb.ts";

const EPOCHS = "epochs";
const STREAMS = "streams";
const MESSAGES = "messages";

type StreamRecord = Omit<KeptStream, "messages">;

/** @throws {LatticeError} `unsupported` when the browser denies storage. */
export async function openKeptStreams(name: string): Promise<KeptStreams> {
  let opened: Promise<IDBDatabase> | undefined;
  let ended = false;
  const forget = (): void => {
    opened = undefined;
  };
  const begin = async (
    stores: readonly string[],
    mode: IDBTransactionMode,
  ): Promise<IDBTransaction> => {
    if (ended) throw new LatticeError("closed", `the store ${name} was closed`);
    // The browser may close it, when a person clears the site's data: the next one who needs it opens it anew.
    opened ??= open(name, forget).catch((cause: unknown) => {
      forget();
      throw cause;
    });
    return (await opened).transaction(stores, mode);
  };
  (await begin([EPOCHS], "readonly")).commit();

  return {
    async last() {
      const transaction = await begin([EPOCHS], "readonly");
      const found = transaction.objectStore(EPOCHS).openCursor(undefined, "prev");
      transaction.commit();
      const cursor = await settled(found, "read the last epoch");
      return { epoch: Number(cursor?.key ?? 0), by: String(cursor?.value ?? "") };
    },
    async take({ epoch, by }) {
      const transaction = await begin([EPOCHS], "readwrite");
      transaction.objectStore(EPOCHS).add(by, epoch);
      transaction.commit();
      return (await finished(transaction, "take an epoch")) === "done";
    },
    async load() {
      const transaction = await begin([STREAMS, MESSAGES], "readonly");
      const messages = transaction.objectStore(MESSAGES);
      const asked = [
        transaction.objectStore(STREAMS).getAll(),
        messages.getAllKeys(),
        messages.getAll(),
      ] as const;
      transaction.commit();
      const [records, keys, values] = await Promise.all([
        settled<unknown[]>(asked[0], "read the streams"),
        settled(asked[1], "read the keys of messages"),
        settled<unknown[]>(asked[2], "read the messages"),
      ]);
      return streamsOf(records, keys, values);
    },
    async write(epoch, { stream, config, created, last, removed, put }) {
      const transaction = await begin([EPOCHS, STREAMS, MESSAGES], "readwrite");
      const epochs = transaction.objectStore(EPOCHS);
      epochs.add("", epoch + 1);
      const record: StreamRecord = { name: stream, config, created, last };
      transaction.objectStore(STREAMS).put(record, stream);
      const messages = transaction.objectStore(MESSAGES);
      for (const sequence of removed) messages.delete([stream, sequence]);
      if (put !== undefined) messages.put(put, [stream, last]);
      epochs.delete(epoch + 1);
      transaction.commit();
      if ((await finished(transaction, "write a stream")) === "done") return;
      throw new LatticeError("gone", `epoch ${epoch} is over: another tab writes`);
    },
    close() {
      ended = true;
      // Transactions that are under way end before it closes. What never opened need not close.
      void opened?.then(
        (database) => database.close(),
        () => undefined,
      );
    },
  };
}

async function open(name: string, onClose: () => void): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, 1);
  opening.addEventListener("upgradeneeded", () => {
    const { result } = opening;
    for (const store of [EPOCHS, STREAMS, MESSAGES]) result.createObjectStore(store);
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

/** `taken` when a key that had to be free was not. */
function finished(transaction: IDBTransaction, doing: string): Promise<"done" | "taken"> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve("done"));
    transaction.addEventListener("abort", () => {
      const cause = transaction.error ?? undefined;
      if (cause?.name === "ConstraintError") return resolve("taken");
      const full = cause?.name === "QuotaExceededError";
      reject(
        new LatticeError(
          full ? "too-large" : "unsupported",
          full
            ? "the browser has no more room for this page's data"
            : `this browser's storage did not let us ${doing}`,
          { cause },
        ),
      );
    });
  });
}

function streamsOf(
  records: readonly unknown[],
  keys: readonly IDBValidKey[],
  values: readonly unknown[],
): readonly KeptStream[] {
  const byName = new Map<string, Map<number, BusMessage>>();
  // In the order of their keys: name by name, and the lowest sequence first.
  keys.forEach((key, index) => {
    const [stream, sequence] = Array.isArray(key) ? key : [];
    if (typeof stream !== "string" || typeof sequence !== "number") return;
    const messages = byName.get(stream) ?? new Map<number, BusMessage>();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else writes to this database
    messages.set(sequence, values[index] as BusMessage);
    byName.set(stream, messages);
  });
  return records.map((each) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    const record = each as StreamRecord;
    return { ...record, messages: byName.get(record.name) ?? new Map<number, BusMessage>() };
  });
}
