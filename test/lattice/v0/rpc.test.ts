/** What this host answers to calls of a 0.82 lattice: actors, components and in-page providers, field by field. */
import { headers as natsHeaders } from "nats.ws";
import { beforeAll, expect, test } from "vitest";
import { decode, encode } from "@msgpack/msgpack";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { PeerCall, PeerEntity, PeerResponse } from "../../support/wasmbus-peer.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { ACTOR_GUEST, actorWorld } from "../../../src/interfaces/actor.ts";
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
  invocation,
  invoke,
  invokeChunked,
  nkey,
  putLink,
  respond,
  subjectOf,
} from "../../support/wasmbus-peer.ts";

const INCOMING = "wrpc:http/incoming-handler@0.1.0";
const { flat } = createInterfaces();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

const cluster = nkey("C");
const keys = { cluster, host: nkey("N") };
const actorKey = nkey("M").public;
const webKey = nkey("M").public;
const keyvalueKey = nkey("V").public;
const httpserver: PeerEntity = {
  public_key: nkey("V").public,
  link_name: "default",
  contract_id: "wasmcloud:httpserver",
};

const calls: { readonly on: string; readonly operation: unknown }[] = [];
const actor = (on: string) => ({
  world: actorWorld(),
  functions: {
    [`${ACTOR_GUEST}#call`]: (operation: unknown, argument: unknown) => {
      calls.push({ on, operation });
      if (operation === "Test.Trap") throw new LatticeError("guest-trapped", "unreachable at 0x17");
      if (operation === "Test.Hang") return new Promise(() => undefined);
      if (operation === "Test.Echo") return { tag: "ok", val: argument };
      return { tag: "err", val: `no handler found for operation \`${String(operation)}\`` };
    },
  },
});

interface Request {
  readonly body: ReadableStream<Uint8Array>;
  readonly method: unknown;
  readonly pathWithQuery: string;
  readonly headers: readonly (readonly [string, readonly Uint8Array[]])[];
}
const web = {
  world: {
    imports: new Map(),
    exports: new Map([[INCOMING, flat.exports.get(INCOMING) ?? new Map()]]),
  },
  functions: {
    [`${INCOMING}#handle`]: async (given: unknown) => {
      const { body, method, pathWithQuery, headers } = given as Request;
      const content = await new Response(body).text();
      const seen = JSON.stringify({
        method,
        pathWithQuery,
        headers: headers.map(([name, values]) => [name, values.map(text)]),
      });
      return {
        tag: "ok",
        val: {
          body: new Blob([seen, "\n", content]).stream(),
          trailers: Promise.resolve(undefined),
          status: 201,
          headers: [["x-parts", [bytes("one"), bytes("two")]]],
        },
      };
    },
  },
};

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const node = shared(() =>
  startV0Host({
    url: server.ws,
    cluster,
    components: { "file:///actor": actor("one"), "file:///web": web },
    parts: {
      providers: [keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes))],
    },
  }),
);

const scale = (host: LatticeHost, id: string, image: string): Promise<void> =>
  host.host.scale({ id: entityId(id), image, maxInstances: 10, annotations: new Map() });

beforeAll(async () => {
  await scale(node, actorKey, "file:///actor");
  await scale(node, webKey, "file:///web");
});

const toActor = (operation: string, msg: Uint8Array): PeerCall => ({
  origin: httpserver,
  target: actorEntity(actorKey),
  operation,
  msg,
});
const ask = (call: PeerCall, options: object = {}): Promise<PeerResponse> =>
  invoke(peer.nats, "default", call, { ...keys, ...options });

test("an actor takes any operation, and its bytes come back in a response of 0.82's fields", async () => {
  const response = await ask(toActor("Test.Echo", bytes("hi")), { id: "call-1" });
  expect(response).toEqual({
    msg: bytes("hi"),
    invocation_id: "call-1",
    content_length: 2,
    traceContext: {},
  });
});

test("the fields come in the order in which peers that read arrays have them", async () => {
  shows("0.82, calls: called: responses");
  const data = invocation(toActor("Test.Echo", bytes("x")), { ...keys, id: "call-2" });
  const reply = await peer.nats.request(subjectOf("default", actorEntity(actorKey)), data, {
    timeout: 30_000,
  });
  expect(Object.keys(decode(reply.data) as object)).toEqual([
    "msg",
    "invocation_id",
    "content_length",
    "traceContext",
  ]);
});

test.each([
  ["a guest's own error", "Test.Unheard", "no handler found for operation `Test.Unheard`"],
  ["a trap, of which nothing else is told", "Test.Trap", "failed to handle invocation"],
])("%s is the response's error", async (_, operation, error) => {
  shows("0.82, calls: called: errors");
  const response = await ask(toActor(operation, bytes("hi")), { id: `call-${operation}` });
  expect(response).toEqual({
    msg: new Uint8Array(0),
    invocation_id: `call-${operation}`,
    error,
    content_length: 0,
    traceContext: {},
  });
});

test("a call that does not end is answered when its time is over", async () => {
  shows("0.82, calls: called: errors");
  const key = nkey("M").public;
  const limits = { callDeadlineMs: 50 };
  const to = { id: entityId(key), image: "file:///actor", maxInstances: 1, annotations: new Map() };
  await node.host.scale({ ...to, limits });
  const call = { ...toActor("Test.Hang", bytes("hi")), target: actorEntity(key) };
  const response = await ask(call, { id: "call-hangs" });
  expect(response).toMatchObject({
    invocation_id: "call-hangs",
    error: "the call did not end within 50 ms",
  });
  await node.host.scale({ ...to, maxInstances: 0 });
});

test("bytes that are no invocation are answered to nobody in particular", async () => {
  shows("0.82, calls: called: errors");
  for (const data of [bytes("no msgpack"), encode({ origin: {} }), new Uint8Array(0)]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const response = await respond(peer.nats, subjectOf("default", actorEntity(actorKey)), data);
    expect(response).toMatchObject({ invocation_id: "UNKNOWN", content_length: 0 });
    expect(response.error).toBeTypeOf("string");
  }
});

test("an invocation by a cluster that is not trusted goes no further", async () => {
  const before = calls.length;
  const response = await ask(toActor("Test.Echo", bytes("hi")), { cluster: nkey("C") });
  expect(response.error).toBe("issuer of this invocation is not among the list of valid issuers");
  expect(calls.length).toBe(before);
});

test("a request of the HTTP server comes to what exports an HTTP handler, and its response goes back", async () => {
  shows("0.82, calls: called: HttpServer.HandleRequest");
  const request = {
    method: "POST",
    path: "/greet",
    queryString: "name=you&n=1",
    header: { host: ["here.example"], "x-two": ["a", "b"] },
    body: bytes("body"),
  };
  const call = {
    origin: httpserver,
    target: actorEntity(webKey),
    operation: "HttpServer.HandleRequest",
    msg: encode(request),
  };
  const response = await ask(call);
  expect(response.error).toBeUndefined();
  expect(response.content_length).toBe(response.msg.length);
  const { statusCode, header, body } = decode(response.msg) as {
    statusCode: number;
    header: object;
    body: Uint8Array;
  };
  expect(Object.keys(decode(response.msg) as object)).toEqual(["statusCode", "header", "body"]);
  expect({ statusCode, header }).toEqual({
    statusCode: 201,
    header: { "x-parts": ["one", "two"] },
  });
  const [seen = "", rest] = text(body).split("\n");
  expect(rest).toBe("body");
  expect(JSON.parse(seen)).toEqual({
    method: { tag: "post" },
    pathWithQuery: "/greet?name=you&n=1",
    headers: [
      ["host", ["here.example"]],
      ["x-two", ["a", "b"]],
    ],
  });
  // The same by array, as some guest libraries write structs.
  const { method, path, queryString, header: headers, body: content } = request;
  const array = await ask({ ...call, msg: encode([method, path, queryString, headers, content]) });
  expect(array.msg).toEqual(response.msg);
});

test("a component has no operations but those of its interfaces", async () => {
  const target = actorEntity(webKey);
  for (const operation of ["Test.Echo", "KeyValue.Get", "HttpClient.Request"]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const response = await ask({ origin: httpserver, target, operation, msg: bytes("x") });
    expect(response.error).toBe(`Malformed invocation: Invalid method name ${operation}`);
  }
  const undecodable = await ask({
    origin: httpserver,
    target,
    operation: "HttpServer.HandleRequest",
    msg: encode({ method: "GET" }),
  });
  expect(undecodable.error).toContain('"header" must be an object');
});

test("a megabyte goes both ways through the object store, and its readers leave nothing there", async () => {
  shows("0.82, calls: called: long arguments and results");
  const argument = new Uint8Array(1_000_000).map((_, at) => at % 251);
  const call = toActor("Test.Echo", argument);
  const response = await invokeChunked(peer.nats, "default", call, { ...keys, id: "long-1" });
  expect(response).toMatchObject({ invocation_id: "long-1", content_length: 1_000_000 });
  expect(Buffer.from(response.msg).equals(argument)).toBe(true);
  const store = await chunksOf(peer.nats, "default");
  await expect.poll(async () => (await store.list()).filter(({ deleted }) => !deleted)).toEqual([]);
});

test("a long argument that is not there, or is another one than was signed, is refused", async () => {
  const argument = new Uint8Array(1_000_000).fill(7);
  const call = toActor("Test.Echo", argument);
  const inline = new Uint8Array(0);
  const missing = await ask(call, { id: "long-2", inline });
  expect(missing).toMatchObject({ invocation_id: "long-2", content_length: 0 });
  expect(missing.error).toContain("the object store has nothing under long-2");

  const store = await chunksOf(peer.nats, "default");
  await store.putBlob({ name: "long-3" }, new Uint8Array(1_000_000).fill(8));
  const before = calls.length;
  const forged = await ask(call, { id: "long-3", inline });
  expect(forged.error).toContain("invocation hash does not match signed claims hash");
  await store.putBlob({ name: "long-4" }, new Uint8Array(950_000).fill(7));
  const short = await ask(call, { id: "long-4", inline });
  expect(short.error).toBe("1000000 bytes were announced, met 950000 in the object store");
  expect(calls.length).toBe(before);
});

test("the trace of an invocation is the call's, and that of its message where it has none", async () => {
  shows("0.82, calls: called: trace context");
  const trace = (span: string) => ({ traceparent: `00-${"a".repeat(32)}-${span}-01` });
  const call = toActor("Test.Echo", bytes("t"));
  const [own, other] = [trace("1111111111111111"), trace("2222222222222222")];
  await ask(call, { trace: own });
  expect(node.calls.at(-1)).toMatchObject({
    source: httpserver.public_key,
    target: actorKey,
    func: "Test.Echo",
    ...own,
  });
  const subject = subjectOf("default", actorEntity(actorKey));
  const headers = natsHeaders();
  headers.set("traceparent", other.traceparent);
  await peer.nats.request(subject, invocation(call, keys), { headers, timeout: 30_000 });
  expect(node.calls.at(-1)).toMatchObject(other);
  await peer.nats.request(subject, invocation(call, { ...keys, trace: own }), {
    headers,
    timeout: 30_000,
  });
  expect(node.calls.at(-1)).toMatchObject(own);
});

test("two nodes share an actor's calls", async () => {
  shows("0.82, calls: called: queue groups");
  const other = await startV0Host({
    url: server.ws,
    cluster,
    components: { "file:///actor": actor("two") },
  });
  await using _ = other;
  await scale(other, actorKey, "file:///actor");
  calls.length = 0;
  const both = (): boolean => new Set(calls.map(({ on }) => on)).size === 2;
  for (let at = 0; at < 200 && !both(); at++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const response = await ask(toActor("Test.Echo", bytes("s")));
    expect(response.error).toBeUndefined();
    expect(calls.length).toBe(at + 1);
  }
  expect(both()).toBe(true);
});

test("an in-page provider answers those that a link leads to it, and nobody else", async () => {
  shows("0.82, calls: called: providers");
  const target = {
    public_key: keyvalueKey,
    link_name: "default",
    contract_id: "wasmcloud:keyvalue",
  };
  await node.host.run("provider.start", {
    id: entityId(keyvalueKey),
    image: "inlay:///keyvalue",
    annotations: new Map(),
    configNames: [],
  });
  await expect.poll(() => node.host.inventory().providers.length).toBe(1);
  const origin = actorEntity(nkey("M").public);
  const keyvalue = async (operation: string, value: unknown): Promise<unknown> => {
    const response = await ask({ origin, target, operation, msg: encode(value) });
    if (response.error !== undefined) return response.error;
    return response.msg.length === 0 ? undefined : decode(response.msg);
  };
  expect(await keyvalue("KeyValue.Get", "a")).toBe(
    `Error when handling invocation: Actor ${origin.public_key} is not linked to this provider`,
  );

  await putLink(peer.nats, "default", origin.public_key, target);
  await expect.poll(() => keyvalue("KeyValue.Get", "a")).toEqual({ value: "", exists: false });
  expect(await keyvalue("KeyValue.Set", { key: "a", value: "1", expires: 0 })).toBeUndefined();
  expect(await keyvalue("KeyValue.Get", "a")).toEqual({ value: "1", exists: true });
  expect(await keyvalue("KeyValue.Set", ["b", "2", 0])).toBeUndefined();
  expect(await keyvalue("KeyValue.Contains", "b")).toBe(true);
  expect(await keyvalue("KeyValue.Increment", { key: "n", value: 41 })).toBe(41);
  expect(await keyvalue("KeyValue.Increment", ["n", 1])).toBe(42);
  expect(await keyvalue("KeyValue.Del", "b")).toBe(true);
  expect(await keyvalue("KeyValue.Del", "b")).toBe(false);
  expect(await keyvalue("KeyValue.ListAdd", { listName: "l", value: "x" })).toBe(1);
  expect(await keyvalue("KeyValue.ListRange", ["l", 0, -1])).toEqual(["x"]);
  expect(await keyvalue("KeyValue.SetAdd", { setName: "s", value: "y" })).toBe(1);
  expect(await keyvalue("KeyValue.SetQuery", "s")).toEqual(["y"]);
  expect(await keyvalue("KeyValue.Nothing", "s")).toBe(
    "Error when handling invocation: Malformed invocation: Invalid method name KeyValue.Nothing",
  );
  const response = await respond(peer.nats, subjectOf("default", target), bytes("?"));
  expect(response.invocation_id).toBe("");
  expect(response.error).toMatch(/^Error when attempting to deserialize invocation: /);
});

test("a stopped actor is served nowhere", async () => {
  const key = nkey("M").public;
  await scale(node, key, "file:///actor");
  const call = { ...toActor("Test.Echo", bytes("x")), target: actorEntity(key) };
  expect((await ask(call)).error).toBeUndefined();
  await node.host.scale({
    id: entityId(key),
    image: "file:///actor",
    maxInstances: 0,
    annotations: new Map(),
  });
  await expect(ask(call)).rejects.toMatchObject({ code: "503" });
});
