/** What a cluster signs of one invocation, and signing it (wasmCloud v0.82.0 `crates/core/src/lib.rs`, `Invocation::new`). */
import type { Signer } from "../../wire/ed25519.ts";
import type { Shape } from "../../wire/shape.ts";
import type { Invocation } from "./invocation.ts";

import { signToken } from "../../wire/jwt.ts";
import { publicNkey } from "../../wire/nkey-public.ts";
import { WASCAP_REVISION } from "../../wire/token-form.ts";
import { optional, record, text } from "../../wire/shape.ts";
import { targetUrlOf, urlOf } from "./entity.ts";
import { hashOf } from "./invocation.ts";

/** `wascap` of such a token. */
export interface InvocationMeta {
  readonly target_url: string;
  readonly origin_url: string;
  readonly hash: string;
}

export const invocationMeta: Shape<InvocationMeta | undefined> = optional(
  record<InvocationMeta>({ target_url: text, origin_url: text, hash: text }),
);

export type UnsignedInvocation = Omit<Invocation, "encoded_claims">;

export interface Signing {
  /** The cluster's. */
  readonly signer: Signer;
  /** Seconds since 1970. */
  readonly iat: number;
  /** Unique; 22 characters upstream. */
  readonly jti: string;
}

/** `unsigned` with its token. `argument` is all of it, also where `msg` is empty since it is too long. */
export async function signInvocation(
  unsigned: UnsignedInvocation,
  argument: Uint8Array,
  { signer, iat, jti }: Signing,
): Promise<Invocation> {
  const { origin, target, operation, id } = unsigned;
  const claims = {
    jti,
    iat,
    iss: publicNkey("cluster", signer.publicKey),
    sub: id,
    wascap: {
      target_url: targetUrlOf(target, operation),
      origin_url: urlOf(origin),
      hash: await hashOf(unsigned, argument),
    },
    wascap_revision: WASCAP_REVISION,
  };
  return { ...unsigned, encoded_claims: await signToken(claims, signer) };
}
