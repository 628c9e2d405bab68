/** Calls between components over a real server, by the suite that calls within a node pass as well. */
import { afterAll, expect, test } from "vitest";

import { entityId } from "../../../src/core/ids.ts";
import { parseWit } from "../../../src/wire/wit-text.ts";
import { startHost } from "../../support/lattice-host.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { openTestBus } from "../../support/nats-bus.ts";
import { callsContract } from "../../contract/calls.ts";

const server = await launchNats();
afterAll(() => server[Symbol.asyncDispose]());
const connect = () => openTestBus(server.ws);

callsContract({ name: "over NATS", connect, nodes: "two" });

test("where the lattice keeps no links, a call that misses one says so", async () => {
  await using bare = await launchNats({ jetstream: false });
  const imports = parseWit("package a:b; interface c { f: func() -> string; }").interfaces;
  const caller = {
    world: { imports, exports: new Map() },
    functions: {},
    guest: (importing: (instance: string, func: string) => Promise<unknown>) => ({
      "x:y/z#go": () => importing("a:b/c", "f").catch((cause: unknown) => String(cause)),
    }),
  };
  await using node = await startHost({ url: bare.ws }, { components: { caller } });
  const id = entityId("caller");
  await node.host.scale({ id, image: "caller", maxInstances: 1, annotations: new Map() });

  const [text] = await node.host.calleeFor(id, caller.world).invoke({
    id: "1",
    source: undefined,
    target: id,
    link: "default",
    instance: "x:y/z",
    func: "go",
    args: [],
    trace: new Map(),
    signal: AbortSignal.timeout(30_000),
  });

  expect(text).toMatch(/caller has no link named "default" for a:b\/c.*there are no links: .+/);
});
