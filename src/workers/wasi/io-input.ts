/** `wasi:io/streams.input-stream`: bytes that a guest reads. */
import type { Later, RemoteEnd, RemoteSource } from "../remote-streams.ts";
import type { IoError } from "./io-error.ts";
import type { Result } from "./results.ts";
import type { Holder } from "./resource.ts";
import type { Steps } from "./steps.ts";

import { after } from "../remote-streams.ts";
import { isReady, Pollable, readyWith, type Readiness } from "./io-poll.ts";
import { Resource, trap } from "./resource.ts";
import { err, ok } from "./results.ts";
import { run, runFor, wait } from "./steps.ts";

export type StreamError =
  | { readonly tag: "last-operation-failed"; readonly val: IoError }
  | { readonly tag: "closed"; readonly val?: undefined };

export const CLOSED: Result<never, StreamError> = err({ tag: "closed" });

/** Where the bytes of an input-stream come from. */
export interface Inlet {
  /** True if the next read needs no wait. */
  readonly ready: boolean;
  readonly ends: readonly RemoteEnd[];
  /** As {@link RemoteSource.read}. */
  read(maxBytes: number): Later<Uint8Array | undefined>;
  /** How the guest sees that a read threw. */
  errorOf(thrown: unknown): IoError;
  /** True if a read may wait although it is ready: of files, whose components are prepared for it. */
  readonly waits?: boolean;
  /** The guest has dropped the stream. */
  close?(): void;
}

export function remoteInlet(source: RemoteSource, errorOf: Inlet["errorOf"]): Inlet {
  return {
    get ready() {
      return source.ready;
    },
    ends: [source],
    read: (maxBytes) => source.read(maxBytes),
    errorOf,
  };
}

/** Most bytes that one read gives, whatever the guest asks for. */
const MAX_READ_BYTES = 256 * 1024;

export class InputStream extends Resource {
  readonly #inlet: Inlet;
  readonly #readiness: Readiness;
  #ended = false;

  constructor(holder: Holder, inlet: Inlet, parent?: Resource) {
    super(holder, parent);
    this.#inlet = inlet;
    this.#readiness = readyWith(
      () => this.#ended || inlet.ready,
      () => inlet.ends,
    );
  }

  /** A promise for streams that wait only. */
  read(len: bigint): Later<Result<Uint8Array, StreamError>> {
    if (this.#ended) return CLOSED;
    if (this.#inlet.waits === true) return this.blockingRead(len);
    if (len === 0n || !isReady(this.holder, this.#readiness)) return ok(new Uint8Array());
    const result = run(this.#next(len));
    if (result instanceof Promise) trap(this.holder, "a stream that was ready was not");
    return result;
  }

  blockingRead(len: bigint): Later<Result<Uint8Array, StreamError>> {
    if (this.#ended) return CLOSED;
    if (len === 0n) return ok(new Uint8Array());
    return runFor(this.holder.life, this.#next(len));
  }

  skip(len: bigint): Later<Result<bigint, StreamError>> {
    return after(this.read(len), lengthOf);
  }

  blockingSkip(len: bigint): Later<Result<bigint, StreamError>> {
    return after(this.blockingRead(len), lengthOf);
  }

  subscribe(): Pollable {
    return new Pollable(this.holder, this.#readiness, this);
  }

  override dropped(): void {
    this.#inlet.close?.();
  }

  *#next(len: bigint): Steps<Result<Uint8Array, StreamError>> {
    const maxBytes = len > MAX_READ_BYTES ? MAX_READ_BYTES : Number(len);
    let bytes: Uint8Array | undefined;
    try {
      bytes = yield* wait(this.#inlet.read(maxBytes));
    } catch (thrown) {
      this.#ended = true;
      return err({ tag: "last-operation-failed", val: this.#inlet.errorOf(thrown) });
    }
    if (bytes !== undefined) return ok(bytes);
    this.#ended = true;
    return CLOSED;
  }
}

function lengthOf(read: Result<Uint8Array, StreamError>): Result<bigint, StreamError> {
  return read.tag === "err" ? read : ok(BigInt(read.val.length));
}
