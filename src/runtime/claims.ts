/**
 * Claims in a component: read, and checked as wasmCloud does it before it runs one (`claims_token` of
 * `crates/runtime/src/component/mod.rs` @ v1.9.2). A component without a token runs; one whose token is wrong does not.
 */
import type { SignedClaims } from "../core/claims.ts";
import type { ClaimsToken } from "../wire/claims-token.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { readClaimsToken } from "../wire/claims-token.ts";
import { embeddedToken } from "../wire/component-claims.ts";
import { sha256 } from "./sha256.ts";

/**
 * What never changes about them is checked here; {@link checkTimes} is for each start.
 *
 * @throws {LatticeError} `bad-image` for a token that is none, of other bytes, or by somebody else; `unsupported` where the
 * browser cannot check signatures.
 */
export async function readClaims(bytes: Uint8Array): Promise<SignedClaims | undefined> {
  const embedded = embeddedToken(bytes);
  if (embedded === undefined) return undefined;
  const token = parse(embedded.token);
  if (token.hash !== undefined) {
    const hash = (await sha256(embedded.signed())).toUpperCase();
    if (hash !== token.hash) throw wrong("they were made for other bytes");
  }
  if (!(await isSigned(token))) throw wrong(`${token.claims.issuer} did not sign them`);
  return token.claims;
}

/** @throws {LatticeError} `denied` for claims that are not valid at `now`, in milliseconds since the epoch. */
export function checkTimes({ expires, notBefore }: SignedClaims, now: number): void {
  const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
  if (expires !== undefined && expires * 1000 < now) {
    throw new LatticeError("denied", `the component's claims expired at ${at(expires)}`);
  }
  if (notBefore !== undefined && now < notBefore * 1000) {
    throw new LatticeError(
      "denied",
      `the component's claims are not valid before ${at(notBefore)}`,
    );
  }
}

function parse(token: Uint8Array): ClaimsToken {
  try {
    return readClaimsToken(token);
  } catch (cause) {
    throw wrong(messageOf(cause));
  }
}

async function isSigned({ key, signature, message }: ClaimsToken): Promise<boolean> {
  try {
    const issuer = await crypto.subtle.importKey("raw", own(key), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", issuer, own(signature), own(message));
  } catch (cause) {
    const text = "this browser cannot check Ed25519 signatures, and so no component's claims";
    throw new LatticeError("unsupported", text, { cause });
  }
}

/** In memory that is not shared, which the browser wants. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

function wrong(problem: string): LatticeError {
  return new LatticeError("bad-image", `the component's claims are not valid: ${problem}`);
}
