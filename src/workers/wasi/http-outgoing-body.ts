/** `wasi:http/types.outgoing-body`: what a guest sends after the head of its message, counted against its length. */
import type { FutureHandle, StreamHandle } from "../../channels/component.ts";
import type { RemotePromise, RemoteSink } from "../remote-streams.ts";
import type { Entry } from "./http-fields.ts";
import type { HttpErrorCode } from "../../interfaces/http-errors.ts";
import type { Outlet } from "./io-output.ts";
import type { Holder } from "./resource.ts";
import type { Result } from "./results.ts";

import { bodyError, HttpFailure } from "./http-error.ts";
import { Fields, valuesOf } from "./http-fields.ts";
import { wireFields } from "./http-values.ts";
import { OutputStream } from "./io-output.ts";
import { Resource } from "./resource.ts";
import { ERR, err, OK, ok } from "./results.ts";

/** A body on its way out, as the message that it belongs to has it. */
export interface BodyOutlet {
  readonly body: StreamHandle;
  readonly trailers: FutureHandle;
  readonly sink: RemoteSink;
  readonly promise: RemotePromise;
  /** What `content-length` says; `undefined` without one. */
  readonly lengthBytes: bigint | undefined;
  /** The error of a message that is not as long as it says. */
  readonly wrongLength: (bytes: bigint) => HttpErrorCode;
}

export function openBody(
  { streams }: Holder,
  lengthBytes: bigint | undefined,
  wrongLength: BodyOutlet["wrongLength"],
): BodyOutlet {
  const { handle: body, sink } = streams.sink();
  const { handle: trailers, promise } = streams.promise();
  return { body, trailers, sink, promise, lengthBytes, wrongLength };
}

/** Of a message whose body nobody asked for. */
export function emptyBody(holder: Holder): Pick<BodyOutlet, "body" | "trailers"> {
  const outlet = openBody(holder, undefined, () => ({ tag: "HTTP-protocol-error" }));
  outlet.sink.finish();
  outlet.promise.settle(undefined);
  return outlet;
}

/** Its reader learns that the body will not be whole. */
export function breakBody({ sink, promise }: BodyOutlet, reason: string): void {
  sink.fail(reason);
  promise.fail(reason);
}

/** What `content-length` in `headers` says. Gives nothing for a value that says nothing. */
export function contentLength(headers: readonly Entry[]): bigint | undefined {
  const [value] = valuesOf(headers, "content-length");
  if (value === undefined) return undefined;
  const text = new TextDecoder().decode(value).trim();
  return /^\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}

/** What is left unfinished at the end of the call is broken off by the host worker. */
export class OutgoingBody extends Resource {
  readonly #outlet: BodyOutlet;
  #written = 0n;
  #taken = false;
  #over = false;

  constructor(holder: Holder, outlet: BodyOutlet) {
    super(holder);
    this.#outlet = outlet;
  }

  write(): Result<OutputStream, undefined> {
    if (this.#taken) return ERR;
    this.#taken = true;
    return ok(new OutputStream(this.holder, this.#counted(), this));
  }

  static finish(
    body: OutgoingBody,
    trailers: Fields | undefined,
  ): Result<undefined, HttpErrorCode> {
    body.release();
    trailers?.release();
    return body.#finish(trailers);
  }

  override dropped(): void {
    this.#break("the component dropped its body before it was finished");
  }

  #finish(trailers: Fields | undefined): Result<undefined, HttpErrorCode> {
    const { sink, promise, lengthBytes, wrongLength } = this.#outlet;
    if (lengthBytes !== undefined && this.#written !== lengthBytes) {
      this.#break(`the body has ${this.#written} bytes, its content-length says ${lengthBytes}`);
      return err(wrongLength(this.#written));
    }
    this.#over = true;
    sink.finish();
    promise.settle(trailers === undefined ? undefined : wireFields(Fields.entriesOf(trailers)));
    return OK;
  }

  #break(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    breakBody(this.#outlet, reason);
  }

  #counted(): Outlet {
    const { sink, lengthBytes, wrongLength } = this.#outlet;
    return {
      get ready() {
        return sink.ready;
      },
      ends: [sink],
      errorOf: bodyError(this.holder),
      write: (bytes) => {
        this.#written += BigInt(bytes.length);
        if (lengthBytes !== undefined && this.#written > lengthBytes) {
          const reason = `the body is longer than its content-length, which says ${lengthBytes}`;
          this.#break(reason);
          throw new HttpFailure(wrongLength(this.#written), reason);
        }
        return sink.write(bytes);
      },
    };
  }
}
