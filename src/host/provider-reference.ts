/** References of in-page providers: `inlay:///<name>`, with `?lease=off` for those that are to run without a lease. */
import type { ProviderKind } from "../core/provider.ts";

import { LatticeError } from "../core/error.ts";

const SCHEME = "inlay:///";

export interface ProviderReference {
  readonly kind: ProviderKind;
  /** Whether two nodes are to be kept from running it under one id. */
  readonly lease: boolean;
}

/** @throws {LatticeError} `bad-input`, `not-found`, `unsupported` for what is no in-page provider of this host, with what there is. */
export function resolveProvider(
  reference: string,
  kinds: readonly ProviderKind[],
): ProviderReference {
  const names = kinds.map(({ name }) => `${SCHEME}${name}`).join(", ");
  const offer = names === "" ? "this host has none" : `there are: ${names}`;
  if (!reference.startsWith(SCHEME)) {
    throw new LatticeError(
      "unsupported",
      `"${reference}" is not a provider that runs in a page, and this host runs no others; ${offer}`,
    );
  }
  const [name = "", query] = reference.slice(SCHEME.length).split(/\?(.*)/s);
  const kind = kinds.find((each) => each.name === name);
  if (kind === undefined) {
    throw new LatticeError("not-found", `there is no in-page provider "${name}"; ${offer}`);
  }
  if (query !== undefined && query !== "lease=off") {
    throw new LatticeError(
      "bad-input",
      `"${reference}" asks for "${query}"; the only option is lease=off`,
    );
  }
  return { kind, lease: kind.exclusive && query === undefined };
}
