/** Ids as branded strings, so that one kind cannot be passed where another is meant. */
import { LatticeError } from "./error.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The name of a lattice: one NATS token. */
export type LatticeId = Branded<"lattice">;
/** The public nkey of a host: `N` and 55 characters of base32. */
export type HostId = Branded<"host">;
/** What a call can be addressed to: the id of a component or provider, unique in its lattice. */
export type EntityId = Branded<"entity">;
/** SHA-256 of a component's bytes, lower-case hex. */
export type Digest = Branded<"digest">;

/** @throws {LatticeError} `bad-input` if `text` is not one plain NATS token. */
export function latticeId(text: string): LatticeId {
  if (!/^[^\s.*>]+$/.test(text)) {
    throw new LatticeError("bad-input", `lattice name "${text}" must be one word without dots, spaces, * or >`);
  }
  return text as LatticeId; // checked above
}

/** @throws {LatticeError} `bad-input` if `text` is not a server nkey. */
export function hostId(text: string): HostId {
  if (!/^N[A-Z2-7]{55}$/.test(text)) {
    throw new LatticeError("bad-input", `host id "${text}" must be a public server nkey: N and 55 base32 characters`);
  }
  return text as HostId; // checked above
}

/**
 * Ids become NATS tokens and KV keys: letters, digits and `- _ = / .` are what both take
 * (async-nats 0.39 `src/jetstream/kv/mod.rs`).
 *
 * @throws {LatticeError} `bad-input` for anything else.
 */
export function entityId(text: string): EntityId {
  if (!/^[-/_=.a-zA-Z0-9]+$/.test(text) || text.startsWith(".") || text.endsWith(".") || text.includes("..")) {
    throw new LatticeError("bad-input", `id "${text}" must be of letters, digits and - _ = / . only`);
  }
  return text as EntityId; // checked above
}

/** @throws {LatticeError} `bad-input` if `text` is not 64 hex digits. */
export function digest(text: string): Digest {
  const lower = text.toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(lower)) {
    throw new LatticeError("bad-input", `digest "${text}" must be 64 hex digits of SHA-256`);
  }
  return lower as Digest; // checked above
}
