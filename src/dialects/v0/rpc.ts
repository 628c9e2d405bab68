/** The data plane of 0.82: what serving and calling share. */
import type { Call, Callee, Results } from "../../core/call.ts";
import type { DialectParts, Served, Serving } from "../../core/dialect.ts";
import type { EntityId } from "../../core/ids.ts";
import type { World } from "../../core/wit.ts";
import type { Cluster } from "./cluster.ts";
import type { Directory } from "./directory.ts";
import type { Alarm } from "./guard.ts";

import { createChunks } from "./chunks.ts";
import { createContracts } from "./contracts/contracts.ts";
import { callHere } from "./dispatch.ts";
import { createGuard } from "./guard.ts";
import { reach } from "./rpc-client.ts";
import { serve } from "./rpc-server.ts";
import { createSeen } from "./seen.ts";

export interface RpcParts extends DialectParts {
  readonly cluster: Cluster;
  readonly strict: boolean;
  readonly directory: Directory;
  /** Whether a link leads from `source` to the provider under this name. */
  readonly linked: (source: EntityId, provider: EntityId, link: string) => boolean;
  readonly alarm: (alarm: Alarm) => void;
}

export interface Rpc {
  /** A call by operation of a member of this node that has `world`. */
  callHere(world: World, callee: Callee, call: Call): Promise<Results>;
  /** The contract of which a provider with this world serves operations. */
  contractOf(world: World): string | undefined;
  serve(served: Served, signal: AbortSignal): Promise<Serving>;
  reach(target: EntityId, world: World): Callee;
}

/** Largest argument or result that is taken out of the object store. */
const MOST_BYTES = 64 * 1024 * 1024;

export function createRpc(parts: RpcParts): Rpc {
  const { clock, log, cluster, strict, directory, alarm } = parts;
  const chunks = createChunks({ ...parts, maxBytes: MOST_BYTES });
  const contracts = createContracts(() => clock.monotonic());
  const { ed25519, issuers, signer } = cluster;
  const guard = createGuard({
    issuers,
    strict,
    ed25519,
    now: () => clock.now(),
    chunks,
    seen: createSeen(clock, () => log.warn("invocations.many")),
    alarm,
  });
  const server = { ...parts, guard, chunks, contracts };
  const client = {
    ...parts,
    signer,
    chunks,
    contracts,
    origin: directory.origin,
    target: (call: Call, contract: string | undefined) => directory.target(call, contract),
  };
  return {
    callHere: (world, callee, call) => callHere(world, callee, call, contracts),
    contractOf: (world) => contracts.contractOf(world),
    serve(served, signal) {
      const entity = directory.put(served, contracts.contractOf(served.world));
      signal.addEventListener("abort", () => directory.remove(served.id), { once: true });
      return serve(server, served, entity, signal);
    },
    reach: (target, world) => reach(client, target, world),
  };
}
