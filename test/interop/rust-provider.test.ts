/** A capability provider from wasmCloud's SDK calls a component of ours, and is called by one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { LocalComponent } from "../support/local-runtime.ts";
import type { NatsServer } from "../support/launch-nats.ts";
import type { NativePeer } from "../support/native-peer.ts";
import type { WrpcNode } from "../support/wrpc-node.ts";
import type { PeerProcess } from "./support/peer-process.ts";

import { entityId } from "../../src/core/ids.ts";
import { startHost } from "../support/lattice-host.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openWrpcNode } from "../support/wrpc-node.ts";
import { GREETER, plainComponent } from "./support/local-components.ts";
import { greeterLink, startProvider } from "./support/provider-peer.ts";
import { exporting } from "./support/wit.ts";

const RELAY = "inlay:interop/relay";
const PLAIN = "https://images.example/plain.wasm";
const CALLER = "https://images.example/caller.wasm";

/** Greets through whatever its import is linked to. */
const caller: LocalComponent = {
  world: { imports: exporting(GREETER).exports, exports: exporting(RELAY).exports },
  functions: {},
  guest: (importing) => ({
    async [`${RELAY}#greet-through`](name) {
      const [greeting] = await importing(GREETER, "greet", name);
      return { tag: "ok", val: greeting };
    },
    async [`${RELAY}#echo-through`](size) {
      const data = new Uint8Array(Number(size)).fill(7);
      const [back] = await importing(GREETER, "echo", data);
      const same = Buffer.compare(back as Uint8Array, data) === 0;
      return { tag: "ok", val: same ? data.length : 0 };
    },
  }),
};

let server: NatsServer;
let peer: NativePeer;
let node: LatticeHost;
let tester: WrpcNode;
let provider: PeerProcess;
beforeAll(async () => {
  server = await launchNats();
  peer = await connectPeer(server.ws);
  const components = { [PLAIN]: plainComponent(), [CALLER]: caller };
  node = await startHost({ url: server.ws }, { components });
  await node.sharing(true);
  for (const [id, image] of Object.entries({ plain: PLAIN, caller: CALLER })) {
    // oxlint-disable-next-line no-await-in-loop -- two of them
    await node.host.scale({ id: entityId(id), image, maxInstances: 20, annotations: new Map() });
  }
  tester = await openWrpcNode(server.ws);
  provider = await startProvider(peer, server.nats, "provider", [greeterLink("provider", "plain")]);
});
afterAll(async () => {
  await provider[Symbol.asyncDispose]();
  await tester[Symbol.asyncDispose]();
  await node[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const relay = async (target: string, func: string, arg: unknown): Promise<unknown> =>
  (await tester.call(target, exporting(RELAY), `${RELAY}#${func}`, [arg]))[0];

const link = (source: string, target: string) => ({
  ...greeterLink(source, target),
  source_config: [],
  target_config: [],
});

test("it calls our component, which sees who calls", async () => {
  expect(await relay("provider", "greet-through", "Ada")).toEqual({
    tag: "ok",
    val: "Hello, Ada!",
  });
  expect(node.calls).toContainEqual(
    expect.objectContaining({ source: "provider", target: "plain", func: "greet" }),
  );
});

test("it sends our component more than a message holds, and gets it back", async () => {
  expect(await relay("provider", "echo-through", 3_000_001)).toEqual({ tag: "ok", val: 3_000_001 });
});

test("a link that our node puts reaches it, and our component calls it by the link", async () => {
  expect(
    await peer.ask("wasmbus.ctl.v1.default.link.put", link("caller", "provider")),
  ).toMatchObject({ success: true });
  await provider.next((line) => line["linked"] === "target" && line["with"] === "caller");

  expect(await relay("caller", "greet-through", "Ada")).toEqual({
    tag: "ok",
    val: "Hello, Ada! You are caller over default, linked: true",
  });
  expect(await relay("caller", "echo-through", 3_000_001)).toEqual({ tag: "ok", val: 3_000_001 });
});

test("a link that our node removes is taken from it", async () => {
  const key = { source_id: "caller", name: "default", wit_namespace: "inlay", wit_package: "demo" };

  expect(await peer.ask("wasmbus.ctl.v1.default.link.del", key)).toMatchObject({ success: true });

  await provider.next((line) => line["unlinked"] === "target" && line["with"] === "caller");
});

test("our node puts links of which it is the source", async () => {
  const other = { ...link("provider", "caller"), wit_package: "elsewhere" };

  expect(await peer.ask("wasmbus.ctl.v1.default.link.put", other)).toMatchObject({ success: true });

  await provider.next((line) => line["linked"] === "source" && line["with"] === "caller");
});

test("many calls at once", async () => {
  const call = (i: number) =>
    tester.call("provider", exporting(GREETER), `${GREETER}#add`, [i, 1], {
      source: entityId("plain"),
    });

  const results = await Promise.all(Array.from({ length: 100 }, (_, i) => call(i)));

  expect(results.map(([sum]) => sum)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
});

test("a caller of ours that dies between its call and the end of its parameters harms nobody", async () => {
  const greeter = exporting(GREETER);
  const proxy = await openTcpProxy(server.wsPort);
  const dying = await openWrpcNode(`ws://127.0.0.1:${proxy.port}`);
  const data = new Uint8Array(900_000).fill(7);

  // What comes back is lost, so that the acceptance never comes.
  proxy.stall("down");
  const lost = dying.call("provider", greeter, `${GREETER}#echo`, [data], {
    signal: AbortSignal.timeout(2_000),
  });
  await expect(lost).rejects.toThrow(/./);
  await proxy.refuse();

  expect(await tester.call("provider", greeter, `${GREETER}#echo`, [data])).toEqual([data]);
  await proxy[Symbol.asyncDispose]();
});
