/** The user key of this browser: made once, kept in IndexedDB, never readable by a script. */
import { LatticeError } from "../core/error.ts";
import { add, openDatabase, read } from "./idb.ts";
import { generateKeyPair, isKeyPair } from "./key-pairs.ts";

const NAME = "user";

/** Whether there is one already; none is made. */
export async function hasUserKey(): Promise<boolean> {
  const database = await openDatabase();
  try {
    return isKeyPair(await read(database, "keys", NAME));
  } finally {
    database.close();
  }
}

/** The key pair of this origin in this browser; all its tabs have the same one. Made when it is first asked for. */
export async function takeUserKey(): Promise<CryptoKeyPair> {
  const database = await openDatabase();
  try {
    const kept = await read(database, "keys", NAME);
    if (isKeyPair(kept)) return kept;
    // Another tab may make one at the same moment: the first that is kept counts.
    await add(database, "keys", NAME, await generateKeyPair("prove who it is"));
    const mine = await read(database, "keys", NAME);
    if (isKeyPair(mine)) return mine;
    throw new LatticeError("unsupported", "this browser's storage does not keep keys");
  } finally {
    database.close();
  }
}
