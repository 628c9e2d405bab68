/**
 * Credentials as the client library wants them: a function that answers the server's nonce.
 *
 * The library calls it in the middle of the handshake and cannot wait, so everything is read and checked beforehand.
 */
import { type Authenticator, tokenAuthenticator, usernamePasswordAuthenticator } from "nats.ws";
import type { Credentials } from "../core/credentials.ts";
import type * as NkeyAnswers from "./nkey-answers.ts";
import type { Later } from "../core/later.ts";
import { LatticeError } from "../core/error.ts";

export type Signing = typeof NkeyAnswers;

/**
 * The answer to a server's challenge, made of `credentials`.
 *
 * @throws {LatticeError} `denied` for a seed or a creds text that cannot be one; the message never has a part of it.
 */
export async function authenticator(
  credentials: Credentials,
  signing: Later<Signing>,
): Promise<Authenticator> {
  if ("token" in credentials) return tokenAuthenticator(credentials.token);
  if ("user" in credentials) {
    return usernamePasswordAuthenticator(credentials.user, credentials.pass);
  }
  if ("nkeySeed" in credentials) return (await signing()).answerByNkey(credentials.nkeySeed);
  const { jwt, seed } = readCreds(credentials.creds);
  return (await signing()).answerByJwt(jwt, seed);
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
