/** One connection to a lattice in memory: a bus whose line can be cut and restored by whoever holds it. */
import type { Bus } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Permits } from "./line.ts";
import { createLineBus } from "./line-bus.ts";
import type { MemoryServer } from "./memory.ts";

export type { Permits } from "./line.ts";

export interface MemoryConnectOptions {
  /** Default `_INBOX.memory`. */
  readonly inboxPrefix?: string;
  /** Hears of receivers that throw; without it, what they throw is thrown on where nobody catches it. */
  readonly log?: Log;
  /** Ends the connection. */
  readonly signal?: AbortSignal;
  /** What this connection may do; default everything. */
  readonly permits?: Permits;
}

export interface MemoryBus extends Bus {
  /** Takes the line away, as the death of a server does: what is under way in either direction is lost. */
  cut(reason?: string): void;
  /** Gives it back, and with it the subscriptions. */
  restore(): void;
}

export interface MemoryParts {
  readonly server: MemoryServer;
  readonly maxPayload: number;
  readonly clock: Clock;
  readonly now: () => number;
  /** A token that no other inbox has. */
  readonly inboxToken: () => string;
}

export function connectMemory(
  { server, inboxToken, ...parts }: MemoryParts,
  { inboxPrefix = "_INBOX.memory", permits, log, signal }: MemoryConnectOptions,
): MemoryBus {
  const line = createLineBus({
    ...parts,
    name: "memory://lattice",
    newInbox: () => `${inboxPrefix}.${inboxToken()}`,
    log,
    signal,
  });
  const dial = (): void => {
    line.attach(server.accept(line.client, { permits }));
    line.open();
  };
  dial();
  return Object.assign(line.bus, {
    cut: (reason = "cut") => line.cut(reason),
    restore() {
      if (line.bus.status.peek().phase === "reconnecting") dial();
    },
  });
}
