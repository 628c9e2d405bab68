/** wash's client library, driven command by command. */
import type { PeerProcess } from "./peer-process.ts";

import { commandsOf } from "./commands.ts";
import { rustPeer } from "./places.ts";
import { startServing } from "./peer-process.ts";

/** As the library writes what it has read. */
export interface CtlResponse<T = unknown> {
  readonly success: boolean;
  readonly message: string;
  readonly response?: T;
}

export interface WashPeer extends AsyncDisposable {
  /** @throws what the library says. */
  run<T = CtlResponse>(command: string, ...args: readonly unknown[]): Promise<T>;
  /** Listens to events of these types from now on. */
  listen(...types: readonly string[]): Promise<void>;
  /** The first event, past or to come, that `wanted` accepts. */
  event(wanted: (event: LatticeEvent) => boolean): Promise<LatticeEvent>;
}

export interface LatticeEvent {
  /** `com.wasmcloud.lattice.component_scaled` */
  readonly event: string;
  readonly source: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `program`: default that of 1.x. */
export async function startWash(
  nats: string,
  lattice = "default",
  program = rustPeer("wash-peer"),
): Promise<WashPeer> {
  const peer: PeerProcess = await startServing(program, [nats, lattice]);
  const run = commandsOf(peer);
  return {
    run,
    listen: (...types) => run("events", types),
    async event(wanted) {
      const found = await peer.next(
        (line) => "event" in line && wanted(line as unknown as LatticeEvent),
      );
      return found as unknown as LatticeEvent;
    },
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}
