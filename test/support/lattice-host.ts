/** A whole host in Node on a real server: everything but the browser and what executes components. */
import { setMaxListeners } from "node:events";
import type { Bus } from "../../src/core/bus.ts";
import type { CallRecord } from "../../src/core/event.ts";
import type { Facts } from "../../src/core/facts.ts";
import type { EntityId } from "../../src/core/ids.ts";
import type { Link } from "../../src/core/link.ts";
import type { LogEntry } from "../../src/core/log.ts";
import type { View } from "../../src/core/view.ts";
import type { Host, HostParts } from "../../src/host/host-parts.ts";
import type { V0Options } from "../../src/dialects/v0/index.ts";
import type { V2Options } from "../../src/dialects/v2/index.ts";
import type { LocalComponent } from "./local-runtime.ts";

import { openNatsBus } from "../../src/bus/nats.ts";
import { hostId, latticeId } from "../../src/core/ids.ts";
import { flushed } from "../../src/core/bus.ts";
import { createLog } from "../../src/core/log.ts";
import { until } from "../../src/core/view.ts";
import { DEFAULT_LIMITS } from "../../src/core/workload.ts";
import { createV0 } from "../../src/dialects/v0/index.ts";
import { createV1 } from "../../src/dialects/v1/index.ts";
import { createV2 } from "../../src/dialects/v2/index.ts";
import { createRegistries } from "../../src/host/registries.ts";
import { createHost } from "../../src/host/host.ts";
import { createOffers } from "../../src/providers/offers/offers.ts";
import { hostIdOf } from "../../src/wire/nkey-public.ts";
import { factsWith } from "./links-only.ts";
import { nodeWebSocket } from "./node-websocket.ts";
import { realClock } from "./real-clock.ts";
import { localRuntime } from "./local-runtime.ts";

/** What a host loads when it needs it: before, in tests, since no clock that a test moves by hand waits for a file. */
let loading: Promise<unknown> | undefined;
const loaded = (): Promise<unknown> =>
  (loading ??= Promise.all([
    import("../../src/dialects/v1/rpc.ts"),
    import("../../src/host/outbound/companions.ts"),
    import("../../src/host/outbound/drops.ts"),
    import("../../src/host/outbound/outbound.ts"),
    import("../../src/host/outbound/reach.ts"),
    import("../../src/host/owned-resources.ts"),
    import("../../src/host/provider-run.ts"),
    import("../../src/interfaces/interfaces.ts"),
  ]));

// Signals of a host have one listener for each subscription; Node takes more than ten for a leak.
setMaxListeners(0);

export interface LatticeHost extends AsyncDisposable {
  readonly host: Host;
  readonly id: string;
  readonly bus: Bus;
  readonly facts: Facts;
  /** Resolves when it answers for the whole lattice, or no longer does. */
  sharing(value: boolean): Promise<void>;
  readonly calls: readonly CallRecord[];
  readonly log: readonly LogEntry[];
}

export interface LatticeHostOptions {
  /** Default: a fresh one. */
  readonly id?: string;
  readonly components?: Readonly<Record<string, LocalComponent>>;
  readonly lattice?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly jsDomain?: string;
  readonly parts?: Partial<HostParts>;
  /** The lattice's links, in the place of those that it keeps. */
  readonly links?: View<ReadonlyMap<EntityId, readonly Link[]>>;
  /** Speaks 0.82 instead of 1.x. */
  readonly v0?: V0Options;
  /** Speaks v2 besides, and has all offers for sets. */
  readonly v2?: V2Options;
}

/** Host ids that are valid nkeys and differ. */
export function testHostId(): string {
  return hostIdOf(crypto.getRandomValues(new Uint8Array(32)));
}

/** Joins the server at `url` (`ws://…`), with a connection of its own for calls at `rpcUrl` if given; or uses `bus`. */
export async function startHost(
  at: { readonly url: string; readonly rpcUrl?: string } | { readonly bus: Bus },
  options: LatticeHostOptions = {},
): Promise<LatticeHost> {
  await loaded();
  const lifetime = new AbortController();
  const id = hostId(options.id ?? testHostId());
  const entries: LogEntry[] = [];
  const calls: CallRecord[] = [];
  const log = createLog(
    () => Date.now(),
    (entry) => entries.push(entry),
  );
  const lattice = latticeId(options.lattice ?? "default");
  const open = (server: string): Promise<Bus> =>
    openNatsBus({
      servers: [server],
      name: "test host",
      inboxPrefix: `_INBOX.${id}`,
      clock: realClock,
      log,
      signal: lifetime.signal,
      socketFactory: nodeWebSocket(),
    });
  const bus = "bus" in at ? at.bus : await open(at.url);
  const rpc = "rpcUrl" in at && at.rpcUrl !== undefined ? await open(at.rpcUrl) : bus;
  const dialectParts = {
    control: bus,
    rpc,
    lattice,
    host: id,
    clock: realClock,
    log,
    ...(options.jsDomain === undefined ? {} : { jsDomain: options.jsDomain }),
  };
  const { v0 } = options;
  const dialect =
    v0 === undefined ? createV1(dialectParts, lifetime.signal) : createV0(dialectParts, v0);
  const { facts: kept, sharing } = dialect;
  const facts = options.links === undefined ? kept : factsWith(options.links);
  if (sharing === undefined) throw new Error("a dialect without shared work");
  const { v2 } = options;
  const sets = v2 === undefined ? [] : [createV2(dialectParts, v2, lifetime.signal)];
  const host = createHost({
    id,
    lattice,
    friendlyName: "calm-tile-0001",
    version: "0.1.0",
    labels: new Map(Object.entries({ "hostcore.os": "browser", ...options.labels })),
    limits: DEFAULT_LIMITS,
    clock: realClock,
    log,
    runtime: localRuntime(options.components ?? {}),
    control: bus,
    rpc,
    dialects: [{ ...dialect, ...(facts === undefined ? {} : { facts }) }, ...sets],
    offers: v2 === undefined ? [] : createOffers(),
    registries: createRegistries(),
    record: (call) => calls.push(call),
    changed: () => undefined,
    ...options.parts,
  });
  await host.start();
  // Tests look at what the lattice keeps; the host itself has joined before it has read that.
  if (facts !== undefined)
    await until(facts.status, ({ phase }) => phase !== "reading", AbortSignal.timeout(30_000));
  return {
    host,
    id,
    bus,
    get facts() {
      if (facts === undefined) throw new Error("a dialect without facts of 1.x");
      return facts;
    },
    async sharing(value) {
      await until(sharing, (now) => now === value, AbortSignal.timeout(30_000));
      await flushed(bus, AbortSignal.timeout(30_000)); // the server knows it
    },
    calls,
    log: entries,
    async [Symbol.asyncDispose]() {
      await host.stop(1000);
      lifetime.abort();
    },
  };
}
