/**
 * Link definitions of 0.82: an actor, a provider, a contract, a link name, and settings as text
 * (wasmCloud v0.82.0 `crates/core/src/lib.rs`; keys by `crates/host/src/wasmbus/mod.rs`).
 */
import type { Shape } from "../../../wire/shape.ts";

import { readMsgpack, struct, writeMsgpack } from "../../../wire/msgpack.ts";
import { defaulting, dictionary, readJson, text, writeJson } from "../../../wire/shape.ts";

export interface LinkDefinition {
  readonly actor_id: string;
  readonly provider_id: string;
  readonly link_name: string;
  readonly contract_id: string;
  readonly values: ReadonlyMap<string, string>;
}

/** What a removal names. */
export type LinkDefinitionKey = Pick<LinkDefinition, "actor_id" | "contract_id" | "link_name">;

const linkDefinition: Shape<LinkDefinition> = struct<LinkDefinition>({
  actor_id: defaulting(text, ""),
  provider_id: defaulting(text, ""),
  link_name: defaulting(text, ""),
  contract_id: defaulting(text, ""),
  values: dictionary(text),
});
export const linkDefinitionKey: Shape<LinkDefinitionKey> = struct<LinkDefinitionKey>({
  actor_id: defaulting(text, ""),
  contract_id: defaulting(text, ""),
  link_name: defaulting(text, ""),
});

/** From the control interface and the store. Throws `bad-message`. */
export function readLinkJson(data: Uint8Array): LinkDefinition {
  return readJson(data, linkDefinition);
}

/** From a provider's subject. Throws `bad-message`. */
export function readLinkMsgpack(data: Uint8Array): LinkDefinition {
  return readMsgpack(data, linkDefinition);
}

export function linkJson({
  actor_id,
  provider_id,
  link_name,
  contract_id,
  values,
}: LinkDefinition): object {
  return { actor_id, provider_id, link_name, contract_id, values: Object.fromEntries(values) };
}

export function writeLinkJson(link: LinkDefinition): Uint8Array {
  return writeJson(linkJson(link));
}

export function writeLinkMsgpack(link: LinkDefinition): Uint8Array {
  return writeMsgpack(linkJson(link));
}

/** Upper-case hex of a SHA-256 that leaves the provider out: one provider for each actor, contract and name. */
export async function linkId({
  actor_id,
  contract_id,
  link_name,
}: LinkDefinitionKey): Promise<string> {
  const named = new TextEncoder().encode(actor_id + contract_id + link_name);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", named));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.toUpperCase();
}

export const linkKey = (id: string): string => `LINKDEF_${id}`;
