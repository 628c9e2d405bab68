/** Peers of each language and a real tab: the built page in Chromium, components of WebAssembly. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ImageServer } from "../support/image-server.ts";
import type { InlayServer } from "../support/inlay-server.ts";
import type { NativePeer } from "../support/native-peer.ts";
import type { JoinedTab, TestBrowser } from "../support/tabs.ts";
import type { WrpcNode } from "../support/wrpc-node.ts";
import type { PeerProcess } from "./support/peer-process.ts";
import type { CtlResponse, WashPeer } from "./support/wash-peer.ts";

import { parseWit } from "../../src/wire/wit-text.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { openWrpcNode } from "../support/wrpc-node.ts";
import { GREETER, TYPES } from "./support/local-components.ts";
import { runChecks, runChecksAgain } from "./support/peer-process.ts";
import { goPeer, rustPeer } from "./support/places.ts";
import { greeterLink, startProvider } from "./support/provider-peer.ts";
import { startWash } from "./support/wash-peer.ts";
import { exporting } from "./support/wit.ts";

const RELAY = "inlay:interop/relay";
const CALLER = "inlay:test/caller";
const callerInterface = parseWit(
  `package inlay:test; interface caller {
     greet: func(name: string) -> string;
     echo: func(data: list<u8>) -> list<u8>;
   }`,
).interfaces.get(CALLER);
const callerWorld = {
  imports: new Map(),
  exports: new Map([[CALLER, callerInterface ?? new Map()]]),
};

let server: InlayServer;
let images: ImageServer;
let browser: TestBrowser;
let tab: JoinedTab;
let peer: NativePeer;
let tester: WrpcNode;
let wash: WashPeer;
let provider: PeerProcess;
beforeAll(async () => {
  server = await startInlay();
  images = await serveImages();
  browser = await browsers.chromium();
  peer = await connectPeer(server.wsDirect);
  tester = await openWrpcNode(server.wsDirect);
  tab = await joinFrom(browser, server.page, { servers: [server.ws] });
  wash = await startWash(server.nats);
  await wash.listen("*");
  const links = [greeterLink("provider", "hello"), greeterLink("caller", "provider")];
  provider = await startProvider(peer, server.nats, "provider", links);
});
afterAll(async () => {
  await provider[Symbol.asyncDispose]();
  await wash[Symbol.asyncDispose]();
  await tester[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await browser[Symbol.asyncDispose]();
  await images[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** As `wash start component` does it. */
async function start(id: string, on: JoinedTab): Promise<void> {
  const image = images.url(`${id}.wasm`);
  const ack = await wash.run("scale_component", on.hostId, image, id, 8, null, [], false);
  expect(ack).toMatchObject({ success: true });
  await wash.event(
    ({ event, source, data }) =>
      event === "com.wasmcloud.lattice.component_scaled" &&
      source === on.hostId &&
      data["component_id"] === id,
  );
}

test("wash's client finds the tab and starts components in it", async () => {
  const hosts = await wash.run<readonly CtlResponse<{ id: string }>[]>("get_hosts");
  expect(hosts.map(({ response }) => response?.id)).toEqual([tab.hostId]);

  await start("hello", tab);
  await start("types", tab);
  await start("caller", tab);

  const inventory = await wash.run("get_host_inventory", tab.hostId);
  expect(inventory).toMatchObject({
    response: { components: expect.arrayContaining([expect.objectContaining({ id: "types" })]) },
  });
});

test("Rust's wRPC sends values of every type to a component in the tab, and gets them back", async () => {
  const found = await runChecksAgain(rustPeer("wrpc-peer"), [
    "call-types",
    server.nats,
    "default.types",
  ]);

  const names = [...(exporting(TYPES).exports.get(TYPES)?.keys() ?? [])].filter(
    (name) => name !== "echo-many",
  );
  expect(
    names
      .flatMap((name) => found.get(name) ?? [{ check: name, ok: false }])
      .filter(({ ok }) => !ok),
  ).toEqual([]);
});

test("Go's wRPC calls a component in the tab", async () => {
  const found = await runChecks(goPeer("wrpcpeer"), ["call", server.nats, "default.hello"]);

  for (const name of ["greet", "add", "echo", "several messages", "with headers"]) {
    expect(found.get(name)).toEqual([{ check: name, ok: true }]);
  }
});

test("a provider calls a component in the tab", async () => {
  const call = async (func: string, arg: unknown): Promise<unknown> =>
    (await tester.call("provider", exporting(RELAY), `${RELAY}#${func}`, [arg]))[0];

  expect(await call("greet-through", "Ada")).toEqual({ tag: "ok", val: "Hello, Ada!" });
  expect(await call("echo-through", 3_000_001)).toEqual({ tag: "ok", val: 3_000_001 });
});

test("a component in the tab calls a provider, by a link that wash puts", async () => {
  const link = { ...greeterLink("caller", "provider"), source_config: [], target_config: [] };
  await expect
    .poll(() => tab.run("return node.view.peek().sharing"), { timeout: 30_000 })
    .toBe(true);
  expect(await wash.run("put_link", link)).toMatchObject({ success: true });

  const greet = () => tester.call("caller", callerWorld, `${CALLER}#greet`, ["Ada"]);

  expect(await greet()).toEqual(["Hello, Ada! You are caller over default, linked: true"]);
});

/** Resolves when a tab's call has sent `count` full messages of parameters to the provider. */
function parametersSent(from: JoinedTab, count: number): Promise<void> {
  return new Promise((resolve) => {
    let sent = 0;
    const listening = peer.nats.subscribe("_INBOX.>", {
      callback: (_, { subject, data }) => {
        // What goes to the tab's own inboxes is for the tab.
        if (!subject.endsWith(".params") || subject.includes(from.hostId)) return;
        if (data.length < 500_000 || ++sent < count) return;
        listening.unsubscribe();
        resolve();
      },
    });
  });
}

test("a tab that is closed in the middle of its parameters leaves a provider that serves on", async () => {
  const dying = await joinFrom(browser, server.page, { servers: [server.ws] });
  // It alone has the caller now.
  await start("caller", dying);
  const stopped = await wash.run(
    "scale_component",
    tab.hostId,
    images.url("caller.wasm"),
    "caller",
    0,
    null,
    [],
    false,
  );
  expect(stopped).toMatchObject({ success: true });
  await wash.event(
    ({ source, data }) =>
      source === tab.hostId && data["component_id"] === "caller" && data["max_instances"] === 0,
  );
  const data = new Uint8Array(12_000_000).fill(7);
  const sent = parametersSent(dying, 2);

  const lost = tester.call("caller", callerWorld, `${CALLER}#echo`, [data]);
  lost.catch(() => undefined);
  await sent;
  await dying.close();

  const greeter = exporting(GREETER);
  const small = new Uint8Array(1000).fill(1);
  expect(
    await tester.call("provider", greeter, `${GREETER}#greet`, ["Ada"], { source: undefined }),
  ).toHaveLength(1);
  expect(await tester.call("provider", greeter, `${GREETER}#echo`, [small])).toEqual([small]);
});
