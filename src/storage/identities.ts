/**
 * Host identities that outlive a reload: key pairs in IndexedDB, each used by one tab at a time.
 *
 * A tab takes the first identity whose Web Lock is free and adds one if all are taken. Private keys are not
 * extractable: a script can use them, never read them.
 */
import type { HostId } from "../core/ids.ts";

import { openDatabase, readAll, write } from "./idb.ts";
import { generateKeyPair, isKeyPair, rawPublicKey } from "./key-pairs.ts";

export interface Identity {
  readonly id: HostId;
  readonly keys: CryptoKeyPair;
}

/** Takes an identity until `signal` aborts. `nameOf` makes the id of a raw public key. */
export async function takeIdentity(
  nameOf: (publicKey: Uint8Array) => HostId,
  signal: AbortSignal,
): Promise<Identity> {
  const database = await openDatabase();
  try {
    for (const pair of await readAll(database, "identities")) {
      if (!isKeyPair(pair)) continue;
      const identity = await identityOf(pair, nameOf);
      if (await lock(identity.id, signal)) return identity;
    }
    const identity = await identityOf(await generateKeyPair("name a host"), nameOf);
    await lock(identity.id, signal);
    await write(database, "identities", identity.id, identity.keys);
    return identity;
  } finally {
    database.close();
  }
}

async function identityOf(
  keys: CryptoKeyPair,
  nameOf: (publicKey: Uint8Array) => HostId,
): Promise<Identity> {
  return { id: nameOf(await rawPublicKey(keys)), keys };
}

/** True if the lock was free: it is held until `signal` aborts, or the tab ends. */
function lock(id: HostId, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`inlay.host.${id}`, { ifAvailable: true }, (held) => {
        resolve(held !== null);
        if (held === null) return undefined;
        return new Promise<void>((release) => {
          if (signal.aborted) release();
          signal.addEventListener("abort", () => release(), { once: true });
        });
      })
      .catch(reject);
  });
}
