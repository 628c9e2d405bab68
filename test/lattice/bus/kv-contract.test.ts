import { afterAll, beforeAll } from "vitest";
import { kvContract } from "../../contract/kv.ts";
import { launchNats, type NatsServer } from "../../support/launch-nats.ts";
import { openTestBus } from "../../support/nats-bus.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await launchNats();
});
afterAll(() => server[Symbol.asyncDispose]());

kvContract("nats bucket", () => openTestBus(server.ws));
