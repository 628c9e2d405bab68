/**
 * Credentials as the client library wants them: a function that answers the server's nonce.
 *
 * The library calls it in the middle of the handshake and cannot wait, so everything is read and checked beforehand.
 */
import { tokenAuthenticator, usernamePasswordAuthenticator } from "nats.ws";
import type { Credentials } from "../core/credentials.ts";
import type * as NkeyAnswers from "./nkey-answers.ts";
import type { Later } from "../core/later.ts";
import { LatticeError } from "../core/error.ts";
import { type Answer, answerByKey } from "./key-answers.ts";

export type Signing = typeof NkeyAnswers;

/**
 * The answer to a server's challenge, made of `credentials`.
 *
 * @throws {LatticeError} `denied` for a seed or a creds text that cannot be one; the message never has a part of it.
 */
export async function authenticator(
  credentials: Credentials,
  signing: Later<Signing>,
): Promise<Answer> {
  if ("token" in credentials) return { authenticator: tokenAuthenticator(credentials.token) };
  if ("user" in credentials) {
    const { user, pass } = credentials;
    return { authenticator: usernamePasswordAuthenticator(user, pass) };
  }
  if ("key" in credentials) return answerByKey(credentials.key, credentials.jwt);
  if ("nkeySeed" in credentials) {
    return { authenticator: (await signing()).answerByNkey(credentials.nkeySeed) };
  }
  const { jwt, seed } = readCreds(credentials.creds);
  return { authenticator: (await signing()).answerByJwt(jwt, seed) };
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
