/** `wasi:http/types` and `wasi:http/outgoing-handler` of one instance. */
import type { GuestImports } from "../instantiate.ts";
import type { Entry } from "./http-fields.ts";
import type { HttpErrorCode } from "../../interfaces/http-errors.ts";
import type { IoError } from "./io-error.ts";
import type { Holder } from "./resource.ts";

import { Fields } from "./http-fields.ts";
import { FutureTrailers, IncomingBody } from "./http-incoming-body.ts";
import { OutgoingBody } from "./http-outgoing-body.ts";
import { FutureIncomingResponse, handle } from "./http-outgoing.ts";
import { IncomingRequest, OutgoingRequest, RequestOptions } from "./http-request.ts";
import { IncomingResponse, OutgoingResponse, ResponseOutparam } from "./http-response.ts";
import { constructible } from "./resource.ts";

export function http(holder: Holder): GuestImports {
  const fromList = (entries: readonly Entry[]): unknown => {
    holder.life.touched = true;
    return Fields.fromList(holder, entries);
  };
  return {
    "wasi:http/types": {
      Fields: constructible(Fields, holder, { fromList }),
      FutureIncomingResponse,
      FutureTrailers,
      IncomingBody,
      IncomingRequest,
      IncomingResponse,
      OutgoingBody,
      OutgoingRequest: constructible(OutgoingRequest, holder),
      OutgoingResponse: constructible(OutgoingResponse, holder),
      RequestOptions: constructible(RequestOptions, holder),
      ResponseOutparam,
      httpErrorCode: (error: IoError): HttpErrorCode | undefined => error.httpCode,
    },
    "wasi:http/outgoing-handler": {
      handle: (request: OutgoingRequest, options: RequestOptions | undefined) =>
        handle(holder, request, options),
    },
  };
}
