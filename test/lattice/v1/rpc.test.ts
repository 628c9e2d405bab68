import { afterAll, beforeAll, expect, test } from "vitest";
import type { WitType, World } from "../../../src/core/wit.ts";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { NatsServer } from "../../support/launch-nats.ts";
import type { NativePeer } from "../../support/native-peer.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";

const string: WitType = { kind: "string" };
const bytes: WitType = { kind: "list", element: { kind: "u8" } };
const param = (name: string, type: WitType) => ({ name, type });
const world: World = {
  imports: new Map(),
  exports: new Map([
    [
      "my:pkg/greeter@1.0.0",
      new Map([
        ["greet", { params: [param("name", string), param("lang", string)], result: string }],
      ]),
    ],
    [
      "wrpc-examples:hello/handler",
      new Map([
        ["hello", { params: [], result: string }],
        ["note", { params: [param("text", string)] }],
        ["break", { params: [], result: string }],
        ["break-silently", { params: [] }],
        ["size", { params: [param("data", bytes)], result: { kind: "u32" } }],
        ["fill", { params: [param("size", { kind: "u32" })], result: bytes }],
        ["try", { params: [], result: { kind: "result", ok: string, err: { kind: "u32" } } }],
        ["[method]thing.name", { params: [param("self", { kind: "u32" })], result: string }],
        [
          "open",
          { params: [], result: { kind: "own", resource: "pollable", of: "wasi:io/poll@0.2.0" } },
        ],
      ]),
    ],
    ["", new Map([["root", { params: [], result: { kind: "u8" } }]])],
  ]),
};
const h = "wrpc-examples:hello/handler";
const notes: unknown[] = [];
const functions = {
  "my:pkg/greeter@1.0.0#greet": (name: unknown, lang: unknown) =>
    lang === "en" ? `Hello, ${String(name)}` : "?",
  [`${h}#hello`]: () => "hello from Rust",
  [`${h}#note`]: (text: unknown) => void notes.push(text),
  [`${h}#break`]: () => {
    throw new LatticeError("guest-trapped", "unreachable");
  },
  [`${h}#break-silently`]: () => {
    throw new LatticeError("guest-trapped", "unreachable");
  },
  [`${h}#size`]: (data: unknown) => (data instanceof Uint8Array ? data.length : -1),
  [`${h}#fill`]: (size: unknown) => new Uint8Array(Number(size)).fill(7),
  [`${h}#try`]: () => ({ tag: "err", val: 7 }),
  [`${h}#[method]thing.name`]: (self: unknown) => `thing ${String(self)}`,
  "#root": () => 42,
};
const image = "https://images.example/all.wasm";
const id = entityId("echo");
const at = (tail: string): string => `default.echo.wrpc.0.0.1.${tail}`;
const hex = (text: string): Uint8Array => Buffer.from(text, "hex");

let server: NatsServer;
let peer: NativePeer;
let node: LatticeHost;
beforeAll(async () => {
  server = await launchNats();
  peer = await connectPeer(server.ws);
  node = await startHost(
    { url: server.ws },
    {
      components: { [image]: { world, functions } },
    },
  );
  await node.host.scale({ id, image, maxInstances: 10, annotations: new Map() });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test.each([
  {
    what: "no parameters",
    func: `${h}.hello`,
    params: "",
    results: "0f68656c6c6f2066726f6d2052757374",
  },
  {
    what: "two strings",
    func: "my:pkg/greeter@1.0.0.greet",
    params: "0341646102656e",
    results: "0a48656c6c6f2c20416461",
  },
  { what: "no result", func: `${h}.note`, params: "026869", results: "" },
  { what: "an err as a value", func: `${h}.try`, params: "", results: "0107" },
  {
    what: "a method, by its name on the wire",
    func: `${h}.thing.name`,
    params: "05",
    results: "077468696e672035",
  },
  { what: "a function of the root", func: "root", params: "", results: "2a" },
  {
    what: "surplus bytes, which are ignored",
    func: `${h}.note`,
    params: "026869ffff",
    results: "",
  },
])("a call with $what gives exactly $results", async ({ func, params, results }) => {
  shows("wRPC, called: results");
  const { outcome, bytes: got } = await peer.invoke(at(func), hex(params));

  expect({ outcome, results: Buffer.from(got).toString("hex") }).toEqual({
    outcome: "ended",
    results,
  });
});

test("the acceptance is one empty message that names the server's inbox", async () => {
  shows("wRPC, called: acceptance");
  const { acceptedFrom } = await peer.invoke(at(`${h}.hello`), hex(""));

  expect(acceptedFrom).toMatch(new RegExp(`^_INBOX\\.${node.id}\\.`));
});

test("parameters may come byte by byte after the acceptance", async () => {
  shows("wRPC, called: parameters in pieces");
  const rest = Array.from(hex("41646102656e"), (byte) => Uint8Array.of(byte));

  const { bytes: got } = await peer.invoke(at("my:pkg/greeter@1.0.0.greet"), hex("03"), { rest });

  expect(Buffer.from(got).toString()).toBe("\nHello, Ada");
});

test.each([
  { what: "a trap", func: `${h}.break`, params: "" },
  { what: "parameters that end too early", func: "my:pkg/greeter@1.0.0.greet", params: "0341" },
  { what: "a string that is no UTF-8", func: `${h}.note`, params: "02fffe" },
])("$what ends the call without a result", async ({ func, params }) => {
  shows("wRPC, called: failure after the acceptance");
  const failures = (): number => node.log.filter(({ event }) => event === "call.failed").length;
  const before = failures();

  const { outcome, bytes: got } = await peer.invoke(at(func), hex(params));

  expect({ outcome, size: got.length }).toEqual({ outcome: "ended", size: 0 });
  expect(failures()).toBe(before + 1);
});

test("parameters that never end hold nobody else up, and end at the deadline", async () => {
  await using hurried = await startHost(
    { url: server.ws },
    {
      lattice: "hurried",
      components: { [image]: { world, functions } },
      parts: { limits: { ...DEFAULT_LIMITS, callDeadlineMs: 700 } },
    },
  );
  await hurried.host.scale({ id, image, maxInstances: 10, annotations: new Map() });
  const subject = at("my:pkg/greeter@1.0.0.greet").replace("default", "hurried");
  const inbox = "_INBOX.peer.stalled";
  const ended = new Promise<number>((resolve) => {
    peer.nats.subscribe(`${inbox}.results`, { callback: (_, { data }) => resolve(data.length) });
  });
  peer.nats.publish(subject, hex("03"), { reply: inbox });

  const other = await peer.invoke(subject, hex("0341646102656e"));

  expect(other.outcome).toBe("ended");
  expect(await ended).toBe(0);
  expect(
    hurried.log.some(({ fields }) =>
      String(fields["problem"]).includes("did not arrive within 700 ms"),
    ),
  ).toBe(true);
});

test("a call without a reply subject is logged, and nothing else happens", async () => {
  const before = notes.length;

  peer.nats.publish(at(`${h}.note`), hex("026869"));
  await expect.poll(() => node.log.some(({ event }) => event === "call.without-reply")).toBe(true);

  expect(notes.length).toBe(before);
});

test("results above max_payload are cut into messages that fit", async () => {
  shows("wRPC, called: results in pieces");
  const size = 2_500_000;

  const { bytes: got } = await peer.invoke(at(`${h}.fill`), hex("a0cb9801"));

  expect(got.length).toBe(size + 4);
  expect(Buffer.from(got.subarray(0, 5)).toString("hex")).toBe("a0cb980107");
});

test("functions with handles of WASI are not served", async () => {
  const { outcome } = await peer.invoke(at(`${h}.open`), hex("00"));

  expect(outcome).toBe("no-responders");
  expect(node.log.find(({ event }) => event === "serve.skipped")?.fields).toMatchObject({
    func: "open",
    problem:
      "open uses the resource pollable of wasi:io/poll@0.2.0, which cannot cross the lattice yet",
  });
});

test("source and trace of a caller arrive with the call", async () => {
  shows("wRPC, called: headers");
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  await peer.invoke(at(`${h}.hello`), hex(""), {
    headers: { "source-id": "web", "link-name": "default", traceparent },
  });

  expect(node.calls.at(-1)).toMatchObject({
    source: "web",
    target: "echo",
    instance: h,
    func: "hello",
    traceparent,
    outcome: "ok",
    tookMs: expect.any(Number),
  });
});

test("two hosts of one component are one queue group: each call is answered once", async () => {
  shows("wRPC, called: subjects and queue groups");
  await using second = await startHost(
    { url: server.ws },
    { components: { [image]: { world, functions } } },
  );
  await second.host.scale({ id, image, maxInstances: 10, annotations: new Map() });
  const before = node.calls.length;

  const outcomes = await Promise.all(
    Array.from({ length: 200 }, () => peer.invoke(at(`${h}.hello`), hex(""))),
  );

  expect(
    outcomes.every(({ outcome, bytes: got }) => outcome === "ended" && got.length === 16),
  ).toBe(true);
  const shares = [node.calls.length - before, second.calls.length];
  expect(shares.reduce((sum, share) => sum + share, 0)).toBe(200);
  expect(Math.min(...shares)).toBeGreaterThan(50);
});

// --- the calling end -----------------------------------------------------------------------------------------

const call = (
  target: string,
  func: string,
  args: readonly unknown[],
  signal = AbortSignal.timeout(30_000),
) =>
  node.host.calleeFor(entityId(target), world).invoke({
    id: "test",
    source: undefined,
    target: entityId(target),
    link: "default",
    instance: h,
    func,
    args,
    trace: new Map([["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]]),
    signal,
  });

interface Invocation {
  readonly first: Uint8Array;
  readonly rest: readonly Uint8Array[];
  readonly headers: readonly string[];
}

/** Serves one function by hand: accepts, gathers until the end marker, answers with `results`. */
async function serveByHand(
  target: string,
  func: string,
  results: readonly string[],
): Promise<() => Promise<Invocation>> {
  const gathered = new Promise<Invocation>((resolve) => {
    peer.nats.subscribe(`default.${target}.wrpc.0.0.1.${h}.${func}`, {
      max: 1,
      callback: (_, message) => {
        const inbox = `_INBOX.peer.${crypto.randomUUID()}`;
        const rest: Uint8Array[] = [];
        peer.nats.subscribe(`${inbox}.params`, {
          callback: (_error, { data }) => {
            if (data.length > 0) return void rest.push(data);
            for (const result of results)
              peer.nats.publish(`${message.reply}.results`, hex(result));
            peer.nats.publish(`${message.reply}.results`);
            resolve({ first: message.data, rest, headers: message.headers?.keys() ?? [] });
          },
        });
        peer.nats.publish(message.reply ?? "", undefined, { reply: inbox });
      },
    });
  });
  await peer.nats.flush();
  return () => gathered;
}

test("a call goes out with its headers, an end marker, and its results are read from any pieces", async () => {
  shows(
    "wRPC, calling: invocation",
    "wRPC, calling: end of parameters",
    "wRPC, calling: results cut anywhere",
  );
  const served = await serveByHand("rust", "hello", ["0f", "68656c6c6f2066726f6d20", "52757374"]);

  const results = await call("rust", "hello", []);

  expect(results).toEqual(["hello from Rust"]);
  expect((await served()).headers).toEqual(expect.arrayContaining(["link-name", "traceparent"]));
});

test("parameters above max_payload follow the acceptance in pieces that fit", async () => {
  shows("wRPC, calling: parameters above max_payload");
  const served = await serveByHand("big", "size", ["a0cb9801"]);

  const results = await call("big", "size", [new Uint8Array(2_500_000)]);

  expect(results).toEqual([2_500_000]);
  const { first, rest } = await served();
  expect(first.length).toBeGreaterThan(1_000_000);
  expect(first.length + rest.reduce((sum, each) => sum + each.length, 0)).toBe(2_500_004);
  expect(rest.every((each) => each.length <= 1_048_576)).toBe(true);
});

test.each([
  { what: "nobody serves it", target: "nobody", results: undefined, code: "not-served" },
  { what: "the callee fails", target: "failing", results: [], code: "incomplete" },
  { what: "the result is cut", target: "cutting", results: ["0f6865"], code: "incomplete" },
  { what: "the result is no UTF-8", target: "garbling", results: ["02fffe"], code: "bad-message" },
])("a call rejects with $code when $what", async ({ target, results, code }) => {
  shows(
    "wRPC, calling: not served",

    "wRPC, calling: no result",
  );
  if (results !== undefined) await serveByHand(target, "hello", results);

  await expect(call(target, "hello", [])).rejects.toMatchObject({ code });
});

test("a call ends with the reason of its signal when nobody answers", async () => {
  peer.nats.subscribe(`default.mute.wrpc.0.0.1.${h}.hello`);
  await peer.nats.flush();
  const ended = new AbortController();
  const running = call("mute", "hello", [], ended.signal);

  ended.abort(new LatticeError("deadline", "no answer"));

  await expect(running).rejects.toMatchObject({ code: "deadline" });
});

test("arguments of the wrong type are refused with the path of the first", async () => {
  await expect(call("nobody", "note", [7])).rejects.toMatchObject({ code: "bad-input" });
});
