/** `wasi:http/types.incoming-response`, `outgoing-response` and `response-outparam`. */
import type { Entry } from "./http-fields.ts";
import type { HttpErrorCode } from "../../interfaces/http-errors.ts";
import type { BodyInlet } from "./http-incoming-body.ts";
import type { BodyOutlet } from "./http-outgoing-body.ts";
import type { ResponseHead, WireResponse } from "./http-values.ts";
import type { Holder } from "./resource.ts";
import type { Result } from "./results.ts";

import { Fields } from "./http-fields.ts";
import { IncomingBody } from "./http-incoming-body.ts";
import {
  breakBody,
  contentLength,
  emptyBody,
  openBody,
  OutgoingBody,
} from "./http-outgoing-body.ts";
import { wireFields } from "./http-values.ts";
import { Resource } from "./resource.ts";
import { ERR, OK, ok } from "./results.ts";

export class IncomingResponse extends Resource {
  readonly #head: ResponseHead;
  readonly #body: BodyInlet;
  #consumed = false;

  constructor(holder: Holder, head: ResponseHead, body: BodyInlet) {
    super(holder);
    this.#head = head;
    this.#body = body;
  }

  status(): number {
    return this.#head.status;
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

const DEFAULT_STATUS = 200;

export class OutgoingResponse extends Resource {
  readonly #headers: readonly Entry[];
  #status = DEFAULT_STATUS;
  #body: BodyOutlet | undefined;

  constructor(holder: Holder, headers: Fields) {
    super(holder);
    headers.release();
    this.#headers = Fields.entriesOf(headers);
  }

  statusCode(): number {
    return this.#status;
  }

  setStatusCode(status: number): Result<undefined, undefined> {
    if (status < 100 || status > 999) return ERR;
    this.#status = status;
    return OK;
  }

  headers(): Fields {
    return new Fields(this.holder, this.#headers, this);
  }

  body(): Result<OutgoingBody, undefined> {
    if (this.#body !== undefined) return ERR;
    this.#body = openBody(this.holder, contentLength(this.#headers), (val) => ({
      tag: "HTTP-response-body-size",
      val,
    }));
    return ok(new OutgoingBody(this.holder, this.#body));
  }

  override dropped(): void {
    if (this.#body !== undefined) breakBody(this.#body, "the component did not send its response");
  }

  /** What goes to the other side; the handle ends. */
  static send(response: OutgoingResponse): WireResponse {
    response.release();
    const { body, trailers } = response.#body ?? emptyBody(response.holder);
    const headers = wireFields(response.#headers);
    return { body, trailers, status: response.#status, headers };
  }
}

export class ResponseOutparam extends Resource {
  readonly #answer: (response: Result<WireResponse, HttpErrorCode>) => void;

  constructor(holder: Holder, answer: (response: Result<WireResponse, HttpErrorCode>) => void) {
    super(holder);
    this.#answer = answer;
  }

  static set(param: ResponseOutparam, response: Result<OutgoingResponse, HttpErrorCode>): void {
    param.release();
    param.#answer(response.tag === "ok" ? ok(OutgoingResponse.send(response.val)) : response);
  }
}
