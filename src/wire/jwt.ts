/**
 * The tokens of wasmCloud 0.82: claims as JSON with an Ed25519 signature, whose key is named within
 * (wasmCloud v0.82.0 `crates/wascap/src/jwt.rs`).
 *
 * A token that is valid says only that the owner of the key `iss` has said so.
 */
import type { Ed25519, Signer } from "./ed25519.ts";
import type { Shape } from "./shape.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { decodeBase64Url, encodeBase64Url } from "./base64url.ts";
import { readPublicNkey } from "./nkey.ts";
import { readJson, writeJson } from "./shape.ts";
import {
  type Claims,
  claimsShape,
  isTokenHeader,
  partsOf,
  signedPart,
  TOKEN_HEADER,
  tokenHeader,
} from "./token-form.ts";

export interface Token<Wascap> {
  readonly claims: Claims<Wascap>;
  /** The public key that {@link Claims.iss} names. */
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
  /** What was signed. */
  readonly signed: Uint8Array;
}

/** The header as nearly everybody writes it. */
const HEAD = encodeBase64Url(writeJson(TOKEN_HEADER));
const MAX_SECONDS = Number.MAX_SAFE_INTEGER;

/** The token of `claims`; their fields are written in the order in which they are here. */
export async function signToken(claims: object, signer: Signer): Promise<string> {
  const signed = `${HEAD}.${encodeBase64Url(writeJson(claims))}`;
  const signature = await signer.sign(new TextEncoder().encode(signed));
  return `${signed}.${encodeBase64Url(signature)}`;
}

/**
 * Takes a token apart, and checks nothing but its form.
 *
 * @throws {LatticeError} `bad-message`
 */
export function readToken<Wascap>(token: string, wascap: Shape<Wascap>): Token<Wascap> {
  const { count, head, body, tail } = partsOf(token);
  if (count !== 3) throw malformed(`invalid token format, expected 3 segments, found ${count}`);
  try {
    if (head !== HEAD && !isTokenHeader(readJson(decodeBase64Url(head), tokenHeader))) {
      throw malformed(`a header of ${TOKEN_HEADER.typ} and ${TOKEN_HEADER.alg} was expected`);
    }
    const claims = readJson(decodeBase64Url(body), claimsShape(wascap, MAX_SECONDS));
    if (claims.iss === "" || claims.sub === "") throw malformed("issuer or subject is empty");
    const { key } = readPublicNkey(claims.iss);
    return { claims, key, signature: decodeBase64Url(tail), signed: signedPart({ head, body }) };
  } catch (cause) {
    throw cause instanceof LatticeError && cause.message.startsWith("JWT error")
      ? cause
      : malformed(messageOf(cause));
  }
}

/** The first thing that is wrong with a token, in the order in which 0.82 looks. */
export type TokenFault = "expired" | "early" | "signature";

/** `nowMs`: since 1970. No clock is excused, as there. */
export async function faultOf(
  { claims, key, signature, signed }: Token<unknown>,
  { ed25519, nowMs }: { readonly ed25519: Ed25519; readonly nowMs: number },
): Promise<TokenFault | undefined> {
  const now = Math.floor(nowMs / 1000);
  if (claims.exp !== undefined && claims.exp < now) return "expired";
  if (claims.nbf !== undefined && now < claims.nbf) return "early";
  return (await ed25519.verify(key, signature, signed)) ? undefined : "signature";
}

function malformed(why: string): LatticeError {
  return new LatticeError("bad-message", `JWT error: ${why}`);
}
