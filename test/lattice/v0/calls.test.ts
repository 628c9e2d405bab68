/** What actors and components of this host call in a 0.82 lattice, as a provider of it sees and answers them. */
import { decode, encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import type { SignedClaims } from "../../../src/core/claims.ts";
import type { WitValue, World } from "../../../src/core/wit.ts";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { LocalComponent } from "../../support/local-runtime.ts";
import type { Handled, PeerEntity, Received } from "../../support/wasmbus-peer.ts";

import { entityId } from "../../../src/core/ids.ts";
import { ACTOR_GUEST, ACTOR_HOST, actorWorld } from "../../../src/interfaces/actor.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { keyvalueKind } from "../../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../../src/storage/keyvalue-memory.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";
import { startV0Host } from "../../support/wasmbus-host.ts";
import {
  actorEntity,
  chunksOf,
  invoke,
  nkey,
  putActorClaims,
  putLink,
  serveEntity,
} from "../../support/wasmbus-peer.ts";

const cluster = nkey("C");
const keys = { cluster, host: nkey("N") };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const { flat } = createInterfaces();

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
/** Lattices of their own, so that tests share a server. */
let lattices = 0;
const newLattice = (): string => `calls-${++lattices}`;
const entity = (contract_id: string, link_name = "default"): PeerEntity => ({
  public_key: nkey("V").public,
  link_name,
  contract_id,
});

/** An actor that passes on what it is told to: `[binding, namespace, operation, argument]`, and gives what came of it. */
const messenger: LocalComponent = {
  world: actorWorld(),
  functions: {},
  guest: (importing) => ({
    [`${ACTOR_GUEST}#call`]: async (operation: WitValue, argument: WitValue) => {
      if (operation !== "Test.Pass") return { tag: "ok", val: utf8(`heard ${String(operation)}`) };
      const told = decode(argument as Uint8Array) as [string, string, string, Uint8Array];
      const [result] = await importing(ACTOR_HOST, "call", ...told);
      return result;
    },
  }),
};

const scale = (host: LatticeHost, id: string, image: string): Promise<void> =>
  host.host.scale({ id: entityId(id), image, maxInstances: 10, annotations: new Map() });

async function setUp(
  options: {
    readonly claims?: Partial<SignedClaims>;
    readonly components?: Readonly<Record<string, LocalComponent>>;
    readonly bilingual?: boolean;
  } = {},
) {
  const lattice = newLattice();
  const actor = nkey("M").public;
  const signed: SignedClaims = {
    subject: actor,
    issuer: nkey("A").public,
    capabilities: ["wasmcloud:keyvalue", "my:contract"],
    ...options.claims,
  };
  const unsigned = { "file:///unsigned": messenger };
  const node = await startV0Host({
    url: server.ws,
    lattice,
    cluster,
    bilingual: options.bilingual ?? false,
    components: {
      "file:///actor": { ...messenger, claims: signed },
      ...unsigned,
      ...options.components,
    },
    parts: { providers: [keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes))] },
  });
  await scale(node, actor, "file:///actor");
  const caller = entity("wasmcloud:messaging");
  /** What the actor hears of its call: bytes, or an error's text. */
  const passVia = async (
    via: string,
    ...[binding, namespace, operation, argument]: [string, string, string, Uint8Array]
  ): Promise<Uint8Array | string> => {
    const call = {
      origin: caller,
      target: actorEntity(via),
      operation: "Test.Pass",
      msg: encode([binding, namespace, operation, argument]),
    };
    const response = await invoke(peer.nats, lattice, call, keys);
    return response.error ?? response.msg;
  };
  const pass = (...told: [string, string, string, Uint8Array]): ReturnType<typeof passVia> =>
    passVia(actor, ...told);
  return {
    lattice,
    actor,
    node,
    pass,
    passVia,
    /** Links the actor, and waits until its host has heard of it. */
    async link(target: PeerEntity, source = actor): Promise<void> {
      await putLink(peer.nats, lattice, source, target);
      await expect
        .poll(() => linked(node, source).some((id) => id === target.public_key))
        .toBe(true);
    },
    serve: (target: PeerEntity, handle: (received: Received) => Handled | Promise<Handled>) =>
      serveEntity(peer.nats, lattice, target, cluster, handle),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

function linked(node: Awaited<ReturnType<typeof startV0Host>>, source: string): readonly string[] {
  const links = node.dialects.flatMap(({ links: kept }) => [
    ...(kept?.peek().get(entityId(source)) ?? []),
  ]);
  return links.map(({ target }) => target);
}

test("an actor calls the provider that it is linked to by contract and link name, in signed invocations", async () => {
  shows("0.82, calls: calling: providers");
  await using stage = await setUp();
  const [first, second] = [entity("my:contract"), entity("my:contract", "spare")];
  const received: Received[] = [];
  using _one = await stage.serve(first, (each) => (received.push(each), utf8("first")));
  using _two = await stage.serve(second, () => utf8("second"));
  await stage.link(first);
  await stage.link(second);

  expect(
    text((await stage.pass("default", "my:contract", "Test.Do", utf8("x"))) as Uint8Array),
  ).toBe("first");
  expect(text((await stage.pass("", "my:contract", "Test.Do", utf8("x"))) as Uint8Array)).toBe(
    "first",
  );
  expect(text((await stage.pass("spare", "my:contract", "Test.Do", utf8("x"))) as Uint8Array)).toBe(
    "second",
  );
  expect(received[0]).toMatchObject({
    origin: actorEntity(stage.actor),
    target: first,
    operation: "Test.Do",
    msg: utf8("x"),
    host_id: stage.node.id,
  });
  expect(received[0]?.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("whatever goes wrong is a text for the actor", async () => {
  shows("0.82, calls: calling: errors");
  await using stage = await setUp();
  const [deaf, cross] = [entity("my:contract"), entity("my:contract", "cross")];
  await stage.link(deaf);
  await stage.link(cross);
  let raw: object = {};
  using _ = await stage.serve(cross, ({ operation }) =>
    operation === "Test.Raw" ? { raw } : { error: "I would rather not" },
  );
  expect(await stage.pass("default", "my:other", "Test.Do", utf8("x"))).toBe(
    "unknown actor call alias",
  );
  expect(await stage.pass("nowhere", "my:contract", "Test.Do", utf8("x"))).toBe(
    "unknown actor call alias",
  );
  expect(await stage.pass("default", "my:contract", "Test.Do", utf8("x"))).toMatch(
    /^failed to publish on NATS topic/,
  );
  expect(await stage.pass("", nkey("M").public, "Test.Do", utf8("x"))).toMatch(
    /^failed to publish on NATS topic/,
  );
  const crossed = (operation: string): ReturnType<typeof stage.pass> =>
    stage.pass("cross", "my:contract", operation, utf8("x"));
  expect(await crossed("Test.Do")).toBe("I would rather not");
  raw = { invocation_id: "another", msg: utf8("x"), content_length: 1 };
  expect(await crossed("Test.Raw")).toBe("invocation ID mismatch");
  raw = { msg: utf8("x"), content_length: 2 };
  expect(await crossed("Test.Raw")).toBe("2 bytes were announced, met 1");
  raw = { msg: utf8("x") };
  expect(await crossed("Test.Raw")).toContain('"content_length"');
});

test("contracts that the signed claims do not list are refused; what nobody signed is not asked", async () => {
  shows("0.82, calls: calling: capabilities");
  await using stage = await setUp({ claims: { capabilities: ["wasmcloud:keyvalue"] } });
  const target = entity("my:contract");
  let calls = 0;
  using _ = await stage.serve(target, () => (calls++, utf8("done")));
  await stage.link(target);
  expect(await stage.pass("default", "my:contract", "Test.Do", utf8("x"))).toBe(
    `the signed claims of ${stage.actor} do not list my:contract`,
  );
  expect(calls).toBe(0);
  const unsigned = nkey("M").public;
  await scale(stage.node, unsigned, "file:///unsigned");
  await stage.link(target, unsigned);
  const done = await stage.passVia(unsigned, "default", "my:contract", "Test.Do", utf8("x"));
  expect(done).toEqual(utf8("done"));
});

test("a megabyte goes to a provider and back through the object store", async () => {
  shows("0.82, calls: calling: long arguments and results");
  await using stage = await setUp();
  const target = entity("my:contract");
  using _ = await stage.serve(target, ({ msg }) => msg.toReversed());
  await stage.link(target);
  const argument = new Uint8Array(1_000_000).map((_byte, at) => at % 253);
  // The actor makes it itself: what tells it to do so is short.
  const caller = nkey("M").public;
  const echo = await stage.node.host.calleeFor(entityId(stage.actor), undefined).invoke({
    id: "1",
    source: entityId(caller),
    target: entityId(stage.actor),
    link: "default",
    instance: ACTOR_GUEST,
    func: "call",
    args: ["Test.Pass", encode(["default", "my:contract", "Test.Reverse", argument])],
    trace: new Map(),
    signal: AbortSignal.timeout(30_000),
  });
  const [result] = echo as readonly { readonly tag: string; readonly val: Uint8Array }[];
  expect(result?.tag).toBe("ok");
  expect(Buffer.from(result?.val ?? []).equals(Buffer.from(argument.toReversed()))).toBe(true);
  const store = await chunksOf(peer.nats, stage.lattice);
  await expect.poll(async () => (await store.list()).filter(({ deleted }) => !deleted)).toEqual([]);
});

test("actors call each other by key and by alias: here without the lattice, elsewhere by it", async () => {
  shows("0.82, calls: calling: actors");
  await using stage = await setUp();
  const [here, far] = [nkey("M").public, nkey("M").public];
  await scale(stage.node, here, "file:///unsigned");
  const heard = await peer.listen(`wasmbus.rpc.${stage.lattice}.${here}`);
  expect(await stage.pass("", here, "Test.Hear", utf8("x"))).toEqual(utf8("heard Test.Hear"));
  expect(heard.heard).toEqual([]);

  using _ = await stage.serve(actorEntity(far), ({ origin }) => utf8(`from ${origin.public_key}`));
  expect(await stage.pass("", far, "Test.Hear", utf8("x"))).toEqual(utf8(`from ${stage.actor}`));
  await putActorClaims(peer.nats, stage.lattice, far, "far_one");
  await expect
    .poll(() => stage.pass("", "far_one", "Test.Hear", utf8("x")))
    .toEqual(utf8(`from ${stage.actor}`));
});

test("a call of nobody says that it is of its target, as wash does; providers have none of it", async () => {
  await using stage = await setUp();
  const [far, provider] = [nkey("M").public, entity("wasmcloud:keyvalue")];
  using _ = await stage.serve(actorEntity(far), ({ origin }) => utf8(`from ${origin.public_key}`));
  await stage.link(provider);
  const ask = (target: string, types: World, instance: string, func: string, args: WitValue[]) =>
    stage.node.host.calleeFor(entityId(target), types).invoke({
      id: "1",
      source: undefined,
      target: entityId(target),
      link: "default",
      instance,
      func,
      args,
      trace: new Map(),
      signal: AbortSignal.timeout(30_000),
    });
  expect([
    ...(await ask(far, actorWorld(), ACTOR_GUEST, "call", ["Test.Hear", utf8("x")])),
  ]).toEqual([{ tag: "ok", val: utf8(`from ${far}`) }]);
  const store = "wrpc:keyvalue/store@0.2.0-draft";
  await expect(ask(provider.public_key, flat, store, "get", ["", "k"])).rejects.toMatchObject({
    code: "denied",
  });
});

test("a call is made within the trace of the one that makes it", async () => {
  shows("0.82, calls: calling: trace context");
  await using stage = await setUp();
  const target = entity("my:contract");
  const traces: (string | undefined)[] = [];
  using _ = await stage.serve(target, ({ traceContext }) => {
    traces.push(traceContext["traceparent"]);
    return utf8("");
  });
  await stage.link(target);
  const traceparent = `00-${"a".repeat(32)}-${"1".repeat(16)}-01`;
  const call = {
    origin: entity("wasmcloud:messaging"),
    target: actorEntity(stage.actor),
    operation: "Test.Pass",
    msg: encode(["default", "my:contract", "Test.Do", utf8("x")]),
  };
  await invoke(peer.nats, stage.lattice, call, { ...keys, trace: { traceparent } });
  expect(traces).toHaveLength(1);
  expect(traces[0]).toMatch(new RegExp(`^00-${"a".repeat(32)}-(?!1{16})[0-9a-f]{16}-01$`));
});

test("logging and numbers are the host's own", async () => {
  shows("0.82, calls: calling: builtins");
  await using stage = await setUp({ claims: { capabilities: [] } });
  const numbergen = async (operation: string, argument?: unknown): Promise<unknown> => {
    const bytes = argument === undefined ? new Uint8Array(0) : encode(argument);
    const got = await stage.pass("default", "wasmcloud:builtin:numbergen", operation, bytes);
    return typeof got === "string" ? got : decode(got);
  };
  expect(await numbergen("NumberGen.GenerateGuid")).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(await numbergen("NumberGen.Random32")).toBeTypeOf("number");
  expect(await numbergen("NumberGen.RandomInRange", { min: 4, max: 4 })).toBe(4);
  expect([7, 8]).toContain(await numbergen("NumberGen.RandomInRange", [7, 8]));
  const log = (level: string): ReturnType<typeof stage.pass> =>
    stage.pass("", "wasmcloud:builtin:logging", "Logging.WriteLog", encode([level, "hello"]));
  expect(await log("warn")).toEqual(new Uint8Array(0));
  expect(await log("loud")).toBe("unsupported log level `loud`");
});

test("an actor calls an HTTP handler and a provider of its node by their contracts, past the lattice", async () => {
  const INCOMING = "wrpc:http/incoming-handler@0.1.0";
  const web: LocalComponent = {
    world: {
      imports: new Map(),
      exports: new Map([[INCOMING, flat.exports.get(INCOMING) ?? new Map()]]),
    },
    functions: {
      [`${INCOMING}#handle`]: () => ({
        tag: "ok",
        val: {
          body: new Blob(["hi"]).stream(),
          trailers: Promise.resolve(undefined),
          status: 200,
          headers: [],
        },
      }),
    },
  };
  await using stage = await setUp({ components: { "file:///web": web } });
  const webKey = nkey("M").public;
  await scale(stage.node, webKey, "file:///web");
  const heard = await peer.listen(`wasmbus.rpc.${stage.lattice}.${webKey}`);
  const request = { method: "GET", path: "/", queryString: "", header: {}, body: utf8("") };
  const answer = await stage.pass("", webKey, "HttpServer.HandleRequest", encode(request));
  expect(decode(answer as Uint8Array)).toEqual({ statusCode: 200, header: {}, body: utf8("hi") });
  expect(await stage.pass("", webKey, "KeyValue.Get", encode("x"))).toBe(
    "Malformed invocation: Invalid method name KeyValue.Get",
  );
  expect(heard.heard).toEqual([]);

  const keyvalue = entity("wasmcloud:keyvalue");
  await stage.node.host.run("provider.start", {
    id: entityId(keyvalue.public_key),
    image: "inlay:///keyvalue",
    annotations: new Map(),
    configNames: [],
  });
  await expect.poll(() => stage.node.host.inventory().providers.length).toBe(1);
  await stage.link(keyvalue);
  await expect.poll(() => stage.node.host.providers()[0]?.provider?.links()).toBe(1);
  const called = await peer.listen(`wasmbus.rpc.${stage.lattice}.${keyvalue.public_key}.default`);
  const increment = encode({ key: "n", value: 41 });
  const count = await stage.pass("default", "wasmcloud:keyvalue", "KeyValue.Increment", increment);
  expect(decode(count as Uint8Array)).toBe(41);
  const steps = [5, -50, 3, -7, 8, -1];
  const sums = await Promise.all(
    steps.map((value) =>
      stage.pass(
        "default",
        "wasmcloud:keyvalue",
        "KeyValue.Increment",
        encode({ key: "n", value }),
      ),
    ),
  );
  expect(sums).toHaveLength(steps.length);
  const kept = await stage.pass("default", "wasmcloud:keyvalue", "KeyValue.Get", encode("n"));
  expect(decode(kept as Uint8Array)).toEqual({ value: "-1", exists: true });
  expect(called.heard).toEqual([]);
});

const STORE = "wasi:keyvalue/store@0.2.0-draft";
const SHOP = "test:shop/run";
/** A component with the imports of 1.x, which reads `shelf` of its store, and counts. */
const shop: LocalComponent = {
  world: {
    imports: new Map([[STORE, new Map()]]),
    exports: new Map([[SHOP, new Map([["read", { params: [], result: { kind: "string" } }]])]]),
  } satisfies World,
  functions: {},
  guest: (importing) => ({
    [`${SHOP}#read`]: async () => {
      const [opened] = await importing(STORE, "open", "");
      const bucket = (opened as { readonly val: WitValue }).val;
      const [got] = await importing(STORE, "[method]bucket.get", bucket, "shelf");
      const { tag, val } = got as { readonly tag: string; readonly val: unknown };
      return val instanceof Uint8Array ? `${tag} ${text(val)}` : `${tag} ${JSON.stringify(val)}`;
    },
  }),
};

test.each([false, true])(
  "a component's wasi:keyvalue is the contract's, where its link leads to a provider of 0.82 (1.x spoken too: %s)",
  async (bilingual) => {
    shows("0.82, calls: calling: components");
    const id = nkey("M").public;
    const signed = { subject: id, issuer: "A", capabilities: ["wasmcloud:keyvalue"] };
    await using stage = await setUp({
      bilingual,
      components: {
        "file:///shop": { ...shop, claims: signed },
        "file:///thief": { ...shop, claims: { ...signed, capabilities: [] } },
      },
    });
    const target = entity("wasmcloud:keyvalue");
    const operations: string[] = [];
    using _ = await stage.serve(target, ({ operation, msg }) => {
      operations.push(`${operation} ${String(decode(msg))}`);
      return encode({ value: "books", exists: true });
    });
    const read = async (source: string): Promise<unknown> => {
      const [result] = await stage.node.host.calleeFor(entityId(source), undefined).invoke({
        id: "1",
        source: undefined,
        target: entityId(source),
        link: "default",
        instance: SHOP,
        func: "read",
        args: [],
        trace: new Map(),
        signal: AbortSignal.timeout(30_000),
      });
      return result;
    };
    await scale(stage.node, id, "file:///shop");
    expect(await read(id)).toContain("no link named");
    await stage.link(target, id);
    expect(await read(id)).toBe("ok books");
    expect(operations).toEqual(["KeyValue.Get shelf"]);

    const thief = nkey("M").public;
    await scale(stage.node, thief, "file:///thief");
    await stage.link(target, thief);
    expect(await read(thief)).toContain("do not list wasmcloud:keyvalue");
    expect(operations).toHaveLength(1);
  },
);
