/** `wasi:http/types.incoming-request`, `outgoing-request` and `request-options`. */
import type { BodyInlet } from "./http-incoming-body.ts";
import type { BodyOutlet } from "./http-outgoing-body.ts";
import type { Entry } from "./http-fields.ts";
import type {
  Method,
  RequestHead,
  Scheme,
  WireRequest,
  WireRequestOptions,
} from "./http-values.ts";
import type { Holder } from "./resource.ts";
import type { Result } from "./results.ts";

import { HttpFailure } from "./http-error.ts";
import { Fields } from "./http-fields.ts";
import { IncomingBody } from "./http-incoming-body.ts";
import {
  breakBody,
  contentLength,
  emptyBody,
  openBody,
  OutgoingBody,
} from "./http-outgoing-body.ts";
import { isAuthority, isPathWithQuery, isScheme, isToken } from "./http-syntax.ts";
import { wireFields } from "./http-values.ts";
import { Resource } from "./resource.ts";
import { ERR, OK, ok } from "./results.ts";

export class IncomingRequest extends Resource {
  readonly #head: RequestHead;
  readonly #body: BodyInlet;
  #consumed = false;

  constructor(holder: Holder, head: RequestHead, body: BodyInlet) {
    super(holder);
    this.#head = head;
    this.#body = body;
  }

  method(): Method {
    return this.#head.method;
  }

  pathWithQuery(): string | undefined {
    return this.#head.pathWithQuery;
  }

  scheme(): Scheme | undefined {
    return this.#head.scheme;
  }

  authority(): string | undefined {
    return this.#head.authority;
  }

  headers(): Fields {
    return new Fields(this.holder, this.#head.headers, this);
  }

  consume(): Result<IncomingBody, undefined> {
    if (this.#consumed) return ERR;
    this.#consumed = true;
    return ok(new IncomingBody(this.holder, this.#body));
  }

  override dropped(): void {
    if (!this.#consumed) this.#body.source.cancel();
  }
}

export class OutgoingRequest extends Resource {
  readonly #headers: readonly Entry[];
  #method: Method = { tag: "get" };
  #pathWithQuery: string | undefined;
  #scheme: Scheme | undefined;
  #authority: string | undefined;
  #body: BodyOutlet | undefined;

  constructor(holder: Holder, headers: Fields) {
    super(holder);
    headers.release();
    this.#headers = Fields.entriesOf(headers);
  }

  body(): Result<OutgoingBody, undefined> {
    if (this.#body !== undefined) return ERR;
    this.#body = openBody(this.holder, contentLength(this.#headers), (val) => ({
      tag: "HTTP-request-body-size",
      val,
    }));
    return ok(new OutgoingBody(this.holder, this.#body));
  }

  method(): Method {
    return this.#method;
  }

  setMethod(method: Method): Result<undefined, undefined> {
    if (method.tag === "other" && !isToken(method.val)) return ERR;
    this.#method = method;
    return OK;
  }

  pathWithQuery(): string | undefined {
    return this.#pathWithQuery;
  }

  setPathWithQuery(path: string | undefined): Result<undefined, undefined> {
    if (path !== undefined && !isPathWithQuery(path)) return ERR;
    this.#pathWithQuery = path;
    return OK;
  }

  scheme(): Scheme | undefined {
    return this.#scheme;
  }

  setScheme(scheme: Scheme | undefined): Result<undefined, undefined> {
    if (scheme?.tag === "other" && !isScheme(scheme.val)) return ERR;
    this.#scheme = scheme;
    return OK;
  }

  authority(): string | undefined {
    return this.#authority;
  }

  setAuthority(authority: string | undefined): Result<undefined, undefined> {
    if (authority !== undefined && !isAuthority(authority)) return ERR;
    this.#authority = authority;
    return OK;
  }

  headers(): Fields {
    return new Fields(this.holder, this.#headers, this);
  }

  override dropped(): void {
    if (this.#body !== undefined) breakBody(this.#body, "the component did not send its request");
  }

  /**
   * What goes to the other side; the handle ends.
   *
   * @throws {HttpFailure} for a request without an address.
   */
  static send(request: OutgoingRequest): WireRequest {
    request.release();
    if (request.#authority === undefined) {
      const code = { tag: "HTTP-request-URI-invalid" } as const;
      if (request.#body !== undefined) breakBody(request.#body, "the request has no authority");
      throw new HttpFailure(code, "the request has no authority");
    }
    const { body, trailers } = request.#body ?? emptyBody(request.holder);
    return {
      body,
      trailers,
      method: request.#method,
      pathWithQuery: request.#pathWithQuery,
      scheme: request.#scheme ?? { tag: "HTTPS" },
      authority: request.#authority,
      headers: wireFields(request.#headers),
    };
  }
}

type Duration = bigint | undefined;

/** What it says goes to whoever sends the request; nothing is timed here. */
export class RequestOptions extends Resource {
  #connect: Duration;
  #firstByte: Duration;
  #betweenBytes: Duration;

  connectTimeout(): Duration {
    return this.#connect;
  }

  setConnectTimeout(duration: Duration): Result<undefined, undefined> {
    this.#connect = duration;
    return OK;
  }

  firstByteTimeout(): Duration {
    return this.#firstByte;
  }

  setFirstByteTimeout(duration: Duration): Result<undefined, undefined> {
    this.#firstByte = duration;
    return OK;
  }

  betweenBytesTimeout(): Duration {
    return this.#betweenBytes;
  }

  setBetweenBytesTimeout(duration: Duration): Result<undefined, undefined> {
    this.#betweenBytes = duration;
    return OK;
  }

  static valuesOf(options: RequestOptions): WireRequestOptions {
    return {
      connectTimeout: options.#connect,
      firstByteTimeout: options.#firstByte,
      betweenBytesTimeout: options.#betweenBytes,
    };
  }
}
