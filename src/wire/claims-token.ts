/**
 * Tokens that sign components: JSON Web Tokens with Ed25519 signatures by nkeys (wasmCloud `crates/wascap/src/jwt.rs`
 * @ v1.9.2). Pure: what must hold is read here, and whoever has a clock and cryptography checks it.
 */
import type { SignedClaims } from "../core/claims.ts";
import type { Shape } from "./shape.ts";

import { LatticeError } from "../core/error.ts";
import { publicKeyOf } from "./public-key.ts";
import { list, natural, optional, readJson, record, text } from "./shape.ts";

export interface ClaimsToken {
  readonly claims: SignedClaims;
  /** SHA-256 of what was signed, in capital hex; absent where the signer's tool is too old for it to be compared. */
  readonly hash: string | undefined;
  /** The signature, what it is of, and the raw key of whoever made it. */
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
  readonly key: Uint8Array;
}

/** Longest token that is read; real ones have a kilobyte. */
const MOST_BYTES = 64 * 1024;
/** From this revision of the signing tool on the hash counts. */
const HASHED_REVISION = 3;

interface Header {
  readonly typ: string;
  readonly alg: string;
}
const headerShape: Shape<Header> = record<Header>({ typ: text, alg: text });

const int32: Shape<number> = (value, path) =>
  typeof value === "number" && value < 0
    ? -natural(0x8000_0000)(-value, path)
    : natural(0x7fff_ffff)(value, path);
/** As far as dates go. */
const seconds = natural(8_640_000_000_000);

interface Metadata {
  readonly name: string | undefined;
  readonly hash: string;
  readonly tags: readonly string[] | undefined;
  readonly caps: readonly string[] | undefined;
  readonly rev: number | undefined;
  readonly ver: string | undefined;
  readonly call_alias: string | undefined;
}
const metadataShape: Shape<Metadata> = record<Metadata>({
  name: optional(text),
  hash: text,
  tags: optional(list(text)),
  caps: optional(list(text)),
  rev: optional(int32),
  ver: optional(text),
  call_alias: optional(text),
});

interface Payload {
  readonly exp: number | undefined;
  readonly nbf: number | undefined;
  readonly jti: string;
  readonly iat: number;
  readonly iss: string;
  readonly sub: string;
  readonly wascap: Metadata;
  readonly wascap_revision: number | undefined;
}
const payloadShape: Shape<Payload> = record<Payload>({
  exp: optional(seconds),
  nbf: optional(seconds),
  jti: text,
  iat: seconds,
  iss: text,
  sub: text,
  wascap: metadataShape,
  wascap_revision: optional(natural(0xffff_ffff)),
});

/** @throws {LatticeError} `bad-message` for what is no such token. */
export function readClaimsToken(bytes: Uint8Array): ClaimsToken {
  if (bytes.length > MOST_BYTES) {
    throw new LatticeError("bad-message", `a token has ${MOST_BYTES} bytes at most`);
  }
  const token = new TextDecoder().decode(bytes);
  const [head = "", body = "", signature = "", ...more] = token.split(".");
  if (signature === "" || more.length > 0) {
    throw new LatticeError("bad-message", "a token has three parts with dots between");
  }
  const { typ, alg } = readJson(base64url(head), headerShape);
  if (alg !== "Ed25519" || typ !== "jwt") {
    throw new LatticeError(
      "bad-message",
      `it is of type ${typ} and signed by ${alg}, not jwt by Ed25519`,
    );
  }
  const {
    exp,
    nbf,
    iss,
    sub,
    wascap,
    wascap_revision: tool = 0,
  } = readJson(base64url(body), payloadShape);
  if (sub === "") throw new LatticeError("bad-message", "it has no subject");
  const { name, hash, tags, caps, rev, ver, call_alias: callAlias } = wascap;
  return {
    claims: {
      subject: sub,
      issuer: iss,
      name,
      version: ver,
      revision: rev,
      callAlias,
      tags,
      capabilities: caps,
      notBefore: nbf,
      expires: exp,
    },
    hash: tool < HASHED_REVISION ? undefined : hash,
    signature: base64url(signature),
    message: new TextEncoder().encode(`${head}.${body}`),
    key: publicKeyOf(iss),
  };
}

/** Without padding, as tokens have it. */
function base64url(text: string): Uint8Array {
  if (!/^[\w-]*$/.test(text)) throw new LatticeError("bad-message", "a part of it is no base64url");
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}
