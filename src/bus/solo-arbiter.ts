/**
 * The arbiter of a lattice of tabs: the server in memory, with a line to the connections of its own tab and a pipe to each
 * other tab. What has to last it writes under its epoch.
 */
import type { KeptStream } from "../core/kept-streams.ts";
import { asLatticeError, LatticeError } from "../core/error.ts";
import type { ClientEnd, ServerEnd } from "./line.ts";
import { createMemoryServer, type MemoryServer } from "./memory.ts";
import { messageSize } from "./message-size.ts";
import { openPipe, type Pipe } from "./solo-pipe.ts";
import type { SoloPorts } from "./solo-ports.ts";
import { type Downward, SOLO_NAMES, type Upward } from "./solo-words.ts";

export interface Arbiter {
  /** A connection of the arbiter's own tab. */
  accept(client: ClientEnd): ServerEnd;
  /** Resolves when all tabs that live have told their subscriptions, or after {@link GATHER_MS}. */
  readonly gathered: Promise<void>;
  /** Welcomes another tab, once for each token. */
  welcome(member: string, token: string): void;
  /** Says nothing more to anybody. */
  close(): void;
}

export interface ArbiterParts extends SoloPorts {
  readonly epoch: number;
  readonly streams: readonly KeptStream[];
  /** The other tabs that live. */
  readonly others: readonly string[];
  /** Somebody else has taken its place. */
  readonly fenced: () => void;
}

/**
 * What the first messages wait for at most, lest they are told that nobody subscribes while others are on their way from one
 * arbiter to the next. Those that live need a few milliseconds; a frozen one does not come.
 */
const GATHER_MS = 250;

/**
 * A tab that was frozen does not know for how long. Before it says what is kept, it looks whether there is a later epoch,
 * unless it did so just now: nobody takes one in less than half a second of silence.
 */
const CERTAIN_MS = 250;

/** All buckets and object stores together: they are in memory too. */
const MOST_KEPT_BYTES = 64 * 1024 * 1024;

interface Session {
  readonly token: string;
  end(): void;
}

export function createArbiter(parts: ArbiterParts): Arbiter {
  const { epoch, streams, store, random, fenced, clock } = parts;
  const sessions = new Map<string, Session>();
  const missing = new Set(parts.others);
  let gather: () => void = () => undefined;
  const gathered = new Promise<void>((resolve) => {
    gather = resolve;
  });
  const cancel = clock.after(GATHER_MS, gather);
  const came = (member: string): void => {
    missing.delete(member);
    if (missing.size === 0) gather();
  };
  if (missing.size === 0) gather();
  /** When it was last certain that there is no later epoch. */
  let certainMs = clock.monotonic();
  const certainly = async (work: () => Promise<void>): Promise<void> => {
    const since = clock.monotonic();
    try {
      await work();
      certainMs = since;
    } catch (thrown) {
      if (asLatticeError(thrown).code === "gone") fenced();
      throw thrown;
    }
  };
  const check = async (): Promise<void> => {
    const last = await store.last();
    if (last.epoch > epoch) throw new LatticeError("gone", `epoch ${epoch} is over`);
  };
  const server = createMemoryServer({
    jetstream: {
      streams,
      maxBytes: MOST_KEPT_BYTES,
      write: (change) => certainly(() => store.write(epoch, change)),
      check: () => (clock.monotonic() - certainMs < CERTAIN_MS ? undefined : certainly(check)),
    },
    ...(random === undefined ? {} : { random }),
  });
  return {
    gathered,
    accept: (client) => server.accept(client),
    welcome(member, token) {
      const known = sessions.get(member);
      if (known?.token === token) return;
      const session = openSession(server, parts, {
        member,
        token,
        async here() {
          came(member);
          await gathered;
        },
        ended() {
          if (sessions.get(member) !== session) return; // there is a later one
          sessions.delete(member);
          came(member);
        },
      });
      sessions.set(member, session);
      known?.end();
    },
    close() {
      cancel();
      for (const session of Array.from(sessions.values())) session.end();
    },
  };
}

interface SessionParts {
  readonly member: string;
  readonly token: string;
  /** All of the member's subscriptions are told. Resolves when messages may come. */
  here(): Promise<void>;
  ended(): void;
}

function openSession(
  server: MemoryServer,
  { epoch, openChannel, locks, clock, log }: ArbiterParts,
  { member, token, ...told }: SessionParts,
): Session {
  const connections = new Map<number, ServerEnd>();
  const ended = new AbortController();
  let silent = false;

  const end = (): void => {
    if (ended.signal.aborted) return;
    ended.abort();
    for (const connection of connections.values()) connection.close();
    pipe.close();
    told.ended();
  };
  const connectionOf = (of: number): ServerEnd => {
    const known = connections.get(of);
    if (known !== undefined) return known;
    const connection = server.accept(clientOf(pipe, of), { silent: () => silent });
    connections.set(of, connection);
    return connection;
  };
  const receive = (op: Upward): void => {
    switch (op.op) {
      case "subscribe":
        return connectionOf(op.of).subscribe(op.id, op.subject, op.queue);
      case "unsubscribe":
        return connectionOf(op.of).unsubscribe(op.id);
      case "publish":
        return connectionOf(op.of).publish(op.message);
      case "settle":
        return connectionOf(op.of).settle(op.id);
      case "close":
        connectionOf(op.of).close();
        connections.delete(op.of);
        return undefined;
      case "here":
        void told.here().then(() => pipe.send({ op: "begin" })); // does not fail
        return undefined;
      case "bye":
        return end();
    }
  };
  const pipe: Pipe<Downward> = openPipe<Downward, Upward>({
    name: SOLO_NAMES.link(epoch, token),
    openChannel,
    clock,
    receive,
    heard: () => (silent = false),
    // It may be frozen and come back: until then others go first.
    silent() {
      silent = true;
      log.debug("solo.member-silent", { member });
    },
    overrun() {
      log.warn("solo.member-overrun", { member });
      pipe.send({ op: "cut", reason: "this tab did not keep up" });
      end();
    },
  });
  // A tab that ends in any way gives its lock back, also one that says nothing.
  const outlive = async (): Promise<void> => {
    const held = await locks.wait(SOLO_NAMES.member(member), ended.signal);
    held.release();
    log.debug("solo.member-gone", { member });
    end();
  };
  outlive().catch(() => undefined); // the session ended before
  pipe.send({ op: "welcome" });
  return { token, end };
}

function clientOf(pipe: Pipe<Downward>, to: number): ClientEnd {
  return {
    deliver: (id, message) => pipe.send({ op: "deliver", to, id, message }, messageSize(message)),
    settled: (id) => pipe.send({ op: "settled", to, id }),
    // Tabs of one origin may all that the others may.
    subscriptionDenied: () => undefined,
    publishDenied: () => undefined,
  };
}
