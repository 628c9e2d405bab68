/**
 * A bus over a line to a server of this project: what the port promises, whatever the line is. Whoever holds the line
 * attaches it, cuts it, and attaches another one.
 */
import type { Bus, BusStatus } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/error.ts";
import { later, unlessAborted } from "../core/later.ts";
import type { Log } from "../core/log.ts";
import { createSource } from "../core/view.ts";
import { closed, disconnected, tooLarge } from "./errors.ts";
import { encodeHeaders } from "./headers.ts";
import { openBucket } from "./jetstream-kv.ts";
import type { ClientEnd, ServerEnd } from "./line.ts";
import { createLineSubscriptions } from "./line-subscriptions.ts";
import { createRequests } from "./requests.ts";
import { checkSubject } from "./subject.ts";

export interface LineBusParts {
  /** What the status calls the server. */
  readonly name: string;
  readonly maxPayload: number;
  readonly newInbox: () => string;
  readonly clock: Clock;
  /** The time that `reconnecting` tells; default the clock's. */
  readonly now?: () => number;
  /** Hears of receivers that throw; without it, what they throw is thrown on where nobody catches it. */
  readonly log: Log | undefined;
  /** Ends the connection. */
  readonly signal: AbortSignal | undefined;
  /** As {@link Bus.probe}; default: whoever holds the line looks after it. */
  readonly probe?: () => void;
  /** Called once, when the bus is closed. */
  readonly onClosed?: () => void;
}

export interface LineBus {
  readonly bus: Bus;
  /** What the server is to tell. */
  readonly client: ClientEnd;
  /** All subscriptions are told to `line`, but nothing is published yet. A closed bus closes `line`. */
  attach(line: ServerEnd): void;
  /** The bus is open, over the line that was attached. */
  open(): void;
  /** The line is gone: what is under way in either direction is lost. */
  cut(reason: string): void;
  /** Ends the bus at once. */
  close(): void;
}

export function createLineBus(parts: LineBusParts): LineBus {
  const { name, maxPayload, newInbox, clock, log, signal, now: time = () => clock.now() } = parts;
  const status = createSource<BusStatus>({ phase: "connecting" });
  let line: ServerEnd | undefined;
  let leaving: Promise<void> | undefined;
  const settling = new Map<number, () => void>();
  let settlings = 0;

  const settle = (): Promise<void> =>
    new Promise((resolve) => {
      if (line === undefined) return resolve();
      settling.set(++settlings, resolve);
      line.settle(settlings);
    });
  const settled = (id: number): void => {
    settling.get(id)?.();
    settling.delete(id);
  };
  const guard = (subject: string, work: () => void): void => {
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
  };
  const subscriptions = createLineSubscriptions({ present: () => line, settle, guard }, log);
  const client: ClientEnd = {
    settled,
    deliver: (id, message) => subscriptions.deliver(id, message),
    subscriptionDenied: (id) => subscriptions.refuse(id),
    publishDenied(subject) {
      log?.warn("bus.publish-denied", { subject });
      requests.refuse(subject);
    },
  };

  const present = (): ServerEnd => {
    const at = status.peek();
    if (line !== undefined && at.phase === "open") return line;
    if (at.phase === "closed") throw closed();
    throw disconnected((at.phase === "reconnecting" ? at.reason : undefined) ?? "connecting");
  };
  const refuseLate = (): void => {
    if (leaving !== undefined || status.peek().phase === "closed") throw closed();
  };
  const publish: Bus["publish"] = (subject, data, { reply, headers } = {}) => {
    checkSubject(subject, reply);
    const server = present();
    const told = headers !== undefined && headers.size > 0 ? new Map(headers) : undefined;
    const size = data.length + (told === undefined ? 0 : encodeHeaders(told).length);
    if (size > maxPayload) throw tooLarge(size, maxPayload, subject);
    server.publish({
      subject,
      data: data.slice(), // the publisher may use its buffer again
      ...(reply === undefined ? {} : { reply }),
      ...(told === undefined ? {} : { headers: told }),
    });
  };
  const requests = createRequests({
    newInbox,
    publish,
    subscribe: (subject, receive, onDenied) => subscriptions.add(subject, receive, { onDenied }),
  });

  /** Without the line nothing is under way any more. */
  const lose = (next: BusStatus): void => {
    const gone = line;
    line = undefined;
    gone?.close();
    status.set(next);
    for (const id of Array.from(settling.keys())) settled(id);
  };
  const end = (reason?: string): void => {
    if (status.peek().phase === "closed") return;
    signal?.removeEventListener("abort", abort);
    subscriptions.clear();
    lose(reason === undefined ? { phase: "closed" } : { phase: "closed", reason });
    requests.fail(closed());
    parts.onClosed?.();
  };
  const abort = (): void => end(messageOf(signal?.reason));
  const leave = async (): Promise<void> => {
    if (status.peek().phase === "open") {
      await subscriptions.drain(requests.inbox);
      await requests.settled();
      await settle();
    }
    end();
  };
  const drain = (): Promise<void> => (leaving ??= leave());

  if (signal?.aborted === true) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  const objectStores = later(clock, "object stores", () => import("./jetstream-objects.ts"));
  const bus: Bus = {
    publish,
    newInbox,
    drain,
    status,
    maxPayload,
    bucket: (bucket, wanted) => openBucket({ bus, clock, log, guard }, bucket, wanted),
    async objects(store, wanted) {
      const { openObjects } = await objectStores(wanted.signal);
      return openObjects({ bus, clock }, store, wanted);
    },
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
      present();
      await unlessAborted(settle(), until);
      present();
    },
    probe: () => parts.probe?.(),
    [Symbol.asyncDispose]: drain,
  };
  return {
    bus,
    client,
    close: () => end(),
    attach(next) {
      if (status.peek().phase === "closed") return next.close();
      line = next;
      subscriptions.attach(next);
    },
    open() {
      if (line !== undefined) status.set({ phase: "open", server: name });
    },
    cut(reason) {
      const now = status.peek();
      if (now.phase === "closed") return;
      if (now.phase !== "open") return lose(now);
      lose({ phase: "reconnecting", since: time(), reason });
      requests.fail(disconnected(reason));
    },
  };
}
