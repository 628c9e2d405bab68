import { afterAll, beforeAll } from "vitest";
import { busContract } from "../../contract/bus.ts";
import { launchNats, type NatsServer } from "../../support/launch-nats.ts";
import { PREFIX } from "../../contract/bus.ts";
import { openTestBus } from "../../support/nats-bus.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await launchNats();
});
afterAll(() => server[Symbol.asyncDispose]());

busContract("nats bus", (log) =>
  openTestBus(server.ws, { inboxPrefix: PREFIX, ...(log === undefined ? {} : { log }) }),
);
