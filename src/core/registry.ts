/**
 * What a host shows OCI registries to be let in, by the registry's name as references write it: `ghcr.io`,
 * `localhost:5000`. Never logged, never in views, never kept.
 */

export type RegistryCredentials =
  | { readonly username: string; readonly password: string }
  /** Sent to the registry as it is, without asking a token service. */
  | { readonly token: string };

/** The same as pages give it, in the words of {@link NodeOptions}'s other credentials. */
export type RegistryLogins = Readonly<
  Record<string, { readonly user: string; readonly pass: string } | { readonly token: string }>
>;

/**
 * Asked at each pull, so that credentials may be short-lived, and that what the lattice says later counts. Rejects if
 * whoever gives them does.
 */
export type RegistryCredentialsSource = () => Promise<ReadonlyMap<string, RegistryCredentials>>;
