/** One dial: credentials, socket, handshake, first PONG. It ends within 5 s, credentials aside. */
import { connect, type ConnectionOptions } from "nats.ws";
import type { Clock } from "../core/clock.ts";
import type { Credentials, CredentialsSource } from "../core/credentials.ts";
import type { Release } from "../core/memory.ts";
import { asLatticeError, LatticeError, messageOf } from "../core/error.ts";
import { authenticator, type Signing } from "./credentials.ts";
import type { Later } from "../core/later.ts";
import { fromNats } from "./nats-errors.ts";
import { createLink, type Link, orAborted } from "./nats-link.ts";
import { publishInBatches } from "./nats-publish.ts";
import { NatsSocket, type SocketFactory } from "./nats-socket.ts";
import type { ServerAddress } from "./server-address.ts";

export interface DialOptions {
  /** Shown by the server's own monitoring. */
  readonly name: string;
  readonly credentials: CredentialsSource | undefined;
  readonly socketFactory: SocketFactory;
  readonly clock: Clock;
  /** For nkeys and JWTs. */
  readonly signing: Later<Signing>;
  readonly release?: Release | undefined;
}

/** From the first byte to the first PONG. */
const DIAL_LIMIT_MS = 5_000;
/** A source may ask another server for fresh credentials. */
const CREDENTIALS_LIMIT_MS = 10_000;
/**
 * What the library gathers before it sends without waiting for the end of the tick: an answer of this size leaves in
 * one WebSocket frame, whose count is what costs in a browser.
 */
const FRAME_LIMIT_BYTES = 256 * 1024;

/** @throws {LatticeError} `denied` for refused credentials, `disconnected` for all else, or the signal's reason. */
export async function dial(
  server: ServerAddress,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Link> {
  const { clock, name } = options;
  const credentials = (await ask(options, signal)) ?? server.credentials;
  signal.throwIfAborted();
  const answer =
    credentials === undefined ? undefined : await authenticator(credentials, options.signing);
  signal.throwIfAborted();
  const socket = new NatsSocket(openSocket(options.socketFactory, server), clock);
  socket.prepare = answer?.prepare;
  const cancel = clock.after(DIAL_LIMIT_MS, () =>
    socket.sever(`no answer within ${DIAL_LIMIT_MS / 1000} s`),
  );
  const abort = (): void => socket.sever("given up");
  signal.addEventListener("abort", abort, { once: true });
  const library: ConnectionOptions & { wsFactory: () => Promise<unknown> } = {
    // One attempt at the socket that is given; why the bus redials by itself is told in README.md.
    servers: "ws://lattice",
    wsFactory: () => Promise.resolve({ socket, encrypted: server.url.startsWith("wss:") }),
    reconnect: false,
    timeout: DIAL_LIMIT_MS * 2,
    ignoreClusterUpdates: true,
    pingInterval: 2 ** 31 - 1, // the link pings
    noAsyncTraces: true,
    name,
    ...(answer === undefined ? {} : { authenticator: answer.authenticator }),
  };
  Object.assign(library, { pendingLimit: FRAME_LIMIT_BYTES });
  try {
    const connection = await connect(library);
    publishInBatches(connection, socket);
    return createLink(connection, socket, server.shown, clock, options.release);
  } catch (thrown) {
    socket.sever("the dial failed");
    if (signal.aborted) throw asLatticeError(signal.reason, "aborted");
    throw fromNats(thrown ?? new Error(await socket.gone));
  } finally {
    cancel();
    signal.removeEventListener("abort", abort);
  }
}

async function ask(
  { credentials, clock }: DialOptions,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (credentials === undefined) return undefined;
  const limit = new AbortController();
  const cancel = clock.after(CREDENTIALS_LIMIT_MS, () =>
    limit.abort(new LatticeError("denied", "no credentials were given within 10 s")),
  );
  try {
    return await orAborted(credentials(), AbortSignal.any([signal, limit.signal]));
  } catch (thrown) {
    if (signal.aborted || limit.signal.aborted) throw thrown;
    throw new LatticeError("denied", `the source of credentials failed: ${messageOf(thrown)}`);
  } finally {
    cancel();
  }
}

function openSocket(factory: SocketFactory, server: ServerAddress): ReturnType<SocketFactory> {
  try {
    return factory(server.url);
  } catch (cause) {
    // Mixed content, a forbidden port, a policy: the browser's text names the address with its query.
    const kind = cause instanceof Error ? cause.name : "Error";
    throw new LatticeError("disconnected", `the browser refused to open a socket (${kind})`, {
      cause,
    });
  }
}
