/** The bus over NATS: what the port promises, put together from a session, a table of subscriptions, and requests. */
import { ErrorCode, Events, nuid } from "nats.ws";
import type { Bus, PublishOptions } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import type { CredentialsSource } from "../core/credentials.ts";
import { LatticeError, messageOf } from "../core/error.ts";
import { later } from "../core/later.ts";
import type { Log } from "../core/log.ts";
import type { Release } from "../core/memory.ts";
import { openBucket } from "./jetstream-kv.ts";
import { fetchKnock, type Knock } from "./knock.ts";
import { dial } from "./nats-dial.ts";
import { fromNats } from "./nats-errors.ts";
import { closed, tooLarge } from "./errors.ts";
import { type Link, orAborted } from "./nats-link.ts";
import { toOutgoing } from "./nats-message.ts";
import { createRedial, type Redial } from "./nats-redial.ts";
import { createRequests } from "./requests.ts";
import { openSession } from "./nats-session.ts";
import type { SocketFactory } from "./nats-socket.ts";
import { createSubscriptions } from "./nats-subscriptions.ts";
import { type ServerAddress, serverAddress } from "./server-address.ts";

export interface NatsBusOptions {
  /** WebSocket addresses, tried in turn. User and password in one are used and never shown. */
  readonly servers: readonly string[];
  /** The connection's name in the server's monitoring. */
  readonly name: string;
  /** `_INBOX.<host id>`: permissions are given by it. */
  readonly inboxPrefix: string;
  /** Asked before each dial. */
  readonly credentials?: CredentialsSource;
  readonly clock: Clock;
  readonly log: Log;
  /** Gives up the first connect; ends the bus later, at once and without draining. */
  readonly signal: AbortSignal;
  /** Default 10 s. */
  readonly firstConnectTimeoutMs?: number;
  /** For jitter; default `Math.random`. */
  readonly random?: () => number;
  /** Default: the browser's `WebSocket`. One of your own may know more schemes than `ws:` and `wss:`. */
  readonly socketFactory?: SocketFactory;
  /** For what large messages take; default: left to the engine. */
  readonly release?: Release;
  /** Default: by `fetch` where the browser's `WebSocket` is used, else none. */
  readonly knock?: Knock;
}

const FIRST_CONNECT_TIMEOUT_MS = 10_000;
const DRAIN_LIMIT_MS = 5_000;
/** Bridges to TCP take NATS's own schemes. */
const FACTORY_SCHEMES = ["ws", "wss", "nats", "tls", "tcp"];

/**
 * Connects, and gives a bus that reconnects by itself until `signal`, {@link Bus.drain} or disposal ends it.
 *
 * @throws {LatticeError} `no-servers` when none answers in time, `denied` on refused credentials, `bad-input` for an
 * address that is none, or the signal's reason.
 */
export async function openNatsBus(options: NatsBusOptions): Promise<Bus> {
  const { clock, log, inboxPrefix } = options;
  const servers = options.servers.map((text) =>
    serverAddress(text, options.socketFactory === undefined ? undefined : FACTORY_SCHEMES),
  );
  if (servers.length === 0) throw new LatticeError("bad-input", "no server was given");

  const newInbox = (): string => `${inboxPrefix}.${nuid.next()}`;
  const subscriptions = createSubscriptions(log);
  const requests = createRequests({
    newInbox,
    subscribe: (subject, receive, onDenied) => subscriptions.add(subject, receive, { onDenied }),
    publish: (...message) => publish(...message),
  });
  const session = await openSession({
    servers,
    clock,
    log,
    redial: redialOf(options, servers),
    signal: options.signal,
    firstConnectTimeoutMs: options.firstConnectTimeoutMs ?? FIRST_CONNECT_TIMEOUT_MS,
    onOpen(link) {
      subscriptions.attach(link);
      void hearRefusals(link); // ends with the connection and throws nothing
    },
    onLost(error) {
      if (error.code === "closed") subscriptions.clear();
      else subscriptions.detach();
      requests.fail(error);
    },
  });
  let leaving: Promise<void> | undefined;

  function publish(subject: string, data: Uint8Array, sending: PublishOptions = {}): void {
    const message = toOutgoing(subject, data, sending);
    const link = session.present();
    if (message.size > link.maxPayload) throw tooLarge(message.size, link.maxPayload, subject);
    try {
      link.connection.publish(subject, data, message.options);
    } catch (thrown) {
      throw fromNats(thrown);
    }
  }
  async function hearRefusals({ connection }: Link): Promise<void> {
    for await (const { type, data, permissionContext } of connection.status()) {
      if (type !== Events.Error || data !== ErrorCode.PermissionsViolation) continue;
      if (permissionContext?.operation !== "publish") continue;
      log.warn("bus.publish-denied", { subject: permissionContext.subject });
      requests.refuse(permissionContext.subject);
    }
  }
  async function leave(): Promise<void> {
    const limit = new AbortController();
    const cancel = clock.after(DRAIN_LIMIT_MS, () => limit.abort());
    const drained = async (): Promise<void> => {
      await subscriptions.drain(requests.inbox);
      await requests.settled();
      await session.present().flush();
    };
    try {
      await orAborted(drained(), limit.signal);
    } catch (thrown) {
      log.warn("bus.drain-cut-short", { error: messageOf(thrown) });
    } finally {
      cancel();
      session.end();
    }
  }
  const drain = (): Promise<void> => (leaving ??= session.ended ? Promise.resolve() : leave());
  const refuseLate = (): void => {
    if (leaving !== undefined || session.ended) throw closed();
  };

  /** Runs what a user of a bucket gave. */
  const guard = (subject: string, work: () => void): void => {
    try {
      work();
    } catch (thrown) {
      log.error("bus.receiver-failed", { subject, error: messageOf(thrown) });
    }
  };

  const objectStores = later(clock, "object stores", () => import("./jetstream-objects.ts"));
  const bus: Bus = {
    publish,
    newInbox,
    drain,
    status: session.status,
    bucket: (name, wanted) => openBucket({ bus, clock, log, guard }, name, wanted),
    async objects(name, wanted) {
      const { openObjects } = await objectStores(wanted.signal);
      return openObjects({ bus, clock }, name, wanted);
    },
    probe: () => session.probe(),
    async request(subject, data, sending) {
      refuseLate();
      return requests.send(subject, data, sending);
    },
    subscribe(subject, receive, wanted) {
      refuseLate();
      return subscriptions.add(subject, receive, wanted);
    },
    flush: async (signal) => session.present().flush(signal),
    get maxPayload() {
      return session.last().maxPayload;
    },
    [Symbol.asyncDispose]: drain,
  };
  return bus;
}

function redialOf(options: NatsBusOptions, servers: readonly ServerAddress[]): Redial {
  const { clock, name, credentials, socketFactory = browserSocket, release } = options;
  const knock = options.knock ?? (options.socketFactory === undefined ? fetchKnock() : undefined);
  const signing = later(clock, "nkeys", () => import("./nkey-answers.ts"));
  return createRedial({
    servers,
    clock,
    knock,
    random: options.random ?? Math.random,
    dial: (server, signal) =>
      dial(server, { name, credentials, socketFactory, clock, signing, release }, signal),
  });
}

const browserSocket: SocketFactory = (url) => {
  if (typeof WebSocket === "function") return new WebSocket(url);
  throw new LatticeError("unsupported", "this realm has no WebSocket: pass a socketFactory");
};
