/**
 * What a host shows OCI registries to be let in, by the registry's name as references write it: `ghcr.io`,
 * `localhost:5000`. Never logged, never in views, never kept.
 */

export type RegistryCredentials =
  | { readonly username: string; readonly password: string }
  /** Sent to the registry as it is, without asking a token service. */
  | { readonly token: string };

/** Asked at each pull, so that what the lattice says later counts. */
export type RegistryCredentialsSource = () => ReadonlyMap<string, RegistryCredentials>;
