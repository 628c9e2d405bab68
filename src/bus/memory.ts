/**
 * A lattice in one heap: what a NATS server does with subjects, queue groups and requests, without a server.
 *
 * All that connections do goes through one line, in order, and comes out in a later microtask: a publisher never runs a
 * receiver, and equal runs give equal results.
 */
import type { BusMessage } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import { connectMemory, type MemoryBus, type MemoryConnectOptions } from "./memory-bus.ts";
import { addMemoryJetStream } from "./memory-kv.ts";
import { subjectMatches } from "./subject.ts";

export interface MemoryLatticeOptions {
  /** Default 1 MiB, as nats-server has it. */
  readonly maxPayload?: number;
  /** Chooses the member of a queue group; default `Math.random`. */
  readonly random?: () => number;
  /** The time that `reconnecting` tells; default a clock that stands at 0. */
  readonly now?: () => number;
  /** For what waits: deadlines and second looks of buckets; default a clock that stands still. */
  readonly clock?: Clock;
  /** Whether there are buckets; default true. */
  readonly jetstream?: boolean;
}

export interface MemoryLattice {
  connect(options?: MemoryConnectOptions): MemoryBus;
}

/** What a connection sees of the lattice. */
export interface MemoryServer {
  readonly maxPayload: number;
  readonly members: Set<Member>;
  readonly clock: Clock;
  now(): number;
  /** A token that no other inbox has. */
  inboxToken(): string;
  /** Runs `step` after all that was posted before. */
  post(step: () => void): void;
  /**
   * Gives `message` to each plain subscription and to one member of each queue group, `owner`'s alone if one is named;
   * false if that is nobody.
   */
  route(message: BusMessage, owner?: object): boolean;
}

/** A subscription as the server knows it. */
export interface Member {
  readonly owner: object;
  readonly subject: string;
  readonly queue: string | undefined;
  deliver(message: BusMessage): void;
}

export function createMemoryLattice(options: MemoryLatticeOptions = {}): MemoryLattice {
  const {
    maxPayload = 1024 * 1024,
    random = Math.random,
    clock = still,
    jetstream = true,
  } = options;
  const now = options.now ?? (() => clock.now());
  const members = new Set<Member>();
  let line: (() => void)[] = [];
  let inboxes = 0;

  const run = (): void => {
    const steps = line;
    line = [];
    for (const step of steps) step();
  };
  const server: MemoryServer = {
    maxPayload,
    members,
    clock,
    now,
    inboxToken: () => (++inboxes).toString(36),
    post(step) {
      if (line.push(step) === 1) queueMicrotask(run);
    },
    route(message, owner) {
      const wanted = Array.from(members).filter(
        (member) =>
          (owner === undefined || member.owner === owner) &&
          subjectMatches(member.subject, message.subject),
      );
      const chosen = wanted.filter(({ queue }) => queue === undefined);
      // Patterns that differ are one group all the same if its name is the same.
      for (const name of new Set(wanted.map(({ queue }) => queue))) {
        if (name === undefined) continue;
        const group = wanted.filter(({ queue }) => queue === name);
        const one = group[Math.floor(random() * group.length)];
        if (one !== undefined) chosen.push(one);
      }
      for (const member of chosen) member.deliver(message);
      return chosen.length > 0;
    },
  };
  if (jetstream) addMemoryJetStream(server);
  return { connect: (wanted = {}) => connectMemory(server, wanted) };
}

const still: Clock = { now: () => 0, monotonic: () => 0, after: () => () => undefined };
