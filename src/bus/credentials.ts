/**
 * Credentials as the client library wants them: a function that answers the server's nonce.
 *
 * The library calls it in the middle of the handshake and cannot wait, so everything is read and checked beforehand.
 */
import {
  type Authenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
  nkeys,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "nats.ws";
import type { Credentials } from "../core/credentials.ts";
import { LatticeError } from "../core/error.ts";

/**
 * The answer to a server's challenge, made of `credentials`.
 *
 * @throws {LatticeError} `denied` for a seed or a creds text that cannot be one; the message never has a part of it.
 */
export function authenticator(credentials: Credentials): Authenticator {
  if ("token" in credentials) return tokenAuthenticator(credentials.token);
  if ("user" in credentials) {
    return usernamePasswordAuthenticator(credentials.user, credentials.pass);
  }
  if ("nkeySeed" in credentials) return nkeyAuthenticator(userSeed(credentials.nkeySeed));
  const { jwt, seed } = readCreds(credentials.creds);
  return jwtAuthenticator(jwt, userSeed(seed));
}

/** The two blocks of a `.creds` file, as `nsc` writes it (nats-io/nsc `cmd/util.go`, `FormatConfig` of nats-io/jwt v2). */
function readCreds(text: string): { readonly jwt: string; readonly seed: string } {
  const block = (name: string): string => {
    const found = new RegExp(`-{3,}BEGIN ${name}-{3,}\\s+(\\S+)\\s+-{3,}END ${name}-{3,}`).exec(
      text,
    );
    if (found?.[1] !== undefined) return found[1];
    throw new LatticeError("denied", `the creds text has no "${name}" block`);
  };
  return { jwt: block("NATS USER JWT"), seed: block("USER NKEY SEED") };
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
