/** Calls between components over a real server, by the suite that calls within a node pass as well. */
import { afterAll } from "vitest";
import { launchNats } from "../../support/launch-nats.ts";
import { openTestBus } from "../../support/nats-bus.ts";
import { callsContract } from "../../contract/calls.ts";

const server = await launchNats();
afterAll(() => server[Symbol.asyncDispose]());
const connect = () => openTestBus(server.ws);

callsContract({ name: "over NATS", connect, nodes: "two" });
