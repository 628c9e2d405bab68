/** `wasi:io/streams.output-stream`: bytes that a guest writes. */
import type { Later, RemoteEnd, RemoteSink } from "../remote-streams.ts";
import type { InputStream, StreamError } from "./io-input.ts";
import type { IoError } from "./io-error.ts";
import type { Result } from "./results.ts";
import type { Holder } from "./resource.ts";
import type { Steps } from "./steps.ts";

import { STREAM_WINDOW } from "../../channels/component.ts";
import { after } from "../remote-streams.ts";
import { CLOSED } from "./io-input.ts";
import { isReady, Pollable, readyWith, untilReady, type Readiness } from "./io-poll.ts";
import { Resource, trap } from "./resource.ts";
import { err, OK, ok } from "./results.ts";
import { runFor, wait } from "./steps.ts";

/** Where the bytes of an output-stream go. */
export interface Outlet {
  /** True if the next write needs no wait. */
  readonly ready: boolean;
  readonly ends: readonly RemoteEnd[];
  /** Takes `bytes` over; waits while there is enough to do. Throws when nobody wants them. */
  write(bytes: Uint8Array): Later<void>;
  /** How the guest sees that a write threw. */
  errorOf(thrown: unknown): IoError;
  /** True if each write waits until it is done: of files, whose components are prepared for it. */
  readonly waits?: boolean;
  /** The guest has dropped the stream. */
  close?(): void;
}

/** What is written goes to `sink`, whose end is that of the stream. */
export function remoteOutlet(sink: RemoteSink, errorOf: Outlet["errorOf"]): Outlet {
  return {
    get ready() {
      return sink.ready;
    },
    ends: [sink],
    write: (bytes) => sink.write(bytes),
    errorOf,
    close: () => sink.finish(),
  };
}

/** What `check-write` permits. */
const PERMIT_BYTES = 64 * 1024;
/** What the functions that write and flush take, by the text of `wasi:io/streams`. */
const MAX_BLOCKING_BYTES = 4096;

type Written = Result<undefined, StreamError>;

export class OutputStream extends Resource {
  readonly #outlet: Outlet;
  readonly #readiness: Readiness;
  #permit = 0;
  /** Writes that are not through yet; they never reject. */
  #pending: Promise<unknown> | undefined;
  #broken: IoError | undefined;
  #closed = false;

  constructor(holder: Holder, outlet: Outlet, parent?: Resource) {
    super(holder, parent);
    this.#outlet = outlet;
    this.#readiness = readyWith(
      () => this.#closed || this.#broken !== undefined || outlet.ready,
      () => outlet.ends,
    );
  }

  checkWrite(): Result<bigint, StreamError> {
    const trouble = this.#trouble();
    if (trouble !== undefined) return trouble;
    this.#permit = isReady(this.holder, this.#readiness) ? PERMIT_BYTES : 0;
    return this.#trouble() ?? ok(BigInt(this.#permit));
  }

  /** A promise for streams that wait only. */
  write(contents: Uint8Array): Later<Written> {
    const trouble = this.#trouble();
    if (trouble !== undefined) return trouble;
    if (contents.byteLength > this.#permit) {
      trap(this.holder, "it wrote more to a stream than check-write had permitted");
    }
    this.#permit -= contents.byteLength;
    this.#send(contents);
    return this.#written();
  }

  blockingWriteAndFlush(contents: Uint8Array): Later<Written> {
    if (contents.byteLength > MAX_BLOCKING_BYTES) {
      trap(this.holder, `blocking-write-and-flush takes at most ${MAX_BLOCKING_BYTES} bytes`);
    }
    return runFor(this.holder.life, this.#writeAndFlush(contents));
  }

  flush(): Written {
    return this.#trouble() ?? OK;
  }

  blockingFlush(): Later<Written> {
    return runFor(this.holder.life, this.#flushed());
  }

  subscribe(): Pollable {
    return new Pollable(this.holder, this.#readiness, this);
  }

  writeZeroes(len: bigint): Later<Written> {
    if (len > BigInt(this.#permit)) {
      trap(this.holder, "it wrote more to a stream than check-write had permitted");
    }
    return this.write(new Uint8Array(Number(len)));
  }

  blockingWriteZeroesAndFlush(len: bigint): Later<Written> {
    if (len > MAX_BLOCKING_BYTES) {
      trap(
        this.holder,
        `blocking-write-zeroes-and-flush takes at most ${MAX_BLOCKING_BYTES} bytes`,
      );
    }
    return runFor(this.holder.life, this.#writeAndFlush(new Uint8Array(Number(len))));
  }

  splice(src: InputStream, len: bigint): Later<Result<bigint, StreamError>> {
    const permit = this.checkWrite();
    if (permit.tag === "err" || permit.val === 0n) return permit;
    return after(src.read(len < permit.val ? len : permit.val), (read) => this.#pass(read));
  }

  blockingSplice(src: InputStream, len: bigint): Later<Result<bigint, StreamError>> {
    return runFor(this.holder.life, this.#spliced(src, len));
  }

  override dropped(): void {
    this.#outlet.close?.();
  }

  *#writeAndFlush(contents: Uint8Array): Steps<Written> {
    yield* untilReady(this.holder, this.#readiness);
    const trouble = this.#trouble();
    if (trouble !== undefined) return trouble;
    this.#send(contents);
    return yield* this.#flushed();
  }

  *#flushed(): Steps<Written> {
    while (this.#pending !== undefined) yield* wait(this.#pending);
    return this.#trouble() ?? OK;
  }

  *#spliced(src: InputStream, len: bigint): Steps<Result<bigint, StreamError>> {
    yield* untilReady(this.holder, this.#readiness);
    const permit = this.checkWrite();
    if (permit.tag === "err") return permit;
    // Nothing is kept for the guest here, so that whole chunks may go on as they are.
    const most = BigInt(STREAM_WINDOW);
    const read = yield* wait(src.blockingRead(len < most ? len : most));
    return yield* wait(this.#pass(read));
  }

  #pass(read: Result<Uint8Array, StreamError>): Later<Result<bigint, StreamError>> {
    this.#permit = 0;
    if (read.tag === "err") return read;
    const { length } = read.val;
    this.#send(read.val);
    return after(this.#written(), (written) =>
      written.tag === "err" ? written : ok(BigInt(length)),
    );
  }

  /** What has become of the last write, as far as it is waited for. */
  #written(): Later<Written> {
    if (this.#outlet.waits !== true || this.#pending === undefined) return this.#trouble() ?? OK;
    return runFor(this.holder.life, this.#flushed());
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const broke = (thrown: unknown): void => void (this.#broken = this.#outlet.errorOf(thrown));
    try {
      const later = this.#outlet.write(bytes);
      if (!(later instanceof Promise)) return;
      const through = Promise.all([this.#pending, later.catch(broke)]).finally(() => {
        if (this.#pending === through) this.#pending = undefined;
      });
      this.#pending = through;
    } catch (thrown) {
      broke(thrown);
    }
  }

  /** What has broken the stream, told once; then it is closed. */
  #trouble(): Result<never, StreamError> | undefined {
    if (this.#closed) return CLOSED;
    if (this.#broken === undefined) return undefined;
    this.#closed = true;
    return err({ tag: "last-operation-failed", val: this.#broken });
  }
}
