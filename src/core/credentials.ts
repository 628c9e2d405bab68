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
  | { readonly creds: string }
  /** A key that cannot leave this browser; `jwt`: the user's, where the server is in operator mode. */
  | { readonly key: BrowserKey; readonly jwt?: string };

/** A user's key pair whose private half can be used by scripts of this origin, and read by nobody. */
export interface BrowserKey {
  /** `U…`: what the server's configuration names, or the user's JWT is about. */
  readonly publicKey: string;
  /** Ed25519, not extractable. */
  readonly privateKey: CryptoKey;
}

/** Asked before each dial, so that short-lived credentials can be renewed. */
export type CredentialsSource = () => Promise<Credentials | undefined>;
