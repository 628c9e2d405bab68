/** `CLAIMS_{public key}`: signed claims as hosts keep them, and as they show them (wasmCloud `wasmbus/claims.rs` @ v1.9.2). Pure. */
import type { SignedClaims } from "../../../core/claims.ts";
import type { Claims } from "../../../core/facts.ts";
import type { Shape } from "../../../wire/shape.ts";

import {
  anything,
  dictionary,
  list,
  optional,
  readJson,
  text,
  writeJson,
} from "../../../wire/shape.ts";

/**
 * A value with `call_alias` and `tags` speaks of a component, any other of a provider. `iss`, `rev` and `sub` are older
 * names, and older hosts wrote tags as one text with commas.
 *
 * @throws {LatticeError} `bad-message`
 */
export function readClaims(bytes: Uint8Array): Claims {
  const fields = readJson(bytes, dictionary(anything));
  const named = (name: string, older?: string): string =>
    text(fields.get(name) ?? (older === undefined ? undefined : fields.get(older)), name);
  const common = {
    subject: named("subject", "sub"),
    issuer: named("issuer", "iss"),
    name: named("name"),
    version: named("version"),
    revision: revision(named("revision", "rev")),
  };
  const alias = fields.get("call_alias");
  const given = fields.get("tags");
  if (typeof alias === "string" && given !== undefined && given !== null) {
    return { ...common, callAlias: alias, tags: tags(given, "tags") };
  }
  const configSchema = optional(text)(fields.get("config_schema"), "config_schema");
  return configSchema === undefined ? common : { ...common, configSchema };
}

/** The flat form of `claims.get`: texts only, with the older names beside the new ones. */
export function claimsJson(claims: Claims): Readonly<Record<string, string>> {
  const { issuer, name, revision, subject, version, callAlias, tags, configSchema } = claims;
  const kind =
    callAlias === undefined
      ? { config_schema: configSchema ?? "" }
      : { call_alias: callAlias, tags: (tags ?? []).join(",") };
  const older = { iss: issuer, rev: revision, sub: subject };
  return { ...kind, ...older, issuer, name, revision, subject, version };
}

/** Signed claims as the lattice shows them. */
export function claimsOf(signed: SignedClaims): Claims {
  const { subject, issuer, name, version, revision, callAlias, tags: given } = signed;
  return {
    subject,
    issuer,
    name: name ?? "",
    version: version ?? "",
    revision: String(revision ?? 0),
    callAlias: callAlias ?? "",
    tags: given ?? [],
  };
}

/** An entry for a component, as a Rust host writes it: the reader of it is {@link readClaims}. */
export function writeClaims({
  issuer,
  name,
  revision,
  subject,
  version,
  ...rest
}: Claims): Uint8Array {
  const { callAlias = "", tags: given = [] } = rest;
  return writeJson({
    call_alias: callAlias,
    issuer,
    name,
    revision,
    subject,
    tags: given,
    version,
  });
}

/** Whether two entries are read as the same claims. */
export function saysSame(one: Uint8Array, other: Uint8Array): boolean {
  const said = (bytes: Uint8Array): string => JSON.stringify(readClaims(bytes));
  try {
    return said(one) === said(other);
  } catch {
    return false; // what nobody can read says nothing
  }
}

/** The form of `component_scaled` (wasmCloud `crates/host/src/event.rs` @ v1.9.2). What is not there is null. */
export function eventClaimsJson(claims: SignedClaims): object {
  const { issuer, name, version, revision, callAlias, tags: given, notBefore, expires } = claims;
  return {
    call_alias: callAlias ?? null,
    issuer,
    tags: given ?? null,
    name: name ?? null,
    version: version ?? null,
    revision: revision ?? null,
    not_before_human: notBefore === undefined ? "never" : String(notBefore),
    expires_human: expires === undefined ? "never" : String(expires),
  };
}

const tags: Shape<readonly string[]> = (value, path) =>
  typeof value === "string" ? value.split(",") : list(text)(value, path);

/** A 32-bit number, in text; what is none is 0, as a Rust host has it. */
function revision(given: string): string {
  const value = /^[+-]?\d+$/.test(given) ? Number(given) : 0;
  return Math.abs(value) <= 0x7fff_ffff ? String(value) : "0";
}
