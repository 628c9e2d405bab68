/**
 * The answers of nkeys and JWTs to a server's nonce. A file of its own, loaded only for such credentials: signing takes
 * more code than all the rest of a connection's handshake.
 */
import { type Authenticator, jwtAuthenticator, nkeyAuthenticator, nkeys } from "nats.ws";

import { LatticeError } from "../core/error.ts";

/** @throws {LatticeError} `denied` for what is no user's seed; the message never has a part of it. */
export function answerByNkey(seed: string): Authenticator {
  return nkeyAuthenticator(userSeed(seed));
}

/** @throws {LatticeError} as {@link answerByNkey}. */
export function answerByJwt(jwt: string, seed: string): Authenticator {
  return jwtAuthenticator(jwt, userSeed(seed));
}

function userSeed(seed: string): Uint8Array {
  const bytes = new TextEncoder().encode(seed.trim());
  if (/^SU[A-Z2-7]{56}$/.test(seed.trim()) && isSeed(bytes)) return bytes;
  throw new LatticeError(
    "denied",
    "the nkey seed must be a user's: SU and 56 base32 characters with a valid checksum",
  );
}

function isSeed(bytes: Uint8Array): boolean {
  try {
    nkeys.fromSeed(bytes); // checks prefix and checksum; its clear() would wipe `bytes`, so it is left alone
    return true;
  } catch {
    return false; // its text could hold the seed; the caller says what was wanted
  }
}
