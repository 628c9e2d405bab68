/** `wasi:http/types.incoming-request`, `outgoing-request` and `request-options`. */
import type {
  Method,
  RequestHead,
  Scheme,
  WireRequest,
  WireRequestOptions,
} from "./http-values.ts";
import type { Result } from "./results.ts";

import { HttpFailure } from "./http-error.ts";
import { IncomingMessage, OutgoingMessage } from "./http-message.ts";
import { isAuthority, isPathWithQuery, isScheme, isToken } from "./http-syntax.ts";
import { Resource } from "./resource.ts";
import { ERR, OK } from "./results.ts";

export class IncomingRequest extends IncomingMessage<RequestHead> {
  method(): Method {
    return this.head.method;
  }

  pathWithQuery(): string | undefined {
    return this.head.pathWithQuery;
  }

  scheme(): Scheme | undefined {
    return this.head.scheme;
  }

  authority(): string | undefined {
    return this.head.authority;
  }
}

export class OutgoingRequest extends OutgoingMessage {
  protected readonly kind = "request";
  #method: Method = { tag: "get" };
  #pathWithQuery: string | undefined;
  #scheme: Scheme | undefined;
  #authority: string | undefined;

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

  /**
   * What goes to the other side; the handle ends.
   *
   * @throws {HttpFailure} for a request without an address.
   */
  static send(request: OutgoingRequest): WireRequest {
    request.release();
    if (request.#authority === undefined) {
      const reason = "the request has no authority";
      request.breakOff(reason);
      throw new HttpFailure({ tag: "HTTP-request-URI-invalid" }, reason);
    }
    return {
      ...request.wire(),
      method: request.#method,
      pathWithQuery: request.#pathWithQuery,
      scheme: request.#scheme ?? { tag: "HTTPS" },
      authority: request.#authority,
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
