/**
 * Credentials for registries as hosts are sent them, in 0.82 and in 1.x (wasmCloud `crates/control-interface/src/types/registry.rs`,
 * `crates/host/src/registry.rs` @ v1.9.2).
 */
import type { RegistryCredentials } from "../core/registry.ts";
import type { Shape } from "../wire/shape.ts";

import { LatticeError } from "../core/error.ts";
import { dictionary, optional, readJson, record, text } from "../wire/shape.ts";

interface CredentialJson {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
}

/** `registryType` is not read: another type than `oci` counts as `oci`. */
export const credentialsShape: Shape<ReadonlyMap<string, CredentialJson>> = dictionary(
  record<CredentialJson>({
    username: optional(text),
    password: optional(text),
    token: optional(text),
  }),
);

/** @throws {LatticeError} `bad-message`, without a word of what was sent. */
export function readRegistries(
  data: Uint8Array,
): ReadonlyMap<string, RegistryCredentials | undefined> {
  try {
    return credentialsOf(readJson(data, credentialsShape));
  } catch {
    throw new LatticeError("bad-message", "these are no credentials of registries");
  }
}

/** User and password, else a token alone; anything else asks without credentials, as upstream has it. */
export function credentialsOf(
  given: ReadonlyMap<string, CredentialJson>,
): ReadonlyMap<string, RegistryCredentials | undefined> {
  return new Map([...given].map(([registry, each]) => [registry, credentialOf(each)]));
}

function credentialOf({
  username,
  password,
  token,
}: CredentialJson): RegistryCredentials | undefined {
  if (username !== undefined && password !== undefined) return { username, password };
  const alone = username === undefined && password === undefined;
  return alone && token !== undefined ? { token } : undefined;
}
