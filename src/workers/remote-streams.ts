/**
 * Streams, futures and calls of the host worker, as code in a component worker uses them.
 *
 * A worker whose guest blocks hears no messages, so whatever waits here asks the host and waits for its answer: a promise
 * under JSPI, the value itself with atomics. Nobody works in the background: bytes move when a guest reads, writes or
 * waits. All of it belongs to one call and ends with it; once the life is over, nothing that was waited for comes back.
 */
import type { FutureHandle, StreamHandle } from "../channels/component.ts";
import type { WitValue } from "../core/wit.ts";

/** The value itself with atomics, a promise of it where the guest is suspended; also the value if it is there already. */
export type Later<T> = T | Promise<T>;

/** What {@link RemoteStreams.waitAny} waits for. */
export interface RemoteEnd {
  /** True if its next step needs no wait: bytes or the end are there, there is room, or the value is known. */
  readonly ready: boolean;
}

/** Bytes that come from the host worker. */
export interface RemoteSource extends RemoteEnd {
  /** At least one byte and at most `maxBytes` (1 or more); `undefined` at the end. Throws when the other side broke off. */
  read(maxBytes: number): Later<Uint8Array | undefined>;
  /** What is still to come is not wanted. */
  cancel(): void;
}

/** Bytes that go to the host worker. */
export interface RemoteSink extends RemoteEnd {
  /**
   * Gives `bytes` away (a copy is made if they are a view) and waits while the other side has enough to do.
   * Throws `aborted` when nobody reads them any more.
   */
  write(bytes: Uint8Array): Later<void>;
  /** All is written. */
  finish(): void;
  /** The reader gets an error. */
  fail(reason: string): void;
}

/** A value that comes later. */
export interface RemoteFuture extends RemoteEnd {
  /** Throws when the other side failed or broke off. Asked again it gives the same. */
  get(): Later<unknown>;
}

/** One life's streams; see the file's head. Errors are `LatticeError`s, thrown or rejected with. */
export interface RemoteStreams {
  /** For a stream that came in an argument or a result. Once for each. */
  source(handle: StreamHandle): RemoteSource;
  /** A new stream, to hand to the host in an argument or a result. */
  sink(): { readonly handle: StreamHandle; readonly sink: RemoteSink };
  /** For a future that came in an argument or a result. Once for each. */
  future(handle: FutureHandle): RemoteFuture;
  /** A new future, to hand to the host. Its value may hold handles of {@link sink} and {@link promise}. */
  promise(): { readonly handle: FutureHandle; readonly promise: RemotePromise };
  /**
   * Calls what the component imports from the host and gives the results once they are there: none, or one value, with
   * streams and futures as handles. The guest goes on meanwhile, so that it can write what the call reads.
   */
  call(instance: string, func: string, args: readonly WitValue[]): RemoteFuture;
  /** Waits until one of `ends` is ready, or until `untilMs` on the clock of `performance.now()` (`Infinity`: for ever). */
  waitAny(ends: readonly RemoteEnd[], untilMs: number): Later<void>;
}

/** The writing end of a future. */
export interface RemotePromise {
  settle(value: WitValue): void;
  fail(reason: string): void;
}
