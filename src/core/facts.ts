/**
 * The port to what a lattice keeps for all of its hosts: links, named configuration, claims.
 *
 * What was read last stays in force while the lattice is out of reach. Writers throw {@link LatticeError}: `bad-input`,
 * `conflict`, `not-found`, `unsupported` where the lattice keeps nothing (no JetStream), `denied`, `disconnected`,
 * `deadline`.
 */
import type { SignedClaims } from "./claims.ts";
import type { EntityId } from "./ids.ts";
import type { Link, LinkKey } from "./link.ts";
import type { View } from "./view.ts";

export type FactsStatus =
  | { readonly phase: "reading" }
  /** Read, and followed as they change. */
  | { readonly phase: "live" }
  /** Read once; what changes now is learned after the connection is back. */
  | { readonly phase: "stale" }
  /** The lattice keeps nothing that this host can read, for this reason. */
  | { readonly phase: "absent"; readonly reason: string };

/** Signed claims of a component or provider, as the lattice shows them. */
export interface Claims {
  readonly subject: string;
  readonly issuer: string;
  readonly name: string;
  readonly version: string;
  readonly revision: string;
  /** Of components; absent for providers. */
  readonly callAlias?: string;
  readonly tags?: readonly string[];
  /** Of providers that have one. */
  readonly configSchema?: string;
}

export type Values = ReadonlyMap<string, string>;

export interface Facts {
  readonly status: View<FactsStatus>;
  /** All links of the lattice by their source. */
  readonly links: View<ReadonlyMap<EntityId, readonly Link[]>>;
  /** By the public key of what they speak of. */
  readonly claims: View<ReadonlyMap<string, Claims>>;
  /** Resolves when all was read once, or is known to be absent; goes on following until `signal` aborts. */
  follow(signal: AbortSignal): Promise<void>;

  /** Throws `conflict` for an interface that is linked to another target under that name, `not-found` for configuration. */
  putLink(link: Link, signal: AbortSignal): Promise<void>;
  /** The link that went; `no-link` if there was none, `unknown` if nothing is known of the source at all. */
  removeLink(key: LinkKey, signal: AbortSignal): Promise<Link | "no-link" | "unknown">;
  /** Shows `claims` of a component of this host among the others, whether the lattice keeps them or not. */
  learn(claims: SignedClaims): void;
  /** Keeps the claims of it, if there are some; makes `id` known, and leaves what is known of it as it is. */
  introduce(id: EntityId, image: string, signal: AbortSignal, claims?: SignedClaims): Promise<void>;

  putConfig(name: string, body: Uint8Array, signal: AbortSignal): Promise<void>;
  removeConfig(name: string, signal: AbortSignal): Promise<void>;
  readConfig(name: string, signal: AbortSignal): Promise<Values | undefined>;
  /**
   * Tells the names of all configuration, sorted, now and after each change, until `signal` aborts; resolves when it has told
   * the first time. References to secrets are among them. Absent where configuration has no names of its own (0.82).
   */
  followConfigNames?(tell: (names: readonly string[]) => void, signal: AbortSignal): Promise<void>;
  /**
   * The values of `names`, merged in this order, as they change until `until` aborts. Configuration that is removed later
   * counts as empty.
   *
   * @throws {LatticeError} `not-found` for a name that is not there now, `unsupported` for the name of a secret.
   */
  followConfig(
    names: readonly string[],
    signal: AbortSignal,
    until: AbortSignal,
  ): Promise<View<Values>>;
}
