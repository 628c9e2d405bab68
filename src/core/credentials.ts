/**
 * What a node shows a NATS server to be let in. The page is asked for it at each dial; only the host worker uses it, and
 * it is never logged, never in views.
 */

export type Credentials =
  | { readonly user: string; readonly pass: string }
  | { readonly token: string }
  /** An nkey seed (`SU…`) that signs the server's nonce. */
  | { readonly nkeySeed: string }
  /** The text of a `.creds` file: a user JWT and its seed. */
  | { readonly creds: string };

/** Asked before each dial, so that short-lived credentials can be renewed. */
export type CredentialsSource = () => Promise<Credentials | undefined>;
