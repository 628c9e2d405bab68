/** The key by which this browser proves to NATS servers who it is. */
import type { BrowserKey } from "./core/credentials.ts";

import { takeUserKey } from "./storage/keys.ts";
import { rawPublicKey } from "./storage/key-pairs.ts";
import { publicNkey } from "./wire/nkey-public.ts";

/**
 * The user key of this origin in this browser, made when it is first asked for. Servers let it in when their configuration
 * names its public half (`users: [{ nkey: U… }]`), or a user's JWT does. Its private half can be used by scripts of this
 * origin and read by nobody: what steals it has to steal the browser's profile.
 *
 * @throws {LatticeError} `unsupported` where the browser keeps no keys or cannot make Ed25519 ones.
 *
 * @example
 * await using node = await join({ servers, credentials: { key: await browserKey() } });
 */
export async function browserKey(): Promise<BrowserKey> {
  const keys = await takeUserKey();
  return {
    publicKey: publicNkey("user", await rawPublicKey(keys)),
    privateKey: keys.privateKey,
  };
}
