/** A bus over NATS as tests in Node open it: real time, the `ws` package. */
import { type NatsBusOptions, openNatsBus } from "../../src/bus/nats.ts";
import type { Bus } from "../../src/core/bus.ts";
import { createLog } from "../../src/core/log.ts";
import { nodeWebSocket } from "./node-websocket.ts";
import { realClock } from "./real-clock.ts";

export function openTestBus(
  servers: string | readonly string[],
  options: Partial<NatsBusOptions> = {},
): Promise<Bus> {
  return openNatsBus({
    servers: typeof servers === "string" ? [servers] : servers,
    name: "inlay test",
    inboxPrefix: "_INBOX.test",
    clock: realClock,
    log: createLog(
      () => 0,
      () => undefined,
    ),
    signal: new AbortController().signal,
    socketFactory: nodeWebSocket(),
    ...options,
  });
}
