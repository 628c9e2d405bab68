import { afterAll, beforeAll } from "vitest";
import { objectsContract } from "../../contract/objects.ts";
import { launchNats, type NatsServer } from "../../support/launch-nats.ts";
import { openTestBus } from "../../support/nats-bus.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await launchNats();
});
afterAll(() => server[Symbol.asyncDispose]());

objectsContract("nats objects", () => openTestBus(server.ws));
