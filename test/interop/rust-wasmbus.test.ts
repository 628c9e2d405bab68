/** A provider and a caller of 0.82, from crates of that time, and a node of ours. */
import { decode, encode } from "@msgpack/msgpack";
import { beforeAll, expect, test } from "vitest";
import type { ForgeryAlarm, WatchOutcome } from "../../src/core/alarm.ts";
import type { WitValue } from "../../src/core/wit.ts";
import type { V0Options } from "../../src/dialects/v0/index.ts";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { LocalComponent } from "../support/local-runtime.ts";
import type { Nkey, PeerEntity } from "../support/wasmbus-peer.ts";

import { entityId } from "../../src/core/ids.ts";
import { ACTOR_GUEST, ACTOR_HOST, actorWorld } from "../../src/interfaces/actor.ts";
import { keyvalueKind } from "../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../src/storage/keyvalue-memory.ts";
import { startHost } from "../support/lattice-host.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { shared } from "../support/shared.ts";
import { ACCEPTED, controlClient, told } from "../support/wasmbus-control.ts";
import { chunksOf, nkey } from "../support/wasmbus-peer.ts";
import { startWasmbusProvider, type LinkDefinition } from "./support/wasmbus-provider.ts";

const LATTICE = "default";
const KEYVALUE = "wasmcloud:keyvalue";
const [cluster, outsider] = [nkey("C"), nkey("C")];
const [actor, stranger, foreign] = [nkey("M").public, nkey("M").public, nkey("M").public];
const hex = (text: string): string => Buffer.from(text).toString("hex");
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What actors were asked, so that nothing forged is among it. */
const heard: string[] = [];

/**
 * Answers HTTP, and passes on `[binding, namespace, operation, argument]`, or what it gets to the provider's `Echo.Say`.
 */
const shop: LocalComponent = {
  world: actorWorld(),
  claims: {
    subject: actor,
    issuer: nkey("A").public,
    capabilities: [KEYVALUE, "wasmcloud:httpserver"],
  },
  functions: {},
  guest: (importing) => ({
    [`${ACTOR_GUEST}#call`]: async (operation: WitValue, argument: WitValue) => {
      heard.push(String(operation));
      switch (operation) {
        case "HttpServer.HandleRequest":
          return { tag: "ok", val: page(decode(argument as Uint8Array) as Request) };
        case "Test.Pass": {
          const to = decode(argument as Uint8Array) as [string, string, string, Uint8Array];
          return (await importing(ACTOR_HOST, "call", ...to))[0];
        }
        case "Test.Through":
          return (
            await importing(ACTOR_HOST, "call", "default", KEYVALUE, "Echo.Say", argument)
          )[0];
        default:
          return { tag: "err", val: `there is no ${String(operation)} here` };
      }
    },
  }),
};

interface Request {
  readonly method: string;
  readonly path: string;
  readonly queryString: string;
  readonly header: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
}

const page = ({ method, path, queryString, header, body }: Request): Uint8Array =>
  encode({
    statusCode: 418,
    header: { ...header, "x-was": [method, path, queryString] },
    body: body.toReversed(),
  });

const provider = (contract_id: string): PeerEntity => ({
  public_key: nkey("V").public,
  link_name: "default",
  contract_id,
});

const alarms: ForgeryAlarm[] = [];
const watched: WatchOutcome[] = [];
const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const open = (by: Nkey, watching: Partial<V0Options> = {}): Promise<LatticeHost> =>
  startHost(
    { url: server.ws },
    {
      lattice: LATTICE,
      v0: { issuers: [], seed: by.seed, ...watching },
      components: { "file:///shop": shop },
      parts: { providers: [keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes))] },
    },
  );
const node = shared(() => open(cluster, { onAlarm: (alarm) => void alarms.push(alarm) }));
/** Sees all that is called here. */
const watcher = shared(() =>
  open(cluster, {
    watch: true,
    onAlarm: (alarm) => void alarms.push(alarm),
    onWatched: (outcome) => void watched.push(outcome),
  }),
);
const [store, web] = ["wasmcloud:keyvalue", "wasmcloud:httpserver"].map((contract) =>
  shared(() =>
    startWasmbusProvider(peer, {
      program: "wasmbus-peer",
      nats: server.nats,
      lattice: LATTICE,
      entity: provider(contract),
      cluster,
    }),
  ),
) as [Provider, Provider];
type Provider = Awaited<ReturnType<typeof startWasmbusProvider>>;

const { ask, command, events } = ((): ReturnType<typeof controlClient> => {
  const client = () => controlClient(peer, LATTICE);
  return {
    ask: (...args) => client().ask(...args),
    command: (...args) => client().command(...args),
    events: () => client().events(),
  };
})();

const scale = (host: LatticeHost, id: string): Promise<void> =>
  host.host.scale({
    id: entityId(id),
    image: "file:///shop",
    maxInstances: 10,
    annotations: new Map(),
  });

/** Puts a link through our control interface; resolves when the provider has heard of it. */
async function put({ process }: Provider, link: LinkDefinition): Promise<void> {
  expect(await ask("linkdefs.put", link)).toEqual(ACCEPTED);
  await process.next(({ linked }) => linked === link.actor_id);
}

beforeAll(async () => {
  await node.sharing(true);
  await scale(node, actor);
});

/** The actor calls; gives what it was answered. */
async function pass(operation: string, argument: unknown, by = web): Promise<unknown> {
  const given = argument instanceof Uint8Array ? argument : encode(argument);
  const told = encode(["default", KEYVALUE, operation, given]);
  const answer = await by.run<string>(
    "send",
    actor,
    "Test.Pass",
    Buffer.from(told).toString("hex"),
  );
  return answer === "" ? undefined : decode(Buffer.from(answer, "hex"));
}

/** An actor of `host` calls the provider's `Echo.Say`; gives what it was answered. */
async function through({ host }: LatticeHost, id: string): Promise<unknown> {
  const [result] = await host.calleeFor(entityId(id), undefined).invoke({
    id: "1",
    source: undefined,
    target: entityId(id),
    link: "default",
    instance: ACTOR_GUEST,
    func: "call",
    args: ["Test.Through", utf8("x")],
    trace: new Map(),
    signal: AbortSignal.timeout(10_000),
  });
  return result;
}

test("links that our node puts reach the provider with their values, and those that it removes", async () => {
  expect(web.process.lines[0]).toEqual({
    init: web.entity.public_key,
    config: '{"greeting":"hello"}',
  });
  await put(web, web.link(actor, { address: "127.0.0.1:8080" }));
  expect(web.process.lines).toContainEqual({
    linked: actor,
    contract: "wasmcloud:httpserver",
    name: "default",
    values: { address: "127.0.0.1:8080" },
  });
  expect(await web.run("linked", actor)).toBe(true);

  await put(web, web.link(stranger));
  const { actor_id, contract_id, link_name } = web.link(stranger);
  expect(await ask("linkdefs.del", { actor_id, contract_id, link_name })).toEqual(ACCEPTED);
  await web.process.next(({ unlinked }) => unlinked === stranger);
  await expect.poll(() => web.run("linked", stranger)).toBe(false);
  expect(await web.run("linked", actor)).toBe(true);
});

test("it asks our actor for a page, and reads the response", async () => {
  const request = {
    method: "POST",
    path: "/tea/pot",
    queryString: "size=2&milk=",
    header: { accept: ["text/html", "*/*"], host: ["tea.example"] },
    body: [...utf8("kettle")],
  };

  const response = await web.run("handle-request", actor, request);

  expect(response).toEqual({
    statusCode: 418,
    header: { ...request.header, "x-was": ["POST", "/tea/pot", "size=2&milk="] },
    body: [...utf8("elttek")],
  });
});

test("our actor calls it by its contract; it holds our signatures to be genuine, and knows who calls", async () => {
  await put(store, store.link(actor));

  expect(await pass("KeyValue.Get", "tea")).toEqual({ value: "", exists: false });
  expect(await pass("KeyValue.Set", { key: "tea", value: "Darjeeling", expires: 0 })).toBe(
    undefined,
  );
  expect(await pass("KeyValue.Get", "tea")).toEqual({ value: "Darjeeling", exists: true });
  expect(await pass("KeyValue.Contains", "tea")).toBe(true);
  expect(await pass("KeyValue.Increment", { key: "cups", value: 40 })).toBe(40);
  expect(await pass("KeyValue.Increment", { key: "cups", value: -42 })).toBe(-2);
  expect(await pass("KeyValue.Del", "tea")).toBe(true);
  expect(await pass("KeyValue.Del", "tea")).toBe(false);
  const calls = store.process.lines.filter(({ called }) => called === "KeyValue.Increment");
  expect(calls.map(({ by }) => by)).toEqual([actor, actor]);
});

test("errors are answers, in both directions", async () => {
  await pass("KeyValue.Set", { key: "word", value: "tea", expires: 0 });

  await expect(pass("KeyValue.Increment", { key: "word", value: 1 })).rejects.toThrow(
    "rpc: invalid parameter: word is no number",
  );
  await expect(pass("KeyValue.ListAdd", { listName: "l", value: "v" })).rejects.toThrow(
    "method not implemented",
  );
  await expect(pass("KeyValue.Nothing", "x")).rejects.toThrow(
    "method not handled KeyValue::Nothing",
  );
  await expect(web.run("send", actor, "Test.Nothing", hex("x"))).rejects.toThrow(
    "rpc: there is no Test.Nothing here",
  );
});

test("empty, short and long bytes go to our actor, to the provider and back, the long ones by the object store", async () => {
  // 900 KiB fit into a message.
  for (const count of [0, 1, 921_600, 921_601, 3_000_001]) {
    // oxlint-disable-next-line no-await-in-loop -- sizes are told apart
    expect(await web.run("send-many", actor, "Test.Through", count)).toBe(count);
  }

  const objects = await chunksOf(peer.nats, LATTICE);
  await expect
    .poll(async () => (await objects.list()).filter(({ deleted }) => !deleted))
    .toEqual([]);
});

test("long pages", async () => {
  const request = { method: "PUT", path: "/", queryString: "", header: {} };
  const body = Array.from({ length: 1_000_000 }, (_, i) => i % 251);

  const response = await web.run<{ body: number[] }>("handle-request", actor, { ...request, body });

  expect(response.body.toReversed()).toEqual(body);
});

test("it calls our provider by its contract as an actor's host does", async () => {
  const told_ = await events();
  const reference = { provider_ref: "inlay:///keyvalue?lease=off", link_name: "default" };
  expect(await command(node, "lp", reference)).toEqual(ACCEPTED);
  const started = (await told(told_, "provider_started", node)) as { public_key: string };
  const key = started.public_key;
  const call = (method: string, argument: unknown): Promise<unknown> =>
    web.run("keyvalue", stranger, key, "default", method, argument);
  await expect(call("get", "a")).rejects.toThrow("is not linked");
  expect(await ask("linkdefs.put", { ...store.link(stranger), provider_id: key })).toEqual(
    ACCEPTED,
  );

  await expect
    .poll(() => call("get", "a").catch((error: unknown) => error))
    .toEqual({ value: "", exists: false });
  expect(await call("set", { key: "a", value: "1", expires: 0 })).toBe(null);
  expect(await call("get", "a")).toEqual({ value: "1", exists: true });
  expect(await call("contains", "a")).toBe(true);
  expect(await call("increment", { key: "n", value: 41 })).toBe(41);
  expect(await call("del", "a")).toBe(true);
  expect(await web.run("health", key, "default")).toMatchObject({ healthy: true });
});

test("nothing of all this is a forgery to our checks, the strict ones, nor to the watch", async () => {
  expect(alarms).toEqual([]);
  expect(watched.filter((outcome) => outcome === "genuine").length).toBeGreaterThan(30);
  expect(watched.filter((outcome) => outcome === "forged")).toEqual([]);
  // Who watches is somebody who listens, to NATS: nobody would hear that nobody answers.
  await watcher[Symbol.asyncDispose]();
});

test("our node refuses what another cluster has signed", async () => {
  heard.length = 0;

  await expect(web.run("forge", outsider.seed, actor, "Test.Echo", hex("x"))).rejects.toThrow(
    "rpc: issuer of this invocation is not among the list of valid issuers",
  );

  expect(heard).toEqual([]);
  expect(alarms).toMatchObject([
    { check: "issuer", operation: "Test.Echo", target: `wasmbus://${actor}` },
  ]);
});

test("the provider refuses what another cluster has signed, and actors that are not linked", async () => {
  await using other = await open(outsider);
  await scale(other, foreign);
  await scale(node, stranger);
  await put(store, store.link(foreign));
  await put(store, store.link(stranger, { refuse: "yes" }));
  const said = (): number =>
    store.process.lines.filter(({ called }) => called === "Echo.Say").length;
  const before = said();

  await expect
    .poll(() => through(other, foreign))
    .toEqual({
      tag: "err",
      val: "Issuer of this invocation is not in list of cluster issuers",
    });
  await expect
    .poll(() => through(node, stranger))
    .toEqual({
      tag: "err",
      val: `unlinked actor: '${stranger}'`,
    });

  expect(said()).toBe(before);
  expect(await through(node, actor)).toEqual({ tag: "ok", val: utf8("x") });
  expect(said()).toBe(before + 1);
});

test("it is well, and ends when its own host says so", async () => {
  expect(await web.run("health", store.entity.public_key, "default")).toEqual({
    healthy: true,
    message: "well",
  });
  await expect(store.shutdown(nkey("N").public)).rejects.toThrow(/TIMEOUT/);

  expect(await store.shutdown()).toBe("shutting down");

  await store.process.next(({ ended }) => ended === true);
  expect(await store.process.ended).toBe(0);
  await expect(pass("KeyValue.Get", "tea")).rejects.toThrow("failed to publish on NATS topic");
});
