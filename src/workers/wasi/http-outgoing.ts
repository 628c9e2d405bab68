/** `wasi:http/outgoing-handler` by `wrpc:http/outgoing-handler` of the lattice, and `future-incoming-response`. */
import type { RemoteFuture } from "../remote-streams.ts";
import type { HttpErrorCode } from "../../interfaces/http-errors.ts";
import type { WireResponse } from "./http-values.ts";
import type { Readiness } from "./io-poll.ts";
import type { Holder } from "./resource.ts";
import type { Result } from "./results.ts";

import { errorCodeOf } from "./http-error.ts";
import { OutgoingRequest, RequestOptions } from "./http-request.ts";
import { IncomingResponse } from "./http-response.ts";
import { responseHead } from "./http-values.ts";
import { isReady, Pollable, readyWith } from "./io-poll.ts";
import { Resource } from "./resource.ts";
import { ERR, err, ok } from "./results.ts";

/** What the host answers for it. */
export const OUTGOING_HANDLER = "wrpc:http/outgoing-handler@0.1.0";

/** Sends `request`. The guest goes on at once: it has yet to write the body. */
export function handle(
  holder: Holder,
  request: OutgoingRequest,
  options: RequestOptions | undefined,
): Result<FutureIncomingResponse, HttpErrorCode> {
  try {
    const sent = OutgoingRequest.send(request);
    options?.release();
    const times = options === undefined ? undefined : RequestOptions.valuesOf(options);
    const answer = holder.streams.call(OUTGOING_HANDLER, "handle", [sent, times]);
    return ok(new FutureIncomingResponse(holder, answer));
  } catch (thrown) {
    if (holder.life.ended) throw thrown; // it trapped
    return err(errorCodeOf(thrown));
  }
}

type Response = Result<IncomingResponse, HttpErrorCode>;

export class FutureIncomingResponse extends Resource {
  readonly #answer: RemoteFuture;
  readonly #readiness: Readiness;
  #taken = false;

  constructor(holder: Holder, answer: RemoteFuture) {
    super(holder);
    this.#answer = answer;
    this.#readiness = readyWith(
      () => answer.ready,
      () => [answer],
    );
  }

  subscribe(): Pollable {
    return new Pollable(this.holder, this.#readiness, this);
  }

  get(): Result<Response, undefined> | undefined {
    if (this.#taken) return ERR;
    if (!isReady(this.holder, this.#readiness)) return undefined;
    this.#taken = true;
    return ok(this.#response());
  }

  #response(): Response {
    const { holder } = this;
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the host gives results by the type of the function
      const [result] = this.#answer.get() as readonly [Result<WireResponse, HttpErrorCode>];
      if (result.tag === "err") return result;
      const { body, trailers } = result.val;
      const head = responseHead(result.val);
      const { streams } = holder;
      const inlet = { source: streams.source(body), trailers: streams.future(trailers) };
      return ok(new IncomingResponse(holder, head, inlet));
    } catch (thrown) {
      return err(errorCodeOf(thrown));
    }
  }
}
