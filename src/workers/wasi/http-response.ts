/** `wasi:http/types.incoming-response`, `outgoing-response` and `response-outparam`. */
import type { HttpErrorCode } from "../../interfaces/http-errors.ts";
import type { ResponseHead, WireResponse } from "./http-values.ts";
import type { Holder } from "./resource.ts";
import type { Result } from "./results.ts";

import { IncomingMessage, OutgoingMessage } from "./http-message.ts";
import { Resource } from "./resource.ts";
import { ERR, OK, ok } from "./results.ts";

export class IncomingResponse extends IncomingMessage<ResponseHead> {
  status(): number {
    return this.head.status;
  }
}

const DEFAULT_STATUS = 200;

export class OutgoingResponse extends OutgoingMessage {
  protected readonly kind = "response";
  #status = DEFAULT_STATUS;

  statusCode(): number {
    return this.#status;
  }

  setStatusCode(status: number): Result<undefined, undefined> {
    if (status < 100 || status > 999) return ERR;
    this.#status = status;
    return OK;
  }

  /** What goes to the other side; the handle ends. */
  static send(response: OutgoingResponse): WireResponse {
    response.release();
    return { ...response.wire(), status: response.#status };
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
