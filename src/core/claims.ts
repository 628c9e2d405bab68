/** What whoever signed a component says of it, in the component itself. */
export interface SignedClaims {
  /** Public keys: the component's own, and that of the account that signed. */
  readonly subject: string;
  readonly issuer: string;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly revision?: number | undefined;
  readonly callAlias?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Contracts that it may use (0.82). */
  readonly capabilities?: readonly string[] | undefined;
  /** Seconds since the epoch. */
  readonly notBefore?: number | undefined;
  readonly expires?: number | undefined;
}
