/** `wasi:http/types.incoming-body` and `future-trailers`: what the other side sends after the head of its message. */
import type { Later, RemoteEnd, RemoteFuture, RemoteSource } from "../remote-streams.ts";
import type { HttpErrorCode } from "../../interfaces/http-errors.ts";
import type { WireFields } from "./http-values.ts";
import type { Inlet } from "./io-input.ts";
import type { Readiness } from "./io-poll.ts";
import type { Holder } from "./resource.ts";
import type { Result } from "./results.ts";

import { bodyError, errorCodeOf } from "./http-error.ts";
import { Fields } from "./http-fields.ts";
import { entriesOf } from "./http-values.ts";
import { InputStream } from "./io-input.ts";
import { isReady, Pollable, readyWith } from "./io-poll.ts";
import { Resource } from "./resource.ts";
import { ERR, err, ok } from "./results.ts";

/** A body under way, and the trailers after it. */
export interface BodyInlet {
  readonly source: RemoteSource;
  readonly trailers: RemoteFuture;
}

/** How much is thrown away at once. */
const DRAINED_BYTES = 256 * 1024;

export class IncomingBody extends Resource {
  readonly #reader: BodyReader;
  readonly #trailers: RemoteFuture;
  #taken = false;

  constructor(holder: Holder, { source, trailers }: BodyInlet) {
    super(holder);
    this.#reader = createReader(holder, source);
    this.#trailers = trailers;
  }

  stream(): Result<InputStream, undefined> {
    if (this.#taken) return ERR;
    this.#taken = true;
    return ok(new InputStream(this.holder, this.#reader, this));
  }

  static finish(body: IncomingBody): FutureTrailers {
    body.release();
    return new FutureTrailers(body.holder, body.#reader, body.#trailers);
  }

  override dropped(): void {
    this.#reader.refuse();
  }
}

type Trailers = Result<Fields | undefined, HttpErrorCode>;

export class FutureTrailers extends Resource {
  readonly #reader: BodyReader;
  readonly #trailers: RemoteFuture;
  readonly #readiness: Readiness;
  #taken = false;

  constructor(holder: Holder, reader: BodyReader, trailers: RemoteFuture) {
    super(holder);
    this.#reader = reader;
    this.#trailers = trailers;
    // They come after the body: what the guest left of it is thrown away.
    this.#readiness = readyWith(
      () => reader.drain() && (reader.broken !== undefined || trailers.ready),
      () => [...(reader.over ? [] : reader.ends), ...(reader.over ? [trailers] : [])],
    );
  }

  subscribe(): Pollable {
    return new Pollable(this.holder, this.#readiness, this);
  }

  get(): Result<Trailers, undefined> | undefined {
    if (this.#taken) return ERR;
    if (!isReady(this.holder, this.#readiness)) return undefined;
    this.#taken = true;
    return ok(this.#value());
  }

  override dropped(): void {
    this.#reader.refuse();
  }

  #value(): Trailers {
    const { broken } = this.#reader;
    if (broken !== undefined) return err(broken.code);
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoded by the type of `trailers`, or sent by a guest
      const fields = this.#trailers.get() as WireFields | undefined;
      return ok(fields === undefined ? undefined : new Fields(this.holder, entriesOf(fields)));
    } catch (thrown) {
      return err(errorCodeOf(thrown));
    }
  }
}

/** A body's bytes, for a stream and for those who come after it. */
interface BodyReader extends Inlet {
  /** True when it has ended, well or not. */
  readonly over: boolean;
  readonly broken: { readonly code: HttpErrorCode } | undefined;
  /** Throws away what is there; true when it is over. */
  drain(): boolean;
  /** Nobody wants the rest. */
  refuse(): void;
}

function createReader(holder: Holder, source: RemoteSource): BodyReader {
  let over = false;
  let broken: BodyReader["broken"];
  const note = (bytes: Uint8Array | undefined): Uint8Array | undefined => {
    if (bytes === undefined) over = true;
    return bytes;
  };
  const broke = (thrown: unknown): never => {
    over = true;
    broken = { code: errorCodeOf(thrown) };
    throw thrown;
  };
  const read = (maxBytes: number): Later<Uint8Array | undefined> => {
    try {
      const later = source.read(maxBytes);
      return later instanceof Promise ? later.then(note, broke) : note(later);
    } catch (thrown) {
      return broke(thrown);
    }
  };
  const ends: readonly RemoteEnd[] = [source];
  return {
    get ready() {
      return over || source.ready;
    },
    get over() {
      return over;
    },
    get broken() {
      return broken;
    },
    ends,
    read,
    errorOf: bodyError(holder),
    drain() {
      for (;;) {
        if (over || !source.ready) return over;
        try {
          void read(DRAINED_BYTES); // it is ready, so that this is no promise
        } catch {
          // Kept in `broken`.
        }
      }
    },
    refuse() {
      if (!over) source.cancel();
      over = true;
    },
  };
}
