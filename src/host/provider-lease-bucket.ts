/** Where leases of providers are kept: a bucket of the lattice's control connection. */
import type { Bus } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import type { EntityId, HostId, LatticeId } from "../core/ids.ts";
import type { KvBucket } from "../core/kv.ts";
import type { Log } from "../core/log.ts";
import type { Lease, LeaseParts } from "./provider-lease.ts";

import { asLatticeError, LatticeError } from "../core/error.ts";
import { leaseLooksFree, takeLease } from "./provider-lease.ts";

export interface LeaseBucketParts {
  readonly control: Bus;
  readonly host: HostId;
  readonly lattice: LatticeId;
  readonly jsDomain: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Takes the lease of the provider `id`, as {@link takeLease}.
 *
 * @throws {LatticeError} `unsupported`, with a way out, where the lattice has no JetStream.
 */
export async function holdLease(
  parts: LeaseBucketParts,
  id: EntityId,
  signal: AbortSignal,
): Promise<Lease> {
  try {
    return await takeLease(await open(parts, id, signal), signal);
  } catch (cause) {
    const { code } = asLatticeError(cause);
    if (code !== "unsupported" && code !== "not-served") throw cause;
    throw new LatticeError(
      "unsupported",
      `${id} keeps data of its own, and this lattice has no JetStream in which its lease could be held: ` +
        "add ?lease=off to the reference if no other node will run it",
      { cause },
    );
  }
}

/** As {@link leaseLooksFree}. */
export async function couldHoldLease(
  parts: LeaseBucketParts,
  id: EntityId,
  signal: AbortSignal,
): Promise<boolean> {
  return leaseLooksFree(await open(parts, id, signal), signal);
}

/** Each node that starts a provider with storage of its own makes the bucket if need be. */
async function open(
  { control, lattice, host, jsDomain, clock, log }: LeaseBucketParts,
  id: EntityId,
  signal: AbortSignal,
): Promise<LeaseParts> {
  const domain = jsDomain === undefined ? {} : { domain: jsDomain };
  const reopen = (until: AbortSignal): Promise<KvBucket> =>
    control.bucket(`INLAYLEASES_${lattice}`, { signal: until, create: true, ...domain });
  return { bucket: await reopen(signal), reopen, key: id, host, clock, log };
}
