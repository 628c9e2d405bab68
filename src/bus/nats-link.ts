/**
 * One connection from its first PONG to its loss. A link is never repaired: the bus dials another one.
 */
import type { NatsConnection } from "nats.ws";
import type { Clock } from "../core/clock.ts";
import type { Release } from "../core/memory.ts";
import { asLatticeError } from "../core/error.ts";
import { disconnected } from "./errors.ts";
import { createFrames, type Frames } from "./frames.ts";
import type { NatsSocket } from "./nats-socket.ts";

export interface Link {
  readonly connection: NatsConnection;
  readonly frames: Frames;
  /** Scheme, host and port. */
  readonly server: string;
  /** Whether what is published now can leave. */
  readonly open: boolean;
  /** By the server's latest INFO. */
  readonly maxPayload: number;
  /** Resolves, once and never rejecting, with the reason of the loss. */
  readonly lost: Promise<string>;
  /** The result of `work`, or a rejection with `disconnected` if the link is lost before. */
  hold<T>(work: Promise<T>): Promise<T>;
  /** Resolves when the server has processed all that was sent before. */
  flush(signal?: AbortSignal): Promise<void>;
  /** Severs the link unless the server answers within `limitMs`. */
  check(limitMs: number): void;
  sever(reason: string): void;
}

/** A ping leaves each interval, and the second one without an answer means that the peer is gone. */
const PING_INTERVAL_MS = 10_000;
const PINGS_UNANSWERED = 2;
/** nats-server's own default (nats-server v2.9.10 `server/const.go`, `MAX_PAYLOAD_SIZE`). */
export const DEFAULT_MAX_PAYLOAD: number = 1024 * 1024;

export function createLink(
  connection: NatsConnection,
  socket: NatsSocket,
  server: string,
  clock: Clock,
  release?: Release,
): Link {
  const losers = new Set<(reason: string) => void>();
  let maxPayload = DEFAULT_MAX_PAYLOAD;
  let unanswered = 0;
  let checking = false;

  const sever = (reason: string): void => socket.sever(reason);

  const hold = <T>(work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const lose = (reason: string): void => reject(disconnected(reason));
      losers.add(lose);
      work.then(resolve, reject).finally(() => losers.delete(lose));
    });

  const flush = (signal?: AbortSignal): Promise<void> => {
    const flushed = hold(connection.flush());
    return signal === undefined ? flushed : orAborted(flushed, signal);
  };

  const beat = (): void => {
    if (unanswered >= PINGS_UNANSWERED) {
      sever(`${unanswered} pings without an answer`);
      return;
    }
    unanswered++;
    flush().then(
      () => (unanswered = 0),
      () => undefined, // lost: the owner of the link hears it from `lost`
    );
    cancelBeat = clock.after(PING_INTERVAL_MS, beat);
  };
  let cancelBeat = clock.after(PING_INTERVAL_MS, beat);

  const lost = socket.gone.then((reason) => {
    cancelBeat();
    for (const lose of losers) lose(reason);
    return reason;
  });

  return {
    connection,
    frames: createFrames(release),
    server,
    lost,
    hold,
    flush,
    sever,
    get open() {
      return socket.open;
    },
    get maxPayload() {
      maxPayload = connection.info?.max_payload ?? maxPayload;
      return maxPayload;
    },
    check(limitMs) {
      if (checking) return;
      checking = true;
      const cancel = clock.after(limitMs, () => sever(`no sign of life within ${limitMs} ms`));
      void flush() // a rejection means that the link is lost, which `lost` tells
        .catch(() => undefined)
        .finally(() => {
          cancel();
          checking = false;
        });
    },
  };
}

/** `work`, or a rejection with the signal's reason, whichever comes first. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(asLatticeError(signal.reason, "aborted"));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
