/** What a lattice of tabs stands on: what browsers give all tabs of an origin alike. */
import type { Clock } from "../core/clock.ts";
import type { KeptStreams } from "../core/kept-streams.ts";
import type { Log } from "../core/log.ts";

export interface SoloPorts {
  readonly openChannel: OpenChannel;
  readonly locks: Locks;
  readonly store: KeptStreams;
  readonly clock: Clock;
  readonly log: Log;
  /** A text that no other tab has, and none can guess. */
  readonly unique: () => string;
  /** Chooses the member of a queue group; default `Math.random`. */
  readonly random?: () => number;
}

/** Joins the channel of a name; `receive` hears what others post to it, each poster's posts in order. */
export type OpenChannel = (name: string, receive: (posted: unknown) => void) => Channel;

export interface Channel {
  /** To all others that have joined it, as a structured clone. */
  post(message: unknown): void;
  /** Nothing is received after this. */
  close(): void;
}

/** Locks by name. One that is held goes to the next who waits when its holder releases it, or ends in any way. */
export interface Locks {
  /** Waits for the lock. Rejects when `signal` aborts before it is there. */
  wait(name: string, signal: AbortSignal): Promise<Held>;
  /** Takes the lock from who has it, before all who wait. */
  steal(name: string): Promise<Held>;
  /** The names of all locks of the origin that somebody holds. */
  held(): Promise<readonly string[]>;
}

export interface Held {
  release(): void;
  /** Resolves when somebody has stolen it. */
  readonly lost: Promise<void>;
}
