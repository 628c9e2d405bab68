/** A guest's `wasi:http/incoming-handler`, served as `wrpc:http/incoming-handler`. */
import type { AdaptedCall, ExportAdapter } from "../adapter.ts";
import type { Later } from "../remote-streams.ts";
import type { HttpErrorCode } from "../../interfaces/http-errors.ts";
import type { RequestHead, WireRequest, WireResponse } from "./http-values.ts";
import type { Holder } from "./resource.ts";
import type { Result } from "./results.ts";
import type { Steps } from "./steps.ts";

import { LatticeError } from "../../core/error.ts";
import { internalError } from "../../interfaces/http-errors.ts";
import { IncomingRequest } from "./http-request.ts";
import { ResponseOutparam } from "./http-response.ts";
import { requestHead } from "./http-values.ts";
import { err } from "./results.ts";
import { run, wait } from "./steps.ts";

/** What the lattice sees. */
export const INCOMING_HANDLER = "wrpc:http/incoming-handler@0.1.0";

export function incomingHandler(holder: Holder): ExportAdapter {
  return (guest, call) => {
    const { handle } = guest;
    if (call.func !== "handle" || handle === undefined) {
      throw new LatticeError("not-found", `${INCOMING_HANDLER} has no function ${call.func}`);
    }
    return run(served(holder, handle, call));
  };
}

function* served(
  holder: Holder,
  handle: (...args: readonly unknown[]) => unknown,
  call: AdaptedCall,
): Steps<readonly unknown[] | undefined> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoded by the function's type
  const [wire] = call.args as readonly [WireRequest];
  const { streams } = holder;
  const body = { source: streams.source(wire.body), trailers: streams.future(wire.trailers) };
  let head: RequestHead;
  try {
    head = requestHead(wire);
  } catch (thrown) {
    if (!(thrown instanceof LatticeError)) throw thrown;
    body.source.cancel();
    return [err<HttpErrorCode>({ tag: "HTTP-protocol-error" })];
  }
  let answered = false;
  const answer = (response: Result<WireResponse, HttpErrorCode>): void => {
    answered = true;
    call.respond([response]);
  };
  const request = new IncomingRequest(holder, head, body);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the function gives nothing
  yield* wait(handle(request, new ResponseOutparam(holder, answer)) as Later<void>);
  if (answered) return undefined;
  return [err(internalError("the component returned without setting a response"))];
}
