/**
 * Whole calls against traces derived from bytecodealliance/wrpc, crates/transport-nats/v0.28.1, over a real server: this
 * project's end on one side, on the other a peer that sends the trace's messages as they are.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { WitStream, World } from "../../../src/core/wit.ts";
import type { Conversation } from "../../support/wrpc-peer.ts";

import { bytesOfStream, streamOf } from "../../support/streams.ts";
import { fromHex } from "../../support/hex.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { NOTHING_KEPT, openWrpcNode, worldOf } from "../../support/wrpc-node.ts";
import { answerCall, startCall } from "../../support/wrpc-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";

interface Message {
  readonly dir: "c>s" | "s>c" | "nats>c";
  readonly subject: string;
  readonly payloadHex: string;
  readonly reply?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Trace {
  readonly name: string;
  readonly messages: readonly Message[];
}

const recorded: readonly Trace[] = JSON.parse(
  readFileSync(new URL("../../vectors/wrpc-nats-traces.json", import.meta.url), "utf8"),
);
/** A call with one message each way, besides acceptance and ends. */
const simple = (name: string, tail: string, params: string, result: string): Trace => {
  const subject = `default.echo.wrpc.0.0.1.${tail}`;
  const messages: readonly Message[] = [
    { dir: "c>s", subject, payloadHex: params, reply: "_INBOX.C.1" },
    { dir: "s>c", subject: "_INBOX.C.1", payloadHex: "", reply: "_INBOX.S.1" },
    { dir: "c>s", subject: "_INBOX.S.1.params", payloadHex: "" },
    { dir: "s>c", subject: "_INBOX.C.1.results", payloadHex: result },
    { dir: "s>c", subject: "_INBOX.C.1.results", payloadHex: "" },
  ];
  return { name, messages };
};
const store = "wrpc:keyvalue/store@0.2.0-draft";
const traces: readonly Trace[] = [
  ...recorded,
  simple("i-keyvalue-get-some", `${store}.get`, "00056d796b6579", "00010576616c7565"),
  simple("i-keyvalue-get-none", `${store}.get`, "00056d796b6579", "0000"),
  simple("i-keyvalue-get-err", `${store}.get`, "00056d796b6579", "0100"),
  simple("i-keyvalue-set", `${store}.set`, "00056d796b65790576616c7565", "00"),
  simple(
    "j-messaging",
    "wasmcloud:messaging/handler@0.2.0.handle-message",
    "03612e6202686900",
    "00",
  ),
];

const FIELDS = "list<tuple<string, list<list<u8>>>>";
const STORE_ERROR = "variant { no-such-store, access-denied, other(string) }";
const REQUEST = `record { body: stream<u8>, trailers: future<option<${FIELDS}>>, method: variant { get, head, post },
  path-with-query: option<string>, scheme: option<variant { HTTP, HTTPS, other(string) }>, authority: option<string>,
  headers: ${FIELDS} }`;
const RESPONSE = `record { body: stream<u8>, trailers: future<option<${FIELDS}>>, status: u16, headers: ${FIELDS} }`;

const world: World = worldOf({
  "wrpc-examples:hello/handler": { hello: "func() -> string" },
  "my:pkg/greeter@1.0.0": { greet: "func(name: string, lang: string) -> string" },
  "my:pkg/later@1.0.0": { later: "func(n: u32) -> future<string>" },
  "my:pkg/res@1.0.0": {
    "[constructor]foo": "func(name: string) -> own<foo>",
    "[method]foo.get": "func(self: borrow<foo>) -> u32",
  },
  "wrpc:http/incoming-handler@0.1.0": {
    handle: `func(request: ${REQUEST}) -> result<${RESPONSE}, string>`,
  },
  [store]: {
    get: `func(bucket: string, key: string) -> result<option<list<u8>>, ${STORE_ERROR}>`,
    set: `func(bucket: string, key: string, value: list<u8>) -> result<_, ${STORE_ERROR}>`,
  },
  "wasmcloud:messaging/handler@0.2.0": {
    "handle-message":
      "func(msg: record { subject: string, body: list<u8>, reply-to: option<string> }) -> result<_, string>",
  },
});

/** What each trace's call is, in values: made anew for each side, since streams are read once. */
interface Play {
  readonly func: string;
  readonly args: () => readonly unknown[];
  /** Absent where the callee fails. */
  readonly result?: () => unknown;
  /** What is seen of values that are no plain ones. */
  readonly seen?: (value: never) => Promise<unknown>;
}

interface Http {
  readonly body: WitStream;
  readonly trailers: Promise<unknown>;
}

const seeHttp = async ({ body, trailers, ...head }: Http): Promise<unknown> => ({
  ...head,
  body: Buffer.from(await bytesOfStream(body)).toString(),
  trailers: await trailers,
});
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const foo = fromHex("0190a1b2");
const plays: Readonly<Record<string, Play>> = {
  "a-hello": {
    func: "wrpc-examples:hello/handler#hello",
    args: () => [],
    result: () => "hello from Rust",
  },
  "b-strings": {
    func: "my:pkg/greeter@1.0.0#greet",
    args: () => ["Ada", "en"],
    result: () => "Hello, Ada",
  },
  "d-http": {
    func: "wrpc:http/incoming-handler@0.1.0#handle",
    args: () => [
      {
        body: streamOf([text("hello")]),
        trailers: Promise.resolve(undefined),
        method: { tag: "post" },
        pathWithQuery: "/",
        scheme: { tag: "HTTP" },
        authority: "localhost:8080",
        headers: [],
      },
    ],
    result: () => ({
      tag: "ok",
      val: {
        body: streamOf([text("hi")]),
        trailers: Promise.resolve(undefined),
        status: 200,
        headers: [],
      },
    }),
    seen: (value: Http & { readonly val?: Http }) => seeHttp(value.val ?? value),
  },
  "e-future": {
    func: "my:pkg/later@1.0.0#later",
    args: () => [300],
    result: () => Promise.resolve("done"),
    seen: (value: unknown) => Promise.resolve(value),
  },
  "f-resource-constructor": {
    func: "my:pkg/res@1.0.0#[constructor]foo",
    args: () => ["n1"],
    result: () => foo,
  },
  "f-resource-method": {
    func: "my:pkg/res@1.0.0#[method]foo.get",
    args: () => [foo],
    result: () => 7,
  },
  "g-failure-after-accept": { func: "my:pkg/greeter@1.0.0#greet", args: () => ["Ada", "en"] },
  "i-keyvalue-get-some": {
    func: `${store}#get`,
    args: () => ["", "mykey"],
    result: () => ({ tag: "ok", val: text("value") }),
  },
  "i-keyvalue-get-none": {
    func: `${store}#get`,
    args: () => ["", "mykey"],
    result: () => ({ tag: "ok", val: undefined }),
  },
  "i-keyvalue-get-err": {
    func: `${store}#get`,
    args: () => ["", "mykey"],
    result: () => ({ tag: "err", val: { tag: "no-such-store" } }),
  },
  "i-keyvalue-set": {
    func: `${store}#set`,
    args: () => ["", "mykey", text("value")],
    result: () => ({ tag: "ok", val: undefined }),
  },
  "j-messaging": {
    func: "wasmcloud:messaging/handler@0.2.0#handle-message",
    args: () => [{ subject: "a.b", body: text("hi"), replyTo: undefined }],
    result: () => ({ tag: "ok", val: undefined }),
  },
};

const cases = traces.flatMap((trace) => {
  const play = plays[trace.name];
  return play === undefined ? [] : { ...trace, play };
});

test("all traces but that of a server's refusal are played", () => {
  const missing = traces.filter(({ name }) => plays[name] === undefined).map(({ name }) => name);
  expect(missing).toEqual(["h-no-responders"]);
});

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const node = shared(() => openWrpcNode(server.ws));

/** Messages by the path behind an inbox, each path's in order: paths are independent of each other. */
function byPath(messages: readonly Message[]): Readonly<Record<string, readonly string[]>> {
  const paths: Record<string, string[]> = {};
  for (const { subject, payloadHex } of messages) {
    (paths[tailOf(subject)] ??= []).push(payloadHex);
  }
  return paths;
}

const tailOf = (subject: string): string => subject.replace(/^_INBOX\.[CS]\.\d\.?/, "");

function heardByPath({ heard }: Conversation): Readonly<Record<string, readonly string[]>> {
  const paths: Record<string, string[]> = {};
  for (const { path, hex } of heard) (paths[path] ??= []).push(hex);
  return paths;
}

test.each(cases)("$name, called by a peer", async ({ name, messages, play }) => {
  shows(
    "wRPC, called: streams and futures in parameters",
    "wRPC, called: streams and futures in results",
    "wRPC, called: results",
  );
  const [invocation, ...others] = messages;
  const id = `callee-${name}`;
  const seen: unknown[] = [];
  await node.serve(
    id,
    world,
    {
      [play.func]: async (...args: never[]) => {
        for (const arg of args) seen.push(await (play.seen?.(arg) ?? arg));
        if (play.result === undefined) throw new Error("the component traps");
        return [play.result()];
      },
    },
    { handles: true },
  );
  const subject = (invocation?.subject ?? "").replace(".echo.", `.${id}.`);

  const call = await startCall(
    peer.nats,
    subject,
    invocation?.payloadHex ?? "",
    invocation?.headers,
  );
  for (const { dir, subject: at, payloadHex } of others) {
    if (dir === "c>s") call.send(tailOf(at), payloadHex);
  }
  const expected = others.filter(({ dir }) => dir === "s>c");
  await call.until(() => call.heard.length >= expected.length);

  expect(heardByPath(call)).toEqual(byPath(expected));
  expect(call.heard[0]).toMatchObject({ path: "", reply: expect.stringMatching(/^_INBOX\./) });
  expect(call.heard.every(({ headers }) => headers === undefined)).toBe(true);
  const wanted: unknown[] = [];
  for (const arg of play.args()) {
    // oxlint-disable-next-line no-await-in-loop, typescript/no-unsafe-type-assertion -- one after the other
    wanted.push(await (play.seen?.(arg as never) ?? arg));
  }
  expect(seen).toEqual(wanted);
  await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
});

test.each(cases)("$name, calling a peer", async ({ name, messages, play }) => {
  shows("wRPC, calling: streams and futures sent", "wRPC, calling: streams and futures received");
  const [invocation, ...others] = messages;
  const id = `caller-${name}`;
  const subject = (invocation?.subject ?? "").replace(".echo.", `.${id}.`);
  const { next } = await answerCall(peer.nats, subject);

  const running = node.call(id, world, play.func, play.args());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the play has it
  const see = async (value: unknown): Promise<unknown> => play.seen?.(value as never) ?? value;
  const outcome = running.then(
    ([result]) => see(result),
    ({ code }: { code: string }) => code,
  );
  const call = await next;
  call.accept();
  for (const { dir, subject: at, payloadHex } of others.slice(1)) {
    if (dir === "s>c") call.send(tailOf(at), payloadHex);
  }

  expect(call.invocation.hex).toBe(invocation?.payloadHex);
  expect(call.invocation.headers?.get("link-name")).toBe("default");
  expect(await outcome).toEqual(
    play.result === undefined ? "incomplete" : await see(play.result()),
  );
  const sent = others.filter(({ dir }) => dir === "c>s");
  await call.until(() => call.heard.length >= sent.length);
  expect(heardByPath(call)).toEqual(byPath(sent));
  await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
});

test("c: parameters of 2.5 MB go in messages of max_payload, and the end marker after them", async () => {
  const bytesWorld = worldOf({ "my:pkg/big": { size: "func(data: list<u8>) -> u32" } });
  const { next } = await answerCall(peer.nats, "default.big.wrpc.0.0.1.my:pkg/big.size");

  const running = node.call("big", bytesWorld, "my:pkg/big#size", [new Uint8Array(2_500_000)]);
  const call = await next;
  call.accept();
  await call.until(() => call.on("params").includes(""));
  call.send("results", "a0cb9801");
  call.send("results", "");

  expect(await running).toEqual([2_500_000]);
  const headers = call.invocation.headers?.get("link-name") ?? "";
  const first = call.invocation.hex.length / 2;
  const budget = 1_048_576 - `NATS/1.0\r\nlink-name: ${headers}\r\n\r\n`.length;
  expect(first).toBe(budget);
  const rest = 2_500_004 - budget - 1_048_576;
  expect(call.on("params").map((hex) => hex.length / 2)).toEqual([1_048_576, rest, 0]);
});

test("c: parameters of 2.5 MB are taken in the pieces of a Rust peer, and results are cut as it cuts", async () => {
  const bytesWorld = worldOf({ "my:pkg/big": { same: "func(data: list<u8>) -> list<u8>" } });
  await node.serve("same", bytesWorld, { "my:pkg/big#same": (data: Uint8Array) => [data] });
  const params = Buffer.concat([fromHex("a0cb9801"), Buffer.alloc(2_500_000, 7)]);

  const call = await startCall(
    peer.nats,
    "default.same.wrpc.0.0.1.my:pkg/big.same",
    params.subarray(0, 1_048_524),
  );
  call.send("params", params.subarray(1_048_524, 2_097_100));
  call.send("params", params.subarray(2_097_100));
  call.send("params", "");
  await call.until(() => call.on("results").includes(""));

  const results = call.on("results");
  expect(results.map((hex) => hex.length / 2)).toEqual([1_048_576, 1_048_576, 402_852, 0]);
  expect(results.join("")).toBe(params.toString("hex"));
});

test("h: a call that nobody serves is refused at once, by the server's word", async () => {
  shows("wRPC, calling: not served");
  const running = node.call("nobody", world, "my:pkg/greeter@1.0.0#greet", ["Ada", "en"]);

  await expect(running).rejects.toMatchObject({
    code: "not-served",
    message: "nobody serves my:pkg/greeter@1.0.0.greet of nobody",
  });
  expect(node.kept()).toEqual(NOTHING_KEPT);
});
