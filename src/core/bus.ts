/** The port to NATS, or to its stand-in in memory: subjects, queue groups, requests, buckets. */
import type { BucketOptions, KvBucket } from "./kv.ts";
import type { ObjectStore } from "./objects.ts";
import type { View } from "./view.ts";

import { asLatticeError } from "./error.ts";
import { until } from "./view.ts";

export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Says that nobody looks at {@link data} any more, so that its memory may be used again. Nobody has to. */
  readonly release?: () => void;
  /** Where an answer is wanted. */
  readonly reply?: string;
  readonly headers?: ReadonlyMap<string, string>;
  /** The server's own word instead of a peer's: 503 nobody subscribes, 408 timeout, 409 ended. */
  readonly status?: number;
}

export interface PublishOptions {
  readonly reply?: string;
  readonly headers?: ReadonlyMap<string, string>;
}

export interface SubscribeOptions {
  /** Queue group; absent for every member's own copy. */
  readonly queue?: string;
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
  /** Called once if the server refuses the subscription. */
  readonly onDenied?: (error: Error) => void;
}

/**
 * A live subscription. Messages come by callback, not by iterator: the demultiplexer of wRPC inboxes
 * is on the path of each call, and nothing there may wait between two messages.
 */
export interface Subscription {
  readonly subject: string;
  /** Ends at once; what is under way is lost. */
  unsubscribe(): void;
  /** Leaves, and resolves when everything that the server had sent until then was delivered. */
  drain(): Promise<void>;
}

export type BusStatus =
  | { readonly phase: "connecting" }
  | { readonly phase: "open"; readonly server: string }
  | { readonly phase: "reconnecting"; readonly since: number; readonly reason?: string }
  | { readonly phase: "closed"; readonly reason?: string };

export interface Bus extends AsyncDisposable {
  /**
   * The bytes may change when it has returned.
   *
   * @throws {LatticeError} `disconnected` while the connection is down (nothing is ever dropped in silence),
   * `too-large` above {@link maxPayload}, `closed` after the end.
   */
  publish(subject: string, data: Uint8Array, options?: PublishOptions): void;
  /**
   * The first answer; one with `status` is thrown instead.
   *
   * @throws {LatticeError} `not-served`, `disconnected`, `denied`, `too-large`, `closed`, or the signal's reason:
   * `deadline`, `aborted`.
   */
  request(
    subject: string,
    data: Uint8Array,
    options: PublishOptions & { readonly signal: AbortSignal },
  ): Promise<BusMessage>;
  /** Subscriptions outlive reconnects. An exception of `receive` is logged and does not end the subscription. */
  subscribe(
    subject: string,
    receive: (message: BusMessage) => void,
    options?: SubscribeOptions,
  ): Subscription;
  /**
   * A key-value bucket of the lattice.
   *
   * @throws {LatticeError} `unsupported` where there is no JetStream, `not-found` for a bucket that is not there,
   * `denied`, `bad-input` for a name that cannot be one, `disconnected`, `closed`, or the signal's reason.
   */
  bucket(name: string, options: BucketOptions): Promise<KvBucket>;
  /** An object store of the lattice. Throws as {@link Bus.bucket}. */
  objects(name: string, options: BucketOptions): Promise<ObjectStore>;
  /** A fresh subject under this connection's inbox prefix: `_INBOX.<host id>.<unique>`. */
  newInbox(): string;
  /** Resolves when the server has processed all that was sent before. */
  flush(signal: AbortSignal): Promise<void>;
  /** Asks a connection that may be dead for a sign of life, and redials if none comes within 2 s. */
  probe(): void;
  /** Leaves all subscriptions, lets what is under way end, sends what is buffered, closes. */
  drain(): Promise<void>;
  /** Bytes that one message may have, headers included, by the server's word. */
  readonly maxPayload: number;
  readonly status: View<BusStatus>;
}

/**
 * As {@link Bus.flush}, over a connection that may come and go: waits until it is open, and flushes again if it was lost
 * meanwhile. Ends with the signal's reason, or with the bus.
 */
export async function flushed(bus: Bus, signal: AbortSignal): Promise<void> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each round waits for the connection that the last one lost
    await until(bus.status, ({ phase }) => phase === "open" || phase === "closed", signal);
    try {
      // oxlint-disable-next-line no-await-in-loop -- as above
      return await bus.flush(signal);
    } catch (cause) {
      if (asLatticeError(cause).code !== "disconnected") throw cause;
    }
  }
}
