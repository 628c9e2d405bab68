/** A whole host in Node that speaks 0.82 on a real server, as `lattice-host.ts` has one that speaks 1.x. */
import type { Dialect } from "../../src/core/dialect.ts";
import type { HostParts } from "../../src/host/host-parts.ts";
import type { LatticeHost } from "./lattice-host.ts";
import type { LocalComponent } from "./local-runtime.ts";
import type { Nkey } from "./wasmbus-peer.ts";

import { hostId, latticeId } from "../../src/core/ids.ts";
import { createLog } from "../../src/core/log.ts";
import { createSource } from "../../src/core/view.ts";
import { createV0, type V0Options } from "../../src/dialects/v0/index.ts";
import { createV1 } from "../../src/dialects/v1/index.ts";
import { startHost, testHostId } from "./lattice-host.ts";
import { openTestBus } from "./nats-bus.ts";
import { realClock } from "./real-clock.ts";

export interface V0HostOptions {
  readonly url: string;
  readonly lattice?: string;
  readonly cluster: Nkey;
  readonly components?: Readonly<Record<string, LocalComponent>>;
  readonly parts?: Partial<HostParts>;
  readonly v0?: Partial<V0Options>;
  /** It speaks 1.x as well, as its first dialect; default false. */
  readonly bilingual?: boolean;
  /** Where it speaks both, 0.82 is the first one; default false. */
  readonly olderFirst?: boolean;
}

/** Trusts what `cluster` signs, and signs by it. */
export async function startV0Host(
  options: V0HostOptions,
): Promise<LatticeHost & { readonly dialects: readonly Dialect[] }> {
  const { url, lattice = "default", cluster, components = {} } = options;
  const lifetime = new AbortController();
  const id = hostId(testHostId());
  const log = createLog(
    () => Date.now(),
    () => undefined,
  );
  const bus = await openTestBus(url, {
    inboxPrefix: `_INBOX.${id}`,
    log,
    signal: lifetime.signal,
  });
  const parts = {
    control: bus,
    rpc: bus,
    lattice: latticeId(lattice),
    host: id,
    clock: realClock,
    log,
  };
  const v0 = createV0(parts, { issuers: [], seed: cluster.seed, ...options.v0 });
  const both = (): Dialect[] => [createV1(parts, lifetime.signal), v0];
  const dialects = options.bilingual === true ? both() : [v0];
  if (options.olderFirst === true) dialects.reverse();
  const started = await startHost(
    { bus },
    {
      components,
      lattice,
      // What 1.x keeps is not read, unless it is spoken.
      links: createSource(new Map()),
      parts: { id, dialects, ...options.parts },
    },
  );
  return {
    ...started,
    id,
    dialects,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      lifetime.abort();
    },
  };
}
