/** An actor of ours, as a TypeScript function, that serves HTTP and calls a provider. */
import { decode, encode } from "@msgpack/msgpack";
import type { WitValue } from "../../../src/core/wit.ts";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { LocalComponent } from "../../support/local-runtime.ts";

import { entityId } from "../../../src/core/ids.ts";
import { ACTOR_GUEST, ACTOR_HOST, actorWorld } from "../../../src/interfaces/actor.ts";
import { nkey } from "../../support/wasmbus-peer.ts";

export const KEYVALUE = "wasmcloud:keyvalue";
export const HTTPSERVER = "wasmcloud:httpserver";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly queryString: string;
  readonly header: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
}

const page = ({ method, path, queryString, header, body }: Request): Uint8Array =>
  encode({
    statusCode: 418,
    header: { ...header, "x-was": [method, path, queryString] },
    body: body.toReversed(),
  });

/**
 * `HttpServer.HandleRequest` is answered by a page, `Test.Pass` passes `[binding, namespace, operation, argument]` on,
 * `Test.Through` what it gets to `Echo.Say` of the key-value provider. `hear` is told each operation.
 */
export function shop(hear: (operation: string) => void): LocalComponent {
  return {
    world: actorWorld(),
    claims: {
      subject: nkey("M").public,
      issuer: nkey("A").public,
      capabilities: [KEYVALUE, HTTPSERVER],
    },
    functions: {},
    guest: (importing) => ({
      [`${ACTOR_GUEST}#call`]: async (operation: WitValue, argument: WitValue) => {
        hear(String(operation));
        switch (operation) {
          case "HttpServer.HandleRequest":
            return { tag: "ok", val: page(decode(argument as Uint8Array) as Request) };
          case "Test.Pass": {
            const to = decode(argument as Uint8Array) as [string, string, string, Uint8Array];
            return (await importing(ACTOR_HOST, "call", ...to))[0];
          }
          case "Test.Through": {
            const to = ["default", KEYVALUE, "Echo.Say", argument];
            return (await importing(ACTOR_HOST, "call", ...to))[0];
          }
          default:
            return { tag: "err", val: `there is no ${String(operation)} here` };
        }
      },
    }),
  };
}

/** The actor `id` of `host` calls the provider's `Echo.Say`, within `trace`; gives what it was answered. */
export async function through(
  { host }: LatticeHost,
  id: string,
  data: Uint8Array,
  trace: ReadonlyMap<string, string> = new Map(),
): Promise<unknown> {
  const [result] = await host.calleeFor(entityId(id), undefined).invoke({
    id: "1",
    source: undefined,
    target: entityId(id),
    link: "default",
    instance: ACTOR_GUEST,
    func: "call",
    args: ["Test.Through", data],
    trace,
    signal: AbortSignal.timeout(10_000),
  });
  return result;
}
