/**
 * Tokens that sign components: JSON Web Tokens with Ed25519 signatures by nkeys (wasmCloud `crates/wascap/src/jwt.rs`
 * @ v1.9.2). Pure: what must hold is read here, and whoever has a clock and cryptography checks it.
 */
import type { SignedClaims } from "../core/claims.ts";
import type { Shape } from "./shape.ts";

import { LatticeError } from "../core/error.ts";
import { publicKeyOf } from "./public-key.ts";
import { list, natural, optional, readJson, record, text } from "./shape.ts";
import {
  claimsShape,
  isTokenHeader,
  partsOf,
  signedPart,
  tokenHeader,
  WASCAP_REVISION,
} from "./token-form.ts";

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
/** As far as dates go. */
const MOST_SECONDS = 8_640_000_000_000;

const int32: Shape<number> = (value, path) =>
  typeof value === "number" && value < 0
    ? -natural(0x8000_0000)(-value, path)
    : natural(0x7fff_ffff)(value, path);

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

const payloadShape = claimsShape(metadataShape, MOST_SECONDS);

/** @throws {LatticeError} `bad-message` for what is no such token. */
export function readClaimsToken(bytes: Uint8Array): ClaimsToken {
  if (bytes.length > MOST_BYTES) {
    throw new LatticeError("bad-message", `a token has ${MOST_BYTES} bytes at most`);
  }
  const { count, head, body, tail } = partsOf(new TextDecoder().decode(bytes));
  if (count !== 3 || tail === "") {
    throw new LatticeError("bad-message", "a token has three parts with dots between");
  }
  const header = readJson(base64url(head), tokenHeader);
  if (!isTokenHeader(header)) {
    throw new LatticeError(
      "bad-message",
      `it is of type ${header.typ} and signed by ${header.alg}, not jwt by Ed25519`,
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
    hash: tool < WASCAP_REVISION ? undefined : hash,
    signature: base64url(tail),
    message: signedPart({ head, body }),
    key: publicKeyOf(iss),
  };
}

/** Without padding, as tokens have it. */
function base64url(text: string): Uint8Array {
  if (!/^[\w-]*$/.test(text)) throw new LatticeError("bad-message", "a part of it is no base64url");
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}
