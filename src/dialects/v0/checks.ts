/**
 * Whether an invocation is what a cluster that we trust has signed, in the order and with the words of wasmCloud 0.82
 * (`crates/core/src/lib.rs`, `Invocation::validate_antiforgery` @ v0.82.0).
 *
 * By default stricter than 0.82, which hashes no empty and no fetched argument, ties the token neither to the invocation
 * nor to the subject, and sees no copies: there, one token that was overheard is enough to call with arguments of one's own.
 */
import type { Ed25519 } from "../../wire/ed25519.ts";
import type { Token } from "../../wire/jwt.ts";
import type { InvocationMeta } from "./claims.ts";
import type { Invocation } from "./invocation.ts";

import { messageOf } from "../../core/error.ts";
import { faultOf, readToken } from "../../wire/jwt.ts";
import { isPublicNkey } from "../../wire/nkey.ts";
import { invocationMeta } from "./claims.ts";
import { targetUrlOf, urlOf } from "./entity.ts";
import { hashOf } from "./invocation.ts";

/** Which check an invocation failed. */
export type Check =
  | "host-id"
  | "token"
  | "expired"
  | "early"
  | "signature"
  | "issuer"
  | "meta"
  | "target"
  | "origin"
  | "hash"
  /** The token is that of another invocation. */
  | "id"
  /** It was sent to another subject than its target's. */
  | "subject"
  /** Executed before. */
  | "replay";

export interface Fault {
  readonly check: Check;
  /** As a host tells the sender. */
  readonly text: string;
  /** What the token says of that which differs: a target's or an origin's URL. */
  readonly signed?: string;
}

export interface CheckParts {
  /** Public nkeys of the clusters that are trusted. */
  readonly issuers: ReadonlySet<string>;
  readonly strict: boolean;
  readonly ed25519: Ed25519;
  readonly now: () => number;
}

/** The invocation is genuine as far as it can be told without its argument. */
export interface Genuine {
  /** The cluster that has signed it. */
  readonly issuer: string;
  /** The hash that was signed, for {@link checkArgument}. */
  readonly hash: string;
}

/**
 * All that can be said before the argument is there. `subject` is the one on which it came, `home` the one where calls of
 * its target go.
 */
export async function checkInvocation(
  invocation: Invocation,
  arrival: { readonly subject: string; readonly home: string },
  { issuers, strict, ed25519, now }: CheckParts,
): Promise<Fault | Genuine> {
  const { origin, target, operation, host_id, id, encoded_claims } = invocation;
  if (!isPublicNkey(host_id, "server")) {
    return fault("host-id", `invalid host ID on invocation: '${clip(host_id)}'`);
  }
  let token: Token<InvocationMeta | undefined>;
  try {
    token = readToken(encoded_claims, invocationMeta);
  } catch (cause) {
    return fault("token", messageOf(cause));
  }
  const wrong = await faultOf(token, { ed25519, nowMs: now() });
  if (wrong !== undefined) return fault(wrong, TOKEN_TEXTS[wrong]);
  const { iss, sub, wascap } = token.claims;
  if (!issuers.has(iss)) {
    return fault("issuer", "issuer of this invocation is not among the list of valid issuers");
  }
  if (wascap === undefined) return fault("meta", "no wascap metadata found on claims");
  if (wascap.target_url !== targetUrlOf(target, operation)) {
    const text = "invocation claims and invocation target URL do not match";
    return { check: "target", text, signed: wascap.target_url };
  }
  if (wascap.origin_url !== urlOf(origin)) {
    const text = "invocation claims and invocation origin URL do not match";
    return { check: "origin", text, signed: wascap.origin_url };
  }
  if (strict && sub !== id) {
    return fault("id", "invocation claims were issued for another invocation");
  }
  if (strict && arrival.subject !== arrival.home) {
    return fault("subject", "invocation target does not match the subject it was sent to");
  }
  return { hash: wascap.hash, issuer: iss };
}

/** Compares the argument, all of it, with what was signed. */
export async function checkArgument(
  invocation: Invocation,
  argument: Uint8Array,
  signed: string,
  { strict }: Pick<CheckParts, "strict">,
): Promise<Fault | undefined> {
  // As 0.82: empty ones, and those that were too long for a message, are taken as they are.
  if (!strict && invocation.msg.length === 0) return undefined;
  const own = await hashOf(invocation, argument);
  if (own === signed) return undefined;
  return fault(
    "hash",
    `invocation hash does not match signed claims hash (${own} / ${clip(signed)})`,
  );
}

export function replayed(): Fault {
  return fault("replay", "invocation was executed before");
}

export function isFault(outcome: object): outcome is Fault {
  return "check" in outcome;
}

const TOKEN_TEXTS = {
  expired: "invocation claims token expired",
  early: "attempt to use invocation before claims token allows",
  signature: "invocation claims signature invalid",
};

function fault(check: Check, text: string): Fault {
  return { check, text };
}

/** What a stranger wrote must not fill an answer. */
function clip(text: string): string {
  return text.slice(0, 64);
}
