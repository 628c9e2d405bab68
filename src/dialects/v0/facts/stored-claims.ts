/**
 * What a lattice of 0.82 keeps of its actors and providers, unsigned (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`,
 * `StoredClaims`). Revisions are decimal texts, and nothing is an empty text.
 */
import type { Shape } from "../../../wire/shape.ts";

import { LatticeError } from "../../../core/error.ts";
import { list, readJson, text, writeJson } from "../../../wire/shape.ts";

export interface ActorClaims {
  readonly kind: "actor";
  readonly call_alias: string;
  readonly capabilities: readonly string[];
  readonly issuer: string;
  readonly name: string;
  readonly revision: string;
  readonly subject: string;
  readonly tags: readonly string[];
  readonly version: string;
}

export interface ProviderClaims {
  readonly kind: "provider";
  readonly contract_id: string;
  readonly issuer: string;
  readonly name: string;
  readonly revision: string;
  readonly subject: string;
  readonly version: string;
  /** JSON. */
  readonly config_schema: string | undefined;
}

export type StoredClaims = ActorClaims | ProviderClaims;

export const claimsKey = (subject: string): string => `CLAIMS_${subject}`;

const texts = list(text);
/** A list, or one text with commas. */
const commaList: Shape<readonly string[]> = (value, path) =>
  typeof value === "string" ? (value === "" ? [] : value.split(",")) : texts(value, path);

type Entry = Readonly<Record<string, unknown>>;

/** Under its name, or under an older one. */
function field<T>(entry: Entry, shape: Shape<T>, ...names: readonly [string, ...string[]]): T {
  const name = names.find((each) => Object.hasOwn(entry, each)) ?? names[0];
  return shape(entry[name], name);
}

/** @throws {LatticeError} `bad-message`; the shape of an actor is tried first, as upstream does. */
export function readStoredClaims(data: Uint8Array): StoredClaims {
  const entry = readJson(data, anObject);
  const common = {
    issuer: field(entry, text, "issuer", "iss"),
    name: field(entry, text, "name"),
    revision: field(entry, text, "revision", "rev"),
    subject: field(entry, text, "subject", "sub"),
    version: field(entry, text, "version"),
  };
  try {
    return {
      kind: "actor",
      call_alias: field(entry, text, "call_alias"),
      capabilities: field(entry, commaList, "capabilities", "caps"),
      tags: field(entry, commaList, "tags"),
      ...common,
    };
  } catch {
    const schema = entry["config_schema"];
    return {
      kind: "provider",
      contract_id: field(entry, text, "contract_id"),
      config_schema:
        schema === undefined || schema === null ? undefined : text(schema, "config_schema"),
      ...common,
    };
  }
}

/** In the order in which 0.82 writes them. */
export function writeStoredClaims(claims: StoredClaims): Uint8Array {
  const { issuer, name, revision, subject, version } = claims;
  if (claims.kind === "provider") {
    const { contract_id, config_schema } = claims;
    return writeJson({ contract_id, issuer, name, revision, subject, version, config_schema });
  }
  const { call_alias, capabilities, tags } = claims;
  return writeJson({ call_alias, capabilities, issuer, name, revision, subject, tags, version });
}

/** An entry of `get.claims`: one map of texts, with the older names beside the newer ones. */
export function claimsEntry(claims: StoredClaims): Readonly<Record<string, string>> {
  const { issuer, name, revision, subject, version } = claims;
  const common = {
    iss: issuer,
    issuer,
    name,
    rev: revision,
    revision,
    sub: subject,
    subject,
    version,
  };
  if (claims.kind === "provider") {
    const { contract_id, config_schema } = claims;
    return { contract_id, ...common, ...(config_schema === undefined ? {} : { config_schema }) };
  }
  const { call_alias, capabilities, tags } = claims;
  const caps = capabilities.join(",");
  return { call_alias, caps, capabilities: caps, ...common, tags: tags.join(",") };
}

const anObject: Shape<Entry> = (value) => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value));
  }
  throw new LatticeError("bad-message", "claims must be an object");
};
