/** Components of a 0.82 lattice: which of their exports an operation means, and what they import of their host. */
import { decode, encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import type { LocalComponent } from "../../support/local-runtime.ts";
import type { PeerEntity } from "../../support/wasmbus-peer.ts";

import { entityId } from "../../../src/core/ids.ts";
import { ACTOR_GUEST, ACTOR_HOST, actorWorld } from "../../../src/interfaces/actor.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";
import { startV0Host } from "../../support/wasmbus-host.ts";
import { actorEntity, invoke, nkey } from "../../support/wasmbus-peer.ts";

const cluster = nkey("C");
const keys = { cluster, host: nkey("N") };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const { flat } = createInterfaces();

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
let lattices = 0;
const entity = (contract_id: string, link_name = "default"): PeerEntity => ({
  public_key: nkey("V").public,
  link_name,
  contract_id,
});

/** Starts a host with `component` under a key of its own, and others beside it. */
async function setUp(components: Readonly<Record<string, LocalComponent>>) {
  const lattice = `components-${++lattices}`;
  const node = await startV0Host({ url: server.ws, lattice, cluster, components });
  const start = async (image: string): Promise<string> => {
    const key = nkey("M").public;
    const id = entityId(key);
    await node.host.scale({ id, image, maxInstances: 10, annotations: new Map() });
    return key;
  };
  return {
    lattice,
    node,
    start,
    /** What comes of an operation: bytes, or an error's text. */
    async ask(
      key: string,
      operation: string,
      msg: Uint8Array,
      origin = entity("wasmcloud:httpserver"),
    ): Promise<Uint8Array | string> {
      const call = { origin, target: actorEntity(key), operation, msg };
      const response = await invoke(peer.nats, lattice, call, keys);
      return response.error ?? response.msg;
    },
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

const INCOMING = "wrpc:http/incoming-handler@0.1.0";
const HANDLER = "wasmcloud:messaging/handler@0.2.0";
const exported = (...names: string[]): LocalComponent["world"]["exports"] =>
  new Map(names.map((name) => [name, flat.exports.get(name) ?? new Map()]));
const page = {
  [`${INCOMING}#handle`]: () => ({
    tag: "ok",
    val: {
      body: new Blob(["a page"]).stream(),
      trailers: Promise.resolve(undefined),
      status: 200,
      headers: [],
    },
  }),
};
/** Answers by all of its exports. */
const versatile: LocalComponent = {
  world: {
    imports: new Map(),
    exports: new Map([...actorWorld().exports, ...exported(INCOMING, HANDLER)]),
  },
  functions: {
    ...page,
    [`${ACTOR_GUEST}#call`]: (operation: unknown) => ({
      tag: "ok",
      val: utf8(`did ${String(operation)}`),
    }),
    [`${HANDLER}#handle-message`]: () => ({ tag: "err", val: "the handler was called" }),
  },
};
const request = encode({ method: "GET", path: "/", queryString: "", header: {}, body: utf8("") });

test("what a provider sends by its contract goes to the interface for it, all else to wasmcloud:bus/guest", async () => {
  shows("0.82, calls: called: components");
  await using stage = await setUp({ "file:///versatile": versatile });
  const key = await stage.start("file:///versatile");
  const serve = (msg: Uint8Array, contract: string, operation = "HttpServer.HandleRequest") =>
    stage.ask(key, operation, msg, entity(contract));

  const answer = await serve(request, "wasmcloud:httpserver");
  expect(decode(answer as Uint8Array)).toMatchObject({ body: utf8("a page") });
  // As upstream, where only the HTTP server's own request is one.
  expect(await serve(request, "wasmcloud:messaging")).toEqual(utf8("did HttpServer.HandleRequest"));
  const message = encode({ subject: "s", body: utf8("") });
  expect(await serve(message, "wasmcloud:messaging", "MessageSubscriber.HandleMessage")).toContain(
    "the handler was called",
  );
  expect(await serve(message, "my:contract", "MessageSubscriber.HandleMessage")).toEqual(
    utf8("did MessageSubscriber.HandleMessage"),
  );
  expect(await serve(utf8("x"), "wasmcloud:httpserver", "Any.Thing")).toEqual(
    utf8("did Any.Thing"),
  );
});

test("records of calls name the operation, whether they come by the lattice or from this node", async () => {
  const caller: LocalComponent = {
    world: actorWorld(),
    functions: {},
    guest: (importing) => ({
      [`${ACTOR_GUEST}#call`]: async (_, argument) => {
        const target = text(argument as Uint8Array);
        const [result] = await importing(ACTOR_HOST, "call", "", target, "Far.Do", utf8("x"));
        return result;
      },
    }),
  };
  await using stage = await setUp({ "file:///versatile": versatile, "file:///caller": caller });
  const [source, here, far] = [
    await stage.start("file:///caller"),
    await stage.start("file:///versatile"),
    nkey("M").public,
  ];

  expect(await stage.ask(source, "Near.Do", utf8(here))).toEqual(utf8("did Far.Do"));
  await stage.ask(source, "Near.Do", utf8(far));

  const records = stage.node.calls.map(({ target, func, instance, outgoing }) => {
    expect(instance).toBe(ACTOR_GUEST);
    return { target, func, outgoing };
  });
  expect(records).toEqual([
    { target: here, func: "Far.Do", outgoing: undefined },
    { target: source, func: "Near.Do", outgoing: undefined },
    { target: far, func: "Far.Do", outgoing: "component" },
    { target: source, func: "Near.Do", outgoing: undefined },
  ]);
});
