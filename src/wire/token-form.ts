/**
 * What all tokens of wasmCloud have in common: JSON Web Tokens with Ed25519 signatures by nkeys, whose claims have a part of
 * wasmCloud's own (`crates/wascap/src/jwt.rs` @ v0.82.0 and v1.9.2). Each generation reads them by rules of its own.
 */
import type { Shape } from "./shape.ts";

import { natural, optional, record, text } from "./shape.ts";

/** The revision of the signing tool from which on hashes of modules are to be compared. */
export const WASCAP_REVISION = 3;

export interface TokenHeader {
  readonly typ: string;
  readonly alg: string;
}
export const TOKEN_HEADER: TokenHeader = { typ: "jwt", alg: "Ed25519" };
export const tokenHeader: Shape<TokenHeader> = record<TokenHeader>({ typ: text, alg: text });

export function isTokenHeader({ typ, alg }: TokenHeader): boolean {
  return typ === TOKEN_HEADER.typ && alg === TOKEN_HEADER.alg;
}

/** Claims; `wascap` is what the token is about. */
export interface Claims<Wascap> {
  /** Unique. */
  readonly jti: string;
  /** Seconds since 1970. */
  readonly iat: number;
  /** Public nkey of who signs. */
  readonly iss: string;
  readonly sub: string;
  /** Seconds since 1970; never if absent. */
  readonly exp: number | undefined;
  readonly nbf: number | undefined;
  readonly wascap: Wascap;
  readonly wascap_revision: number | undefined;
}

export function claimsShape<Wascap>(
  wascap: Shape<Wascap>,
  mostSeconds: number,
): Shape<Claims<Wascap>> {
  const seconds = natural(mostSeconds);
  return record<Claims<Wascap>>({
    jti: text,
    iat: seconds,
    iss: text,
    sub: text,
    exp: optional(seconds),
    nbf: optional(seconds),
    wascap,
    wascap_revision: optional(natural(0xffff_ffff)),
  });
}

/** A token's parts in base64url. `count`: of all parts; three are wanted. */
export interface TokenParts {
  readonly count: number;
  readonly head: string;
  readonly body: string;
  readonly tail: string;
}

export function partsOf(token: string): TokenParts {
  const parts = token.split(".");
  const [head = "", body = "", tail = ""] = parts;
  return { count: parts.length, head, body, tail };
}

/** The bytes that a token's signature is of. */
export function signedPart({ head, body }: Pick<TokenParts, "head" | "body">): Uint8Array {
  return new TextEncoder().encode(`${head}.${body}`);
}
