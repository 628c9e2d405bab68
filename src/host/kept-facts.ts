/**
 * What workloads and providers take from what their lattice keeps, and leave there: named configuration, and the fact that
 * they are known.
 */
import type { SignedClaims } from "../core/claims.ts";
import type { Facts, Values } from "../core/facts.ts";
import type { EntityId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { View } from "../core/view.ts";

import { asLatticeError, LatticeError } from "../core/error.ts";
import { createSource } from "../core/view.ts";

/** Whether the lattice keeps anything, as far as this host can tell now. */
export function keeps(facts: Facts | undefined): facts is Facts {
  return facts !== undefined && facts.status.peek().phase !== "absent";
}

/**
 * The values of `names`, merged in this order, live until `until` aborts, with `given` over them.
 *
 * @throws {LatticeError} `not-found` for a name that is not there, `unsupported` for secrets and where no dialect keeps
 * configuration, and as {@link Facts}.
 */
export async function followConfig(
  facts: Facts | undefined,
  names: readonly string[],
  signal: AbortSignal,
  until: AbortSignal,
  given: Values = new Map(),
): Promise<View<Values>> {
  if (names.length === 0) return createSource(given);
  if (facts === undefined) {
    throw new LatticeError(
      "unsupported",
      `no dialect of this node keeps configuration: ${names.join(", ")}`,
    );
  }
  const kept = await facts.followConfig(names, signal, until);
  if (given.size === 0) return kept;
  const both = (values: Values): Values => new Map([...values, ...given]);
  const merged = createSource(both(kept.peek()));
  kept.subscribe((values) => merged.set(both(values)), until);
  return merged;
}

/** What the lattice gets to know. */
interface Known {
  readonly id: EntityId;
  readonly image: string;
  /** Of a component that is signed; this host shows them, whatever the lattice keeps. */
  readonly claims?: SignedClaims | undefined;
}

/**
 * Makes a workload or provider known to the lattice, so that others keep links for it. Where this host may not write, or the
 * lattice keeps nothing, it runs all the same.
 *
 * @throws {LatticeError} if what is known of it cannot be read, or the store does not answer; it does not start then, as in
 * upstream.
 */
export async function introduce(
  { facts, log }: { readonly facts: Facts | undefined; readonly log: Log },
  kind: "workload" | "provider",
  { id, image, claims }: Known,
  signal: AbortSignal,
): Promise<void> {
  if (claims !== undefined) facts?.learn(claims);
  if (!keeps(facts)) return;
  try {
    await facts.introduce(id, image, signal, claims);
  } catch (cause) {
    const { code, message } = asLatticeError(cause);
    if (code !== "denied" && code !== "unsupported") throw cause;
    log.warn(`${kind}.not-introduced`, { [kind]: id, problem: message });
  }
}
