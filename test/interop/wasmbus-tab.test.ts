/** Providers of 0.82 and a real tab: the built page in Chromium, signed waPC actors. */
import { decode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import type { JoinedTab } from "../support/tabs.ts";
import type { Nkey } from "../support/wasmbus-peer.ts";

import { fixture } from "../support/fixtures.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { shared } from "../support/shared.ts";
import { newSigner, signToken, withSection } from "../support/sign-component.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { ACCEPTED, controlClient, told } from "../support/wasmbus-control.ts";
import { nkey } from "../support/wasmbus-peer.ts";
import {
  startWasmbusProvider,
  type LinkDefinition,
  type WasmbusProvider,
} from "./support/wasmbus-provider.ts";

const LATTICE = "wasmbus-interop";
const [cluster, outsider] = [nkey("C"), nkey("C")];
const hex = (text: string): string => Buffer.from(text).toString("hex");

const server = shared(() => startInlay());
const images = shared(() => serveImages());
const browser = shared(() => browsers.chromium());
const peer = shared(() => connectPeer(server.wsDirect));
const join = ({ seed }: Nkey): Promise<JoinedTab> =>
  joinFrom(browser, server.page, {
    servers: [server.ws],
    lattice: LATTICE,
    dialects: ["v0"],
    clusterSeed: seed,
  });
const tab = shared(() => join(cluster));
const start = (contract_id: string, program: string): Promise<WasmbusProvider> =>
  startWasmbusProvider(peer, {
    program,
    nats: server.nats,
    lattice: LATTICE,
    entity: { public_key: nkey("V").public, link_name: "default", contract_id },
    cluster,
  });
const web = shared(() => start("wasmcloud:httpserver", "wasmbus-peer"));
const store = shared(() => start("wasmcloud:keyvalue", "wasmbus-sdk-peer"));

const account = newSigner();
/** Signs the fixture as an account does, starts it by the control interface, and gives its key. */
async function run(name: string, caps: readonly string[], on = tab): Promise<string> {
  const bytes = fixture(name);
  const key = nkey("M").public;
  const token = signToken(bytes, account, { payload: { sub: key }, wascap: { name, caps } });
  images.add(`${key}.wasm`, withSection(bytes, token, "jwt"));
  const { command, events } = controlClient(peer, LATTICE);
  const heard = await events();
  const node = { id: on.hostId };
  const actor_ref = images.url(`${key}.wasm`);
  expect(await command(node, "scale", { actor_ref, count: 4 })).toEqual(ACCEPTED);
  await told(heard, "actor_scaled", node, (data) => Reflect.get(data, "public_key") === key);
  return key;
}

/** Puts a link through the tab; resolves when the provider has heard of it. */
async function put({ process }: WasmbusProvider, link: LinkDefinition): Promise<void> {
  const { ask } = controlClient(peer, LATTICE);
  // As soon as the tab knows that no native host answers for the lattice.
  await expect
    .poll(() => ask("linkdefs.put", link).catch(() => undefined), { timeout: 30_000 })
    .toEqual(ACCEPTED);
  await process.next(({ linked }) => linked === link.actor_id);
}

const request = { method: "POST", path: "/", queryString: "", header: {}, body: [104, 105] };

test("the provider asks an actor in the tab for a page, and that calls the other provider for it", async () => {
  const counter = await run("actor-kvcounter", ["wasmcloud:httpserver", "wasmcloud:keyvalue"]);
  await put(web, web.link(counter));
  await put(store, store.link(counter, { URL: "redis://elsewhere" }));
  const ask = async (): Promise<unknown> => {
    const { statusCode, body } = await web.run<{ statusCode: number; body: number[] }>(
      "handle-request",
      counter,
      request,
    );
    return [statusCode, decode(Uint8Array.from(body))];
  };

  expect(await ask()).toEqual([200, 1]);
  expect(await ask()).toEqual([200, 2]);
  expect(store.process.lines.filter(({ called }) => called === "KeyValue.Increment")).toMatchObject(
    [{ by: counter }, { by: counter }],
  );

  const { actor_id, link_name, contract_id } = store.link(counter);
  const { ask: control } = controlClient(peer, LATTICE);
  expect(await control("linkdefs.del", { actor_id, link_name, contract_id })).toEqual(ACCEPTED);
  await store.process.next(({ unlinked }) => unlinked === counter);
  await expect
    .poll(() => ask().catch((error: unknown) => String(error)))
    .toContain("unknown actor call alias");
});

test("what an actor in the tab is asked for, and its error", async () => {
  const echo = await run("actor-echo", ["wasmcloud:httpserver"]);
  const header = { accept: ["text/html", "*/*"] };

  const { body } = await web.run<{ body: number[] }>("handle-request", echo, {
    ...request,
    header,
  });

  // Its page is the request as it got it.
  expect(decode(Uint8Array.from(body))).toEqual({
    ...request,
    header,
    body: Uint8Array.from(request.body),
  });
  await expect(web.run("send", echo, "Echo.Fail", hex("no tea"))).rejects.toThrow("rpc: no tea");
});

test("a component in the tab that exports wasi:http is asked for a page", async () => {
  const component = await run("web", ["wasmcloud:httpserver"]);
  await put(web, web.link(component));
  const asked = { ...request, path: "/echo" };

  const { statusCode, body } = await web.run<{ statusCode: number; body: number[] }>(
    "handle-request",
    component,
    asked,
  );

  expect([statusCode, body]).toEqual([200, request.body]);
});

test("many calls at once, from the provider through the actor to the other one", async () => {
  const pinger = await run("actor-pinger", ["echo"]);
  await put(store, { ...store.link(pinger), contract_id: "echo" });

  expect(await web.run("send-often", pinger, "Ping.Ask", 10, 40)).toBe(40);
});

test("short and long bytes go to an actor in the tab, to the provider and back", async () => {
  const pinger = await run("actor-pinger", ["echo"]);
  await put(store, { ...store.link(pinger), contract_id: "echo" });

  // 900 KiB fit into a message.
  for (const count of [1, 921_600, 921_601, 3_000_001]) {
    // oxlint-disable-next-line no-await-in-loop -- sizes are told apart
    expect(await web.run("send-many", pinger, "Ping.Ask", count)).toBe(count);
  }
});

test("neither the tab nor the provider takes what another cluster has signed", async () => {
  const echo = await run("actor-echo", []);
  expect(await web.run("send", echo, "Echo.Say", hex("genuine"))).toBe(hex("genuine"));
  const alarms = async (): Promise<unknown> =>
    tab.run("return node.view.peek().alarms.map(({ check, operation }) => [check, operation])");
  expect(await alarms()).toEqual([]);

  const forged = web.run("forge", outsider.seed, echo, "Echo.Say", hex("forged"));
  await expect(forged).rejects.toThrow(
    "rpc: issuer of this invocation is not among the list of valid issuers",
  );
  await expect.poll(alarms).toEqual([["issuer", "Echo.Say"]]);

  const other = await join(outsider);
  const pinger = await run("actor-pinger", ["echo"], other);
  await put(store, { ...store.link(pinger), contract_id: "echo" });
  // Who calls the other tab is of its cluster; what that calls is not of the provider's.
  const through = web.run("forge", outsider.seed, pinger, "Ping.Ask", hex("x"));
  await expect(through).rejects.toThrow(
    "Issuer of this invocation is not in list of cluster issuers",
  );
  await other.close();
});
