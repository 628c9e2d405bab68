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
  if (isLatticeId(text)) return text;
  throw misfit("lattice name", text, "one word without dots, spaces, * or >");
}

/** @throws {LatticeError} `bad-input` if `text` is not a public server nkey. */
export function hostId(text: string): HostId {
  if (isHostId(text)) return text;
  throw misfit("host id", text, "a server nkey: N and 55 base32 characters");
}

/**
 * Ids become NATS tokens and KV keys: letters, digits and `- _ = / .` are what both take
 * (async-nats 0.39 `src/jetstream/kv/mod.rs`).
 *
 * @throws {LatticeError} `bad-input` for anything else.
 */
export function entityId(text: string): EntityId {
  if (isEntityId(text)) return text;
  throw misfit(
    "id",
    text.slice(0, MOST_ENTITY_LETTERS + 1),
    `of letters, digits and - _ = / and inner dots, ${MOST_ENTITY_LETTERS} at most`,
  );
}

/** @throws {LatticeError} `bad-input` if `text` is not 64 hex digits. */
export function digest(text: string): Digest {
  const lower = text.toLowerCase();
  if (isDigest(lower)) return lower;
  throw misfit("digest", text, "64 hex digits of SHA-256");
}

const isLatticeId = (text: string): text is LatticeId => /^[^\s.*>]+$/.test(text);
const isHostId = (text: string): text is HostId => /^N[A-Z2-7]{55}$/.test(text);
/** A subject has the id beside an interface's name, and a server cuts the connection of who sends a line above 4 KiB. */
export const MOST_ENTITY_LETTERS = 255;
const isEntityId = (text: string): text is EntityId =>
  text.length <= MOST_ENTITY_LETTERS && /^[-/_=a-zA-Z0-9]+(\.[-/_=a-zA-Z0-9]+)*$/.test(text);
const isDigest = (text: string): text is Digest => /^[0-9a-f]{64}$/.test(text);

function misfit(what: string, met: string, wanted: string): LatticeError {
  return new LatticeError("bad-input", `${what} "${met}" must be ${wanted}`);
}
