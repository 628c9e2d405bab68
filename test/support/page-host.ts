/** A whole host in the page of a test: real workers, real components, over a bus in memory; the lattice keeps links only. */
import type { CallRecord } from "../../src/core/event.ts";
import type { EntityId } from "../../src/core/ids.ts";
import type { Link } from "../../src/core/link.ts";
import type { LogEntry } from "../../src/core/log.ts";
import type { Runtime } from "../../src/core/runtime.ts";
import type { Source } from "../../src/core/view.ts";
import type { Limits } from "../../src/core/workload.ts";
import type { Host } from "../../src/host/host-parts.ts";

import { createMemoryLattice } from "../../src/bus/memory.ts";
import { hostId, latticeId } from "../../src/core/ids.ts";
import { createLog } from "../../src/core/log.ts";
import { createSource } from "../../src/core/view.ts";
import { DEFAULT_LIMITS } from "../../src/core/workload.ts";
import { createV1 } from "../../src/dialects/v1/index.ts";
import { createHost } from "../../src/host/host.ts";
import { createRegistries } from "../../src/host/registries.ts";
import { chooseBridge } from "../../src/runtime/choose-bridge.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createImageCache } from "../../src/storage/image-cache.ts";
import { hostIdOf } from "../../src/wire/nkey-public.ts";
import { clock, fixtureBytes } from "../browser/runtime/support.ts";
import { factsWith } from "./links-only.ts";

export interface PageHost extends AsyncDisposable {
  readonly host: Host;
  readonly links: Source<ReadonlyMap<EntityId, readonly Link[]>>;
  readonly calls: readonly CallRecord[];
  readonly logged: readonly LogEntry[];
  /** Runs the fixture `name`, or scales it, under the id `name`. */
  scale(
    name: string,
    maxInstances: number,
    more?: { readonly limits?: Partial<Limits>; readonly config?: ReadonlyMap<string, string> },
  ): Promise<void>;
}

export async function openPageHost(): Promise<PageHost> {
  const lifetime = new AbortController();
  const logged: LogEntry[] = [];
  const log = createLog(
    () => Date.now(),
    (entry) => logged.push(entry),
  );
  const calls: CallRecord[] = [];
  const bus = createMemoryLattice().connect();
  const id = hostId(hostIdOf(crypto.getRandomValues(new Uint8Array(32))));
  const lattice = latticeId("default");
  const links: PageHost["links"] = createSource(new Map());
  const dialect = createV1(
    { control: bus, rpc: bus, lattice, host: id, clock, log },
    lifetime.signal,
  );
  const runtime: Runtime = createRuntime({
    clock,
    log,
    bridge: chooseBridge("auto"),
    images: {},
    cache: createImageCache({ now: () => Date.now() }),
  });
  const host = createHost({
    id,
    lattice,
    friendlyName: "calm-tile-0001",
    version: "0.1.0",
    labels: new Map(),
    limits: DEFAULT_LIMITS,
    clock,
    log,
    runtime,
    control: bus,
    rpc: bus,
    dialects: [{ ...dialect, facts: factsWith(links) }],
    registries: createRegistries(),
    record: (call) => calls.push(call),
    changed: () => undefined,
  });
  await host.start();
  return {
    host,
    links,
    calls,
    logged,
    async scale(name, maxInstances, more = {}) {
      const bytes = await fixtureBytes(name);
      const image = `${name}.wasm`;
      const annotations = new Map<string, string>();
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- names of fixtures are ids
      const request = { id: name as EntityId, image, maxInstances, annotations, ...more };
      const present = host.entries().some(({ spec }) => spec.id === name);
      await host.scale(present ? request : { ...request, bytes });
    },
    async [Symbol.asyncDispose]() {
      await host.stop(1_000);
      lifetime.abort();
    },
  };
}
