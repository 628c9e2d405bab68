/** Components of a 0.82 lattice: which of their exports an operation means, and what they import of their host. */
import { decode, encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import type { Importing, LocalComponent } from "../../support/local-runtime.ts";
import type { Handled, PeerEntity, Received } from "../../support/wasmbus-peer.ts";

import { entityId } from "../../../src/core/ids.ts";
import { BUS_HOST } from "../../../src/dialects/v0/bus-host.ts";
import { BUS_LATTICE } from "../../../src/dialects/v0/bus-lattice.ts";
import { GUEST_CONFIG } from "../../../src/dialects/v0/guest-config.ts";
import { ACTOR_GUEST, ACTOR_HOST, actorWorld } from "../../../src/interfaces/actor.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";
import { startV0Host } from "../../support/wasmbus-host.ts";
import { actorEntity, invoke, nkey, putLink, serveEntity } from "../../support/wasmbus-peer.ts";

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
  const start = async (image: string, config?: ReadonlyMap<string, string>): Promise<string> => {
    const key = nkey("M").public;
    const id = entityId(key);
    const given = config === undefined ? {} : { config };
    await node.host.scale({ id, image, maxInstances: 10, annotations: new Map(), ...given });
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
    /** Links `source`, and waits until its host has heard of it. */
    async link(source: string, target: PeerEntity): Promise<void> {
      await putLink(peer.nats, lattice, source, target);
      const heard = (): boolean =>
        node.dialects.some(({ links }) =>
          links
            ?.peek()
            .get(entityId(source))
            ?.some((link) => link.target === target.public_key && link.name === target.link_name),
        );
      await expect.poll(heard).toBe(true);
    },
    serve: (target: PeerEntity, handle: (received: Received) => Handled | Promise<Handled>) =>
      serveEntity(peer.nats, lattice, target, cluster, handle),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

/** An actor that does `run` with its imports for whatever it is asked. */
const guest = (
  run: (importing: Importing, argument: string) => Promise<string>,
  imports: readonly string[] = [],
): LocalComponent => ({
  world: {
    exports: actorWorld().exports,
    imports: new Map(imports.map((name) => [name, new Map()])),
  },
  functions: {},
  guest: (importing) => ({
    [`${ACTOR_GUEST}#call`]: async (_, argument) => ({
      tag: "ok",
      val: utf8(await run(importing, text(argument as Uint8Array))),
    }),
  }),
});
/** What a function gave: the text of its bytes, or its error. */
const told = ([result]: readonly unknown[]): string => {
  const { tag, val } = result as { readonly tag: string; readonly val: unknown };
  return `${tag} ${val instanceof Uint8Array ? text(val) : JSON.stringify(val)}`;
};

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

test("guest-config has what the lattice keeps for the component that asks, before what it was started with", async () => {
  shows("0.82, calls: calling: guest-config");
  const asking = guest(async (importing, key) => {
    if (key !== "") return told(await importing(GUEST_CONFIG, "get", key));
    const [all] = await importing(GUEST_CONFIG, "get-all");
    const { val } = all as { readonly val: readonly (readonly [string, Uint8Array])[] };
    return val.map(([name, value]) => `${name}=${text(value)}`).join(" ");
  });
  await using stage = await setUp({ "file:///asking": asking });
  const started = new Map([
    ["greeting", "hello"],
    ["color", "blue"],
  ]);
  const [one, other] = [
    await stage.start("file:///asking", started),
    await stage.start("file:///asking"),
  ];
  const get = async (key: string, name: string): Promise<string> =>
    text((await stage.ask(key, "Config.Get", utf8(name))) as Uint8Array);

  expect(await get(one, "color")).toBe("ok blue");
  const kv = await peer.nats.jetstream().views.kv(`CONFIGDATA_${stage.lattice}`);
  await kv.put(`${one}_color`, utf8("red"));
  await kv.put(`${one}_size`, utf8("9"));

  expect(await get(one, "color")).toBe("ok red");
  expect(await get(one, "size")).toBe("ok 9");
  expect(await get(one, "greeting")).toBe("ok hello");
  expect(await get(one, "no.such key!")).toBe("ok undefined");
  expect(await get(one, "")).toBe("greeting=hello color=red size=9");
  expect(await get(other, "color")).toBe("ok undefined");
  expect(await get(other, "")).toBe("");
});

test("wasmcloud:bus/host calls by contract, link name, key and alias, in signed invocations", async () => {
  shows("0.82, calls: calling: wasmcloud:bus/host");
  const link = (name?: string) => ({ tag: "link", val: name });
  const calling = guest(async (importing, asked) => {
    const [kind = "", who, operation] = asked.split(" ");
    const target =
      kind === "none"
        ? undefined
        : kind === "link"
          ? link(who === "" ? undefined : who)
          : { tag: "actor", val: { tag: kind, val: who } };
    return told(await importing(BUS_HOST, "call-sync", target, operation, utf8("x")));
  });
  const signed = { subject: nkey("M").public, issuer: "A", capabilities: ["my:contract"] };
  await using stage = await setUp({ "file:///calling": { ...calling, claims: signed } });
  const source = await stage.start("file:///calling");
  const [usual, spare, closed] = [
    entity("my:contract"),
    entity("my:contract", "spare"),
    entity("my:other"),
  ];
  const far = nkey("M").public;
  const answer = ({ operation, msg, target }: Received): Handled =>
    operation === "No"
      ? { error: "not me" }
      : utf8(`${operation} ${text(msg)} ${target.link_name}`);
  using _ = await stage.serve(usual, answer);
  using __ = await stage.serve(spare, answer);
  using ___ = await stage.serve(actorEntity(far), answer);
  for (const each of [usual, spare, closed]) await stage.link(source, each);
  const ask = async (asked: string): Promise<string> =>
    text((await stage.ask(source, "Any.Thing", utf8(asked))) as Uint8Array);

  expect(await ask("none  my:contract/Far.Do")).toBe("ok Far.Do x default");
  expect(await ask("link  my:contract/Far.Do")).toBe("ok Far.Do x default");
  expect(await ask("link spare my:contract/Far.Do")).toBe("ok Far.Do x spare");
  expect(await ask(`public-key ${far} my:contract/Far.Do`)).toBe("ok Far.Do x ");
  expect(await ask("none  my:contract/No")).toBe('err "provider call failed: not me"');
  const failed = async (asked: string): Promise<string> =>
    (await ask(asked)).replace("failed to call linked provider: ", "");
  expect(await failed("link none my:contract/Far.Do")).toBe('err "link not found"');
  expect(await failed("none  my:third/Far.Do")).toBe('err "link not found"');
  expect(await failed("none  Far.Do")).toBe('err "failed to parse operation"');
  expect(await failed("alias nobody my:contract/Far.Do")).toBe('err "unknown actor call alias"');
  expect(await failed("none  my:other/Far.Do")).toContain("do not list my:other");
});

test("set-target sends calls of an interface by another link, to an actor, and back", async () => {
  shows("0.82, calls: calling: wasmcloud:bus/lattice");
  const STORE = "wasi:keyvalue/store@0.2.0-draft";
  const shopping = guest(
    async (importing, asked) => {
      const seen: string[] = [];
      const [opened] = await importing(STORE, "open", "");
      const bucket = (opened as { readonly val: unknown }).val;
      for (const each of asked.split(" ")) {
        const [kind, who] = each.split("=");
        const target =
          kind === "link"
            ? { tag: "link", val: who }
            : kind === "actor"
              ? { tag: "actor", val: { tag: "public-key", val: who } }
              : undefined;
        const of = ["wasi", "keyvalue", "store"];
        // oxlint-disable no-await-in-loop -- one choice after the other
        const [handle] = await importing(BUS_LATTICE, "[constructor]target-interface", ...of);
        await importing(BUS_LATTICE, "set-target", target, [handle]);
        seen.push(told(await importing(STORE, "[method]bucket.get", bucket, "k")));
        // oxlint-enable no-await-in-loop
      }
      return seen.join(", ");
    },
    [STORE],
  );
  await using stage = await setUp({ "file:///shopping": shopping });
  const source = await stage.start("file:///shopping");
  const [usual, spare] = [entity("wasmcloud:keyvalue"), entity("wasmcloud:keyvalue", "spare")];
  const far = nkey("M").public;
  const named = (value: string) => (): Handled => encode({ value, exists: true });
  using _ = await stage.serve(usual, named("usual"));
  using __ = await stage.serve(spare, named("spare"));
  using ___ = await stage.serve(actorEntity(far), named("far"));
  for (const each of [usual, spare]) await stage.link(source, each);

  const asked = `none link=spare actor=${far} none link=spare link=default`;
  expect(text((await stage.ask(source, "Shop.All", utf8(asked))) as Uint8Array)).toBe(
    "ok usual, ok spare, ok far, ok usual, ok spare, ok usual",
  );
  // Another instance has chosen nothing.
  expect(text((await stage.ask(source, "Shop.All", utf8("none"))) as Uint8Array)).toBe("ok usual");
});

test("components of that time have their key-value store and their messages by the links for the contracts", async () => {
  shows("0.82, calls: calling: components");
  const KV = "wasi:keyvalue";
  const [TYPES, EVENTUAL] = [`${KV}/types@0.1.0`, `${KV}/eventual@0.1.0`];
  const CONSUMER = "wasmcloud:messaging/consumer";
  const old = guest(
    async (importing, asked) => {
      if (asked === "message") {
        return told(
          await importing(CONSUMER, "publish", {
            subject: "s",
            body: utf8("b"),
            replyTo: undefined,
          }),
        );
      }
      const [opened] = await importing(TYPES, "[static]bucket.open-bucket", "");
      const bucket = (opened as { readonly val: unknown }).val;
      const [got] = await importing(EVENTUAL, "get", bucket, asked);
      const { tag, val } = got as { readonly tag: string; readonly val: unknown };
      const [func, of] =
        tag === "ok"
          ? ["[static]incoming-value.incoming-value-consume-sync", TYPES]
          : ["[method]error.trace", `${KV}/wasi-keyvalue-error@0.1.0`];
      const [result] = await importing(of, func, val);
      return tag === "ok" ? told([result]) : `err ${String(result)}`;
    },
    [TYPES, EVENTUAL, CONSUMER],
  );
  await using stage = await setUp({ "file:///old": old });
  const source = await stage.start("file:///old");
  const [keyvalue, messaging] = [entity("wasmcloud:keyvalue"), entity("wasmcloud:messaging")];
  const published: unknown[] = [];
  using _ = await stage.serve(keyvalue, ({ msg }) =>
    encode({ value: `the ${String(decode(msg))}`, exists: true }),
  );
  using __ = await stage.serve(messaging, ({ operation, msg }) => {
    published.push([operation, decode(msg)]);
    return utf8("");
  });
  const ask = async (asked: string): Promise<string> =>
    text((await stage.ask(source, "Any.Thing", utf8(asked))) as Uint8Array);

  expect(await ask("shelf")).toContain('no link named "default" for wasi:keyvalue/eventual');
  await stage.link(source, keyvalue);
  await stage.link(source, messaging);
  expect(await ask("shelf")).toBe("ok the shelf");
  expect(await ask("message")).toBe("ok undefined");
  expect(published).toEqual([["Messaging.Publish", { subject: "s", body: utf8("b") }]]);
});

test("components of that time have their blob store by its contract", async () => {
  const [STORE, CONTAINER, TYPES] = ["blobstore", "container", "types"].map(
    (name) => `wasi:blobstore/${name}@0.1.0`,
  ) as [string, string, string];
  const reader = guest(
    async (importing, name) => {
      const okOf = async (...asked: Parameters<Importing>): Promise<unknown> => {
        const [result] = await importing(...asked);
        const { tag, val } = result as { readonly tag: string; readonly val: unknown };
        if (tag !== "ok") throw new Error(String(val));
        return val;
      };
      const container = await okOf(STORE, "get-container", "shelf");
      const get = "[method]container.get-data";
      const value = await okOf(CONTAINER, get, container, name, 0n, 8n);
      const [size] = await importing(TYPES, "[method]incoming-value.size", value);
      const sync = "[method]incoming-value.incoming-value-consume-sync";
      return `${String(size)} ${text((await okOf(TYPES, sync, value)) as Uint8Array)}`;
    },
    [STORE, CONTAINER, TYPES],
  );
  await using stage = await setUp({ "file:///reader": reader });
  const source = await stage.start("file:///reader");
  const blobstore = entity("wasmcloud:blobstore");
  const asked: string[] = [];
  using _ = await stage.serve(blobstore, ({ operation, msg }) => {
    asked.push(operation);
    if (operation === "Blobstore.ContainerExists") return encode(decode(msg) === "shelf");
    const bytes = utf8("green tea");
    const initialChunk = { objectId: "tea", containerId: "shelf", bytes, offset: 0, isLast: true };
    return encode({ success: true, initialChunk, contentLength: bytes.length });
  });
  await stage.link(source, blobstore);

  const read = await stage.ask(source, "Shelf.Read", utf8("tea"));
  expect(typeof read === "string" ? read : text(read)).toBe("9 green tea");
  expect(asked).toEqual(["Blobstore.ContainerExists", "Blobstore.GetObject"]);
});
