import { expect, test } from "vitest";
import { headers } from "nats.ws";

import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { openWrpcNode } from "../../support/wrpc-node.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";
import { parseWit } from "../../../src/wire/wit-text.ts";

const API = "inlay:test/api";
const world = {
  imports: new Map(),
  exports: parseWit("package inlay:test; interface api { hello: func() -> string; }").interfaces,
};

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const node = shared(() => openWrpcNode(server.ws));

/** Has the next call of `target` answered by `reply` alone. */
async function answeredBy(target: string, reply: (to: string) => void): Promise<void> {
  peer.nats.subscribe(`default.${target}.wrpc.0.0.1.${API}.hello`, {
    max: 1,
    callback: (_, message) => reply(message.reply ?? ""),
  });
  await peer.nats.flush();
}

test.each([
  { status: 408, what: "a server that lost patience" },
  { status: 409, what: "a server that ended the request" },
])("status $status of $what ends the call at once", async ({ status }) => {
  shows("wRPC, calling: ended by the server");
  const target = `ended-${status}`;
  await answeredBy(target, (to) =>
    peer.nats.publish(to, undefined, { headers: headers(status, "Request Ended") }),
  );

  await expect(node.call(target, world, `${API}#hello`, [])).rejects.toMatchObject({
    code: "deadline",
    message: `the server ended the call of ${API}.hello of ${target} with status ${status}`,
  });
});

test("an acceptance that names no inbox is refused", async () => {
  shows("wRPC, calling: acceptance without an inbox");
  await answeredBy("nameless", (to) => peer.nats.publish(to));

  await expect(node.call("nameless", world, `${API}#hello`, [])).rejects.toMatchObject({
    code: "bad-message",
    message: "nameless accepted the call without naming its inbox",
  });
});
