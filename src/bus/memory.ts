/**
 * What a NATS server does with subjects, queue groups and requests, without a server: of a lattice in one heap, and of one
 * that the tabs of an origin make by themselves.
 *
 * All that connections do goes through one line, in order, and comes out in a later microtask: a publisher never runs a
 * receiver, and equal runs give equal results.
 */
import type { BusMessage } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import type { ClientEnd, Permits, ServerEnd } from "./line.ts";
import { connectMemory, type MemoryBus, type MemoryConnectOptions } from "./memory-bus.ts";
import { addMemoryJetStream, type StreamKeep } from "./memory-kv.ts";
import { subjectMatches } from "./subject.ts";

/** 1 MiB, as nats-server has it. */
export const MAX_PAYLOAD: number = 1024 * 1024;

export interface MemoryServerOptions {
  /** Chooses the member of a queue group; default `Math.random`. */
  readonly random?: () => number;
  /** Whether there are buckets, and what keeps them; default true: they are in memory alone. */
  readonly jetstream?: boolean | StreamKeep;
}

export interface MemoryLatticeOptions extends MemoryServerOptions {
  /** Default {@link MAX_PAYLOAD}. */
  readonly maxPayload?: number;
  /** The time that `reconnecting` tells; default a clock that stands at 0. */
  readonly now?: () => number;
  /** For what waits: deadlines and second looks of buckets; default a clock that stands still. */
  readonly clock?: Clock;
}

export interface MemoryLattice {
  connect(options?: MemoryConnectOptions): MemoryBus;
}

export interface MemoryServer {
  readonly members: Set<Member>;
  /** Runs `step` after all that was posted before. */
  post(step: () => void): void;
  /**
   * Gives `message` to each plain subscription and to one member of each queue group, `owner`'s alone if one is named;
   * false if that is nobody.
   */
  route(message: BusMessage, owner?: object): boolean;
  /** A connection more. */
  accept(client: ClientEnd, wanted?: AcceptOptions): ServerEnd;
}

export interface AcceptOptions {
  /** Default everything. */
  readonly permits?: Permits | undefined;
  /** Whether nothing was heard of it for so long that others of its queue groups go first. */
  readonly silent?: () => boolean;
}

/** A subscription as the server knows it. */
export interface Member {
  readonly owner: object;
  readonly subject: string;
  readonly queue: string | undefined;
  readonly silent?: () => boolean;
  deliver(message: BusMessage): void;
}

export function createMemoryServer(options: MemoryServerOptions = {}): MemoryServer {
  const { random = Math.random, jetstream = true } = options;
  const members = new Set<Member>();
  let line: (() => void)[] = [];

  const run = (): void => {
    const steps = line;
    line = [];
    for (const step of steps) step();
  };
  const server: MemoryServer = {
    members,
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
        const all = wanted.filter(({ queue }) => queue === name);
        const awake = all.filter(({ silent }) => silent?.() !== true);
        const group = awake.length > 0 ? awake : all;
        const one = group[Math.floor(random() * group.length)];
        if (one !== undefined) chosen.push(one);
      }
      for (const member of chosen) member.deliver(message);
      return chosen.length > 0;
    },
    accept: (client, wanted = {}) => acceptConnection(server, client, wanted),
  };
  if (jetstream !== false) addMemoryJetStream(server, jetstream === true ? undefined : jetstream);
  return server;
}

export function createMemoryLattice(options: MemoryLatticeOptions = {}): MemoryLattice {
  const { maxPayload = MAX_PAYLOAD, clock = still } = options;
  const now = options.now ?? (() => clock.now());
  const server = createMemoryServer(options);
  let inboxes = 0;
  const inboxToken = (): string => (++inboxes).toString(36);
  return {
    connect: (wanted = {}) => connectMemory({ server, maxPayload, clock, now, inboxToken }, wanted),
  };
}

function acceptConnection(
  server: MemoryServer,
  client: ClientEnd,
  { permits = () => true, silent = () => false }: AcceptOptions,
): ServerEnd {
  const { members } = server;
  const mine = new Map<number, Member>();
  let closed = false;
  const inTurn = (step: () => void): void =>
    server.post(() => {
      if (!closed) step();
    });
  const connection: ServerEnd = {
    subscribe: (id, subject, queue) =>
      inTurn(() => {
        if (!permits("subscribe", subject)) return client.subscriptionDenied(id);
        const deliver = (message: BusMessage): void => client.deliver(id, message);
        const member = { owner: connection, subject, queue, silent, deliver };
        mine.set(id, member);
        members.add(member);
      }),
    unsubscribe: (id) =>
      inTurn(() => {
        const member = mine.get(id);
        if (member !== undefined) members.delete(member);
        mine.delete(id);
      }),
    publish: (message) =>
      inTurn(() => {
        const { subject, reply } = message;
        if (!permits("publish", subject)) return client.publishDenied(subject);
        if (server.route(message) || reply === undefined) return;
        // As nats-server does it: told to the publisher alone, on its own subscriptions.
        server.route({ subject: reply, data: new Uint8Array(), status: 503 }, connection);
      }),
    settle: (id) => inTurn(() => client.settled(id)),
    close() {
      closed = true;
      for (const member of mine.values()) members.delete(member);
      mine.clear();
    },
  };
  return connection;
}

const still: Clock = { now: () => 0, monotonic: () => 0, after: () => () => undefined };
