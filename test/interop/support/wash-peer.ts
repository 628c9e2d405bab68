/** wash's client library, driven command by command. */
import type { PeerProcess } from "./peer-process.ts";

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

export async function startWash(nats: string, lattice = "default"): Promise<WashPeer> {
  const peer: PeerProcess = await startServing(rustPeer("wash-peer"), [nats, lattice]);
  let seen = peer.lines.length;
  let last: Promise<unknown> = Promise.resolve();
  const run = async <T>(command: readonly unknown[]): Promise<T> => {
    const from = seen;
    peer.send(JSON.stringify(command));
    const answer = await peer.next((line) => "did" in line && peer.lines.indexOf(line) >= from);
    seen = peer.lines.indexOf(answer) + 1;
    if (typeof answer["error"] === "string") throw new Error(answer["error"]);
    return answer["value"] as T;
  };
  const queued = <T>(command: readonly unknown[]): Promise<T> => {
    const next = last.then(() => run<T>(command));
    last = next.catch(() => undefined);
    return next;
  };
  return {
    run: (command, ...args) => queued([command, ...args]),
    listen: (...types) => queued(["events", types]),
    async event(wanted) {
      const found = await peer.next(
        (line) => "event" in line && wanted(line as unknown as LatticeEvent),
      );
      return found as unknown as LatticeEvent;
    },
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}
