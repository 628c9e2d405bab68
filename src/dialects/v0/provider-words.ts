/**
 * What providers of 0.82 say of calls that they refuse: their words are other ones than those of hosts, and each answer
 * begins alike (wasmCloud v0.82.0 `crates/provider-sdk/src/error.rs` and `rpc_client.rs`, `validate_invocation`).
 */
import type { EntityId } from "../../core/ids.ts";
import type { Check, Fault } from "./checks.ts";
import type { Invocation } from "./invocation.ts";

import { targetUrlOf, urlOf } from "./entity.ts";

/** What a stranger wrote must not fill an answer. */
const MOST_CHARACTERS = 200;

/** As all that a provider complains of a call begins. */
export function failedCall(text: string): string {
  return `Error when handling invocation: ${text}`;
}

/** Of a request that is no invocation. */
export function unreadableCall(text: string): string {
  return `Error when attempting to deserialize invocation: ${text}`;
}

/** Of an argument that cannot be had from the object store. */
export function missingArgument(text: string): string {
  return failedCall(`Error when chunking data: ${text}`);
}

/** Of a caller that no link leads from. */
export function unlinked({ public_key }: Invocation["origin"]): string {
  return `Actor ${clip(public_key)} is not linked to this provider`;
}

/** Why the provider `own` refuses `invocation`. */
export function refusedCall(fault: Fault, invocation: Invocation, own: EntityId): string {
  return failedCall(TEXTS[fault.check]?.(fault, invocation, own) ?? fault.text);
}

type Text = (fault: Fault, invocation: Invocation, own: EntityId) => string;

/** Checks that providers of 0.82 do not have keep the words of this host. */
const TEXTS: Partial<Readonly<Record<Check, Text>>> = {
  token: () => "Invocation claims are not valid JSON",
  expired: () => "Invocation claims token expired",
  signature: () => "Invocation claims signature invalid",
  early: () => "Invocation claims not valid yet",
  meta: () => "Invocation claims missing wascap metadata",
  hash: () => "Invocation hash does not match claims hash",
  "host-id": (_, { host_id }) => `Invalid host ID: ${clip(host_id)}`,
  issuer: () => "Issuer of this invocation is not in list of cluster issuers",
  // Upstream has a better text for this one, and uses that of another provider's calls.
  target: ({ signed = "" }, { target, operation }) =>
    otherTarget(signed, targetUrlOf(target, operation)),
  origin: ({ signed = "" }, { origin }) =>
    `Invocation claims and invocation origin URL do not match: ${clip(signed)} != ${clip(urlOf(origin))}`,
  subject: ({ text }, { target }, own) =>
    target.public_key === own ? text : otherTarget(target.public_key, own),
};

/** Of a call that is for another one. */
export function otherTarget(met: string, wanted: string): string {
  return `Target of the invocation was ${clip(met)}, which does not match the provider ${clip(wanted)}`;
}

function clip(text: string): string {
  return text.slice(0, MOST_CHARACTERS);
}
