/** What NATS servers let this node do, as far as it knows. Nothing here is secret. */

/** Whom a connection shows itself as. */
export interface KnownUser {
  readonly kind: "token" | "password" | "nkey" | "jwt" | "key";
  /** The user's name or public key, where the credential says one. */
  readonly name?: string;
  /** Seconds since 1970; absent where the credential does not end, or does not say. */
  readonly expires?: number;
  /** As the user's JWT has them; what an account or a server takes away is not in it. */
  readonly rights?: Rights;
}

export interface Rights {
  readonly publish: Rule;
  readonly subscribe: Rule;
}

export interface Rule {
  /** Empty: everything. An entry may be a subject and a queue group. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** Something that a server did not let this node do. */
export interface Refusal {
  readonly operation: "publish" | "subscribe";
  readonly subject: string;
  readonly queue?: string;
  readonly times: number;
  /** The last time, in milliseconds since the epoch. */
  readonly at: number;
}
