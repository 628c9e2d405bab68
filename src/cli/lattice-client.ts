/** A way into the lattice from Node, for calls out: no host, nothing served. */
import { randomUUID } from "node:crypto";

import { openNatsBus } from "../bus/nats.ts";
import type { Bus } from "../core/bus.ts";
import type { Callee } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import { LONGEST_TIMER_MS } from "../core/clock.ts";
import type { EntityId, LatticeId } from "../core/ids.ts";
import { createLog } from "../core/log.ts";
import type { World } from "../core/wit.ts";
import { createGatherings } from "../dialects/v1/gathering.ts";
import { createInboxes } from "../dialects/v1/inboxes.ts";
import { createRoundTrips } from "../dialects/v1/pace.ts";
import { reach } from "../dialects/v1/rpc-client.ts";
import { nodeSocket } from "./tcp-socket.ts";

export interface LatticeClientOptions {
  /** Any scheme of NATS; user and password in it are used and never shown. */
  readonly server: string;
  readonly lattice: LatticeId;
  /** The connection's name in the server's monitoring. */
  readonly name: string;
  readonly connectTimeoutMs: number;
  /** Ends the connection at once. */
  readonly signal: AbortSignal;
}

export interface LatticeClient {
  readonly bus: Bus;
  /** Calls `target` by the function types of `world`'s exports. */
  reach(target: EntityId, world: World): Callee;
}

/** The machine's own time. */
export const machineClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/**
 * A connection alone.
 *
 * @throws {LatticeError} `no-servers`, `denied`, `bad-input`, or the signal's reason.
 */
export function openClientBus({
  server,
  name,
  connectTimeoutMs,
  signal,
}: Omit<LatticeClientOptions, "lattice">): Promise<Bus> {
  return openNatsBus({
    servers: [server],
    name,
    inboxPrefix: `_INBOX.${randomUUID()}`,
    clock: machineClock,
    log: createLog(
      () => machineClock.now(),
      () => undefined,
    ), // what goes wrong is thrown
    signal,
    firstConnectTimeoutMs: connectTimeoutMs,
    socketFactory: nodeSocket,
  });
}

/** Throws as {@link openClientBus}. */
export async function openLatticeClient(options: LatticeClientOptions): Promise<LatticeClient> {
  const { lattice, signal } = options;
  const rpc = await openClientBus(options);
  const parts = {
    rpc,
    lattice,
    inboxes: createInboxes(rpc, signal),
    roundTrips: createRoundTrips(rpc, signal),
    gatherings: createGatherings(),
  };
  return { bus: rpc, reach: (target, world) => reach(parts, target, world) };
}
