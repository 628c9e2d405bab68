/** One connection to a lattice in memory: a bus whose line can be cut and restored by whoever holds it. */
import type { Bus, BusStatus } from "../core/bus.ts";
import { messageOf } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import { createSource } from "../core/view.ts";
import { closed, disconnected, tooLarge } from "./errors.ts";
import { encodeHeaders } from "./headers.ts";
import { openBucket } from "./jetstream-kv.ts";
import { openObjects } from "./jetstream-objects.ts";
import type { MemoryServer } from "./memory.ts";
import { createMemorySubscriptions } from "./memory-subscriptions.ts";
import { createRequests } from "./requests.ts";
import { checkSubject } from "./subject.ts";

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

export type Permits = (operation: "publish" | "subscribe", subject: string) => boolean;

export interface MemoryBus extends Bus {
  /** Takes the line away, as the death of a server does: what is under way in either direction is lost. */
  cut(reason?: string): void;
  /** Gives it back, and with it the subscriptions. */
  restore(): void;
}

/** What of a connection its subscriptions need. */
export interface MemoryLine {
  readonly server: MemoryServer;
  readonly permits: Permits;
  /** Runs `step` at the server, in order, unless the line is cut before. */
  send(step: () => void): void;
  /** Resolves when the server has done all that was sent before, or when the line is cut. */
  settle(): Promise<void>;
  readonly guard: (subject: string, work: () => void) => void;
}

const OPEN: BusStatus = { phase: "open", server: "memory://lattice" };

export function connectMemory(server: MemoryServer, options: MemoryConnectOptions): MemoryBus {
  const { inboxPrefix = "_INBOX.memory", log, permits = () => true, signal } = options;
  const status = createSource<BusStatus>(OPEN);
  /** Counts the lines that this connection had; `undefined` while there is none. */
  let present: number | undefined = 0;
  let lines = 0;
  const settling = new Set<() => void>();
  let leaving: Promise<void> | undefined;

  const line: MemoryLine = {
    server,
    permits,
    send(step) {
      const mine = present;
      if (mine === undefined) return;
      server.post(() => {
        if (present === mine) step();
      });
    },
    settle: () =>
      new Promise((resolve) => {
        if (present === undefined) return resolve();
        const done = (): void => {
          settling.delete(done);
          resolve();
        };
        settling.add(done);
        line.send(done);
      }),
    guard(subject, work) {
      try {
        work();
      } catch (thrown) {
        if (log !== undefined) {
          log.error("bus.receiver-failed", { subject, error: messageOf(thrown) });
          return;
        }
        queueMicrotask(() => {
          throw thrown;
        });
      }
    },
  };
  const subscriptions = createMemorySubscriptions(line, log);
  const newInbox = (): string => `${inboxPrefix}.${server.inboxToken()}`;

  const checkOpen = (): void => {
    const now = status.peek();
    if (now.phase === "closed") throw closed();
    if (now.phase === "reconnecting") throw disconnected(now.reason ?? "cut");
  };
  const refuseLate = (): void => {
    if (leaving !== undefined || status.peek().phase === "closed") throw closed();
  };
  const publish: Bus["publish"] = (subject, data, { reply, headers } = {}) => {
    checkSubject(subject, reply);
    checkOpen();
    const told = headers !== undefined && headers.size > 0 ? new Map(headers) : undefined;
    const size = data.length + (told === undefined ? 0 : encodeHeaders(told).length);
    if (size > server.maxPayload) throw tooLarge(size, server.maxPayload, subject);
    const message = {
      subject,
      data: data.slice(), // the publisher may use its buffer again
      ...(reply === undefined ? {} : { reply }),
      ...(told === undefined ? {} : { headers: told }),
    };
    line.send(() => {
      if (!permits("publish", subject)) {
        log?.warn("bus.publish-denied", { subject });
        requests.refuse(subject);
      } else if (!server.route(message) && reply !== undefined) {
        // As nats-server does it: told to the publisher alone, on its own subscriptions.
        server.route({ subject: reply, data: new Uint8Array(), status: 503 }, line);
      }
    });
  };
  const requests = createRequests({
    newInbox,
    publish,
    subscribe: (subject, receive, onDenied) => subscriptions.add(subject, receive, { onDenied }),
  });

  const takeLine = (next: BusStatus): void => {
    present = undefined;
    subscriptions.detach();
    status.set(next);
    for (const done of settling) done();
  };
  const end = (reason?: string): void => {
    if (status.peek().phase === "closed") return;
    signal?.removeEventListener("abort", abort);
    subscriptions.clear();
    takeLine(reason === undefined ? { phase: "closed" } : { phase: "closed", reason });
    requests.fail(closed());
  };
  const abort = (): void => end(messageOf(signal?.reason));
  const leave = async (): Promise<void> => {
    if (status.peek().phase === "open") {
      await subscriptions.drain(requests.inbox);
      await requests.settled();
      await line.settle();
    }
    end();
  };
  const drain = (): Promise<void> => (leaving ??= leave());

  if (signal?.aborted === true) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  const bus: MemoryBus = {
    publish,
    newInbox,
    drain,
    status,
    maxPayload: server.maxPayload,
    bucket: (name, wanted) =>
      openBucket({ bus, clock: server.clock, log, guard: line.guard }, name, wanted),
    objects: (name, wanted) => openObjects({ bus, clock: server.clock }, name, wanted),
    async request(subject, data, sending) {
      refuseLate();
      return requests.send(subject, data, sending);
    },
    subscribe(subject, receive, wanted) {
      refuseLate();
      return subscriptions.add(subject, receive, wanted);
    },
    async flush(until) {
      until.throwIfAborted();
      checkOpen();
      await line.settle();
      checkOpen();
    },
    probe: () => undefined, // a line in memory is either there or cut, and its holder knows
    cut(reason = "cut") {
      if (status.peek().phase !== "open") return;
      takeLine({ phase: "reconnecting", since: server.now(), reason });
      requests.fail(disconnected(reason));
    },
    restore() {
      if (status.peek().phase !== "reconnecting") return;
      present = ++lines;
      subscriptions.attach();
      status.set(OPEN);
    },
    [Symbol.asyncDispose]: drain,
  };
  return bus;
}
