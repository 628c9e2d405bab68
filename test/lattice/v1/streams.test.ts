/** Streams and futures of calls: between two nodes, and with peers that know nothing of credit. */
import { expect, test } from "vitest";
import type { WitStream } from "../../../src/core/wit.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { WINDOW_BYTES } from "../../../src/dialects/v1/flow.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { bytesOfStream, checkPattern, chunksOf, pattern, streamOf } from "../../support/streams.ts";
import { openTcpProxy } from "../../support/tcp-proxy.ts";
import { NOTHING_KEPT, openWrpcNode, worldOf } from "../../support/wrpc-node.ts";
import { answerCall, startCall } from "../../support/wrpc-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";

const api = "my:pkg/flow";
const world = worldOf({
  [api]: {
    echo: "func(data: stream<u8>) -> stream<u8>",
    sink: "func(data: stream<u8>) -> u32",
    source: "func(size: u32) -> stream<u8>",
    later: "func() -> future<string>",
    take: "func(value: future<string>) -> string",
    rows: "func() -> stream<record { name: string, at: u64 }>",
    many: "func(all: list<stream<u8>>) -> list<future<string>>",
    turns: "func() -> stream<future<string>>",
    deep: "func(value: future<stream<u8>>) -> future<future<list<stream<u8>>>>",
    pair: "func() -> tuple<stream<u8>, future<result<_, string>>>",
    silent: "func(data: stream<u8>)",
  },
});
const at = (id: string, func: string): string => `default.${id}.wrpc.0.0.1.${api}.${func}`;
const MB = 1024 * 1024;

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const caller = shared(() => openWrpcNode(server.ws));
const callee = shared(() => openWrpcNode(server.ws));

const nothingKept = async (): Promise<void> => {
  await expect.poll(() => [caller.kept(), callee.kept()]).toEqual([NOTHING_KEPT, NOTHING_KEPT]);
};

/** The stream that a call gave. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world of the test says that it is one
const streamIn = ([value]: readonly unknown[]): WitStream => value as WitStream;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test("20 MB flow through a callee and back, and little of them is kept anywhere", async () => {
  await callee.serve("echo", world, { [`${api}#echo`]: (data: WitStream) => [data] });
  let most = 0;

  const results = await caller.call("echo", world, `${api}#echo`, [streamOf(pattern(20 * MB))]);
  const read = await checkPattern(streamIn(results), () => {
    most = Math.max(most, caller.kept().bytes, callee.kept().bytes);
  });
  await results.ended;

  expect(read).toBe(20 * MB);
  expect(most).toBeLessThan(1.5 * WINDOW_BYTES);
  await nothingKept();
});

test("20 MB from and to a peer without credit arrive whole", async () => {
  shows("Peers' defects: 16-message channels");
  const taken: number[] = [];
  await callee.serve("plain", world, {
    [`${api}#sink`]: async (data: WitStream) => {
      const size = await checkPattern(data);
      taken.push(size);
      return [size];
    },
    [`${api}#source`]: (size: number) => [streamOf(pattern(size))],
  });

  const sink = await startCall(peer.nats, at("plain", "sink"), "00");
  for (const chunk of pattern(20 * MB, 65_536)) {
    sink.send("params.0", Buffer.concat([Uint8Array.of(0x80, 0x80, 0x04), chunk]));
  }
  sink.send("params.0", "00");
  sink.send("params.0", "");
  sink.send("params", "");
  await sink.until(() => sink.on("results").includes(""), 45_000);
  const source = await startCall(peer.nats, at("plain", "source"), "8080800a");
  await source.until(() => source.on("results.0").includes(""), 45_000);

  expect(taken).toEqual([20 * MB]);
  const bytes = Buffer.from(source.on("results.0").join(""), "hex");
  const framing = (20 * MB) / 65_536;
  expect(bytes.length).toBe(20 * MB + framing * 3 + 1);
  const messages = source.on("results.0").map((hex) => hex.length / 2);
  // A chunk of 64 KiB is not cut for the sake of its count.
  expect(Math.max(...messages)).toBe(65_536 + 3);
  await nothingKept();
});

test("results come before their streams end; the record and a drain come after", async () => {
  let finish: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (finish = resolve));
  const serving = await callee.serve("early", world, {
    [`${api}#source`]: () => [
      streamOf(
        (async function* () {
          yield text("first");
          await held;
          yield text("last");
        })(),
      ),
    ],
  });
  const before = callee.calls.length;

  const results = await caller.call("early", world, `${api}#source`, [0]);
  const reader = streamIn(results).getReader();
  const first = await reader.read();
  const drained = serving.drain().then(() => callee.calls.length);
  const recordedEarly = callee.calls.length;
  finish();
  const last = await reader.read();
  const end = await reader.read();

  expect([first.value, last.value, end.done]).toEqual([text("first"), text("last"), true]);
  expect(recordedEarly).toBe(before);
  expect(await drained).toBe(before + 1);
  await results.ended;
  await nothingKept();
});

test("a slow reader holds the sender back: no more than a window is under way", async () => {
  shows("wRPC, calling: streams and futures sent");
  let given = 0;
  const source = function* (): Iterable<Uint8Array> {
    for (const chunk of pattern(8 * MB)) {
      given += chunk.length;
      yield chunk;
    }
  };
  await callee.serve("slow", world, { [`${api}#source`]: () => [streamOf(source())] });
  let ahead = 0;

  const results = await caller.call("slow", world, `${api}#source`, [0]);
  const read = await checkPattern(streamIn(results), async (size) => {
    await caller.bus.flush(AbortSignal.timeout(30_000)); // the sender has all the time that it could use
    ahead = Math.max(ahead, given - size);
  });

  expect(read).toBe(8 * MB);
  expect(ahead).toBeLessThanOrEqual(2 * WINDOW_BYTES);
  await nothingKept();
});

test("a reader that cancels stops the source at the other end, and the call ends", async () => {
  let stopped: () => void = () => undefined;
  const cancelled = new Promise<void>((resolve) => (stopped = resolve));
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)),
    cancel: () => stopped(),
  });
  await callee.serve("endless", world, { [`${api}#source`]: () => [endless] });

  const results = await caller.call("endless", world, `${api}#source`, [0]);
  const reader = streamIn(results).getReader();
  await reader.read();
  await reader.cancel();
  await cancelled;

  await results.ended;
  await nothingKept();
  expect(callee.calls.at(-1)).toMatchObject({ outcome: "ok" });
});

test("a callee that returns without reading lets its caller stop sending", async () => {
  let stopped: () => void = () => undefined;
  const cancelled = new Promise<void>((resolve) => (stopped = resolve));
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)),
    cancel: () => stopped(),
  });
  await callee.serve("unread", world, { [`${api}#sink`]: () => [7] });

  const results = await caller.call("unread", world, `${api}#sink`, [endless]);
  await cancelled;

  expect([...results]).toEqual([7]);
  await nothingKept();
});

test("what a reader of a peer's stream gave up is dropped, however much still comes", async () => {
  const { next } = await answerCall(peer.nats, at("torrent", "source"));
  const running = caller.call("torrent", world, `${api}#source`, [0]);
  const call = await next;
  call.accept();
  call.send("results", "00");
  call.send("results.0", "0101");
  const results = await running;

  await streamIn(results).cancel();
  for (const chunk of pattern(2 * MB)) call.send("results.0", chunk);
  await peer.nats.flush();

  await expect(results.ended).resolves.toBeUndefined();
  await nothingKept();
});

test("more than a bounded part of a stream that nobody reads breaks it off, and no other call", async () => {
  const { next } = await answerCall(peer.nats, at("flood", "source"));
  const running = caller.call("flood", world, `${api}#source`, [0]);
  const call = await next;
  call.accept();
  call.send("results", "00");
  const results = await running;

  const chunk = new Uint8Array(MB);
  for (let sent = 0; sent < 40; sent++) call.send("results.0", chunk);
  const { closed } = streamIn(results).getReader();

  await expect(closed).rejects.toMatchObject({ code: "overloaded" });

  await expect(results.ended).rejects.toMatchObject({ code: "overloaded" });
  await nothingKept();
});

test.each([
  { what: "a stream without its end", func: "source", sent: ["0568656c6c6f", ""] },
  { what: "a stream in the middle of a chunk", func: "source", sent: ["056865", ""] },
  { what: "a stream before it began", func: "source", sent: [""] },
  { what: "a future without its value", func: "later", sent: [""] },
  { what: "a future in the middle of its value", func: "later", sent: ["0568", ""] },
])("$what is one that broke off", async ({ what, func, sent }) => {
  const id = `cut-${what.replaceAll(" ", "-")}`;
  const { next } = await answerCall(peer.nats, at(id, func));
  const running = caller.call(id, world, `${api}#${func}`, func === "source" ? [0] : []);
  const call = await next;
  call.accept();
  call.send("results", "00");
  call.send("results", "");
  for (const message of sent) call.send("results.0", message);

  const results = await running;
  const value = results[0];
  const read = value instanceof ReadableStream ? bytesOfStream(value) : value;

  await expect(read).rejects.toMatchObject({ code: "incomplete" });
  await expect(results.ended).rejects.toMatchObject({ code: "incomplete" });
  await nothingKept();
});

test("a stream that fails at its source breaks off without its end mark, and the call is a failed one", async () => {
  const failing = async function* (): AsyncIterable<Uint8Array> {
    yield text("half");
    await Promise.reject(new LatticeError("guest-trapped", "unreachable"));
  };
  await callee.serve("failing", world, {
    [`${api}#source`]: () => [streamOf(failing())],
    [`${api}#later`]: () => [Promise.reject(new LatticeError("guest-trapped", "unreachable"))],
  });

  const source = await startCall(peer.nats, at("failing", "source"), "00");
  await source.until(() => source.on("results.0").includes(""));
  const later = await startCall(peer.nats, at("failing", "later"), "");
  await later.until(() => later.on("results.0").includes(""));
  const results = await caller.call("failing", world, `${api}#source`, [0]);

  expect([source.on("results"), source.on("results.0")]).toEqual([
    ["00", ""],
    ["0468616c66", ""],
  ]);
  expect([later.on("results"), later.on("results.0")]).toEqual([["00", ""], [""]]);
  await expect(bytesOfStream(streamIn(results))).rejects.toMatchObject({ code: "incomplete" });
  await nothingKept();
  expect(callee.calls.slice(-3)).toMatchObject([
    { outcome: "failed", error: "guest-trapped: unreachable" },
    { outcome: "failed", error: "guest-trapped: unreachable" },
    { outcome: "failed", error: "guest-trapped: unreachable" },
  ]);
});

test("a caller that vanishes in the middle of its parameters holds the callee until the deadline, no longer", async () => {
  shows("wRPC, called: cancellation");
  const ended: unknown[] = [];
  await callee.serve(
    "left",
    world,
    {
      [`${api}#sink`]: async (data: WitStream) => {
        try {
          return [await checkPattern(data)];
        } catch (cause) {
          ended.push(cause);
          throw cause;
        }
      },
    },
    { deadlineMs: 1000 },
  );

  const call = await startCall(peer.nats, at("left", "sink"), "00");
  call.send("params.0", "03000102");
  call.leave();
  await expect.poll(() => ended.length).toBe(1);

  expect(ended).toMatchObject([
    { code: "deadline", message: "the call did not end within 1000 ms" },
  ]);
  await nothingKept();
});

test("a caller that gives up ends the callee's call at once, and its own streams", async () => {
  shows("wRPC, called: cancellation");
  let aborted: () => void = () => undefined;
  const cancelled = new Promise<void>((resolve) => (aborted = resolve));
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)),
    cancel: () => aborted(),
  });
  await callee.serve("given-up", world, { [`${api}#echo`]: (data: WitStream) => [data] });
  const gone = new AbortController();

  const results = await caller.call("given-up", world, `${api}#echo`, [endless], {
    signal: gone.signal,
  });
  const reader = streamIn(results).getReader();
  await reader.read();
  gone.abort(new LatticeError("aborted", "the page was left"));
  await cancelled;

  await expect(reader.closed).rejects.toMatchObject({
    code: "aborted",
    message: expect.stringContaining("what flows in them did not end until then"),
  });
  await nothingKept();
  expect(callee.calls.at(-1)).toMatchObject({ outcome: "aborted" });
});

test("what flows may come before what it is part of, and paths in any order", async () => {
  shows("wRPC, calling: streams and futures received");
  const { next } = await answerCall(peer.nats, at("early-bird", "pair"));
  const running = caller.call("early-bird", world, `${api}#pair`, []);
  const call = await next;

  call.accept();
  call.send("results.0.1", "00");
  call.send("results.0.1", "");
  call.send("results.0.0", "02");
  call.send("results.0.7", "ffff");
  call.send("results.0.0", "6869");
  call.send("results.0.0", "00");
  call.send("results.0.0", "");
  call.send("results", "00");
  call.send("results", "00");
  call.send("results", "");

  const [pair] = await running;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the world of the test has it
  const [data, status] = pair as [WitStream, Promise<unknown>];
  expect(await bytesOfStream(data)).toEqual(Buffer.from("hi"));
  expect(await status).toEqual({ tag: "ok", val: undefined });
  await nothingKept();
});

test("contents that come inline, as no peer sends them, are read as well", async () => {
  const { next } = await answerCall(peer.nats, at("inline", "pair"));
  const running = caller.call("inline", world, `${api}#pair`, []);
  const call = await next;
  call.accept();
  call.send("results", "026869010101650101");
  call.send("results", "");

  const results = await running;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the world of the test has it
  const [data, status] = results[0] as [WitStream, Promise<unknown>];

  expect(await bytesOfStream(data)).toEqual(Buffer.from("hi"));
  expect(await status).toEqual({ tag: "err", val: "e" });
  await results.ended;
  await nothingKept();
});

test("records and futures, streams within lists, futures and streams: between two nodes", async () => {
  await callee.serve("nested", world, {
    [`${api}#rows`]: () => [
      streamOf([
        [
          { name: "a", at: 1n },
          { name: "b", at: 2n },
        ],
        [],
        [{ name: "c", at: 3n }],
      ]),
    ],
    [`${api}#take`]: async (value: Promise<string>) => [`${await value}!`],
    [`${api}#many`]: (all: readonly WitStream[]) => [
      all.map(async (each) => Buffer.from(await bytesOfStream(each)).toString()),
    ],
    [`${api}#turns`]: () => [
      streamOf([[Promise.resolve("a"), Promise.resolve("b")], [later("c")]]),
    ],
    [`${api}#deep`]: (value: Promise<WitStream>) => [
      value.then(bytesOfStream).then((bytes) => [streamOf([bytes]), streamOf([bytes, bytes])]),
    ],
  });
  const call = async (func: string, args: readonly unknown[]): Promise<unknown> =>
    (await caller.call("nested", world, `${api}#${func}`, args))[0];

  const [rows, taken, many, turns, deep] = await Promise.all([
    call("rows", []),
    call("take", [later("future")]),
    call("many", [[streamOf([text("one")]), streamOf([]), streamOf([text("three")])]]),
    call("turns", []),
    call("deep", [later(streamOf([text("ab")]))]),
  ]);

  expect((await chunksOf(streamIn([rows]))).flat()).toEqual([
    { name: "a", at: 1n },
    { name: "b", at: 2n },
    { name: "c", at: 3n },
  ]);
  expect(taken).toBe("future!");
  expect(await Promise.all(listIn(many))).toEqual(["one", "", "three"]);
  const futures = (await chunksOf(streamIn([turns]))).flatMap((chunk) => listIn(chunk));
  expect(await Promise.all(futures)).toEqual(["a", "b", "c"]);
  const lists = await Promise.all(listIn(deep).map((each) => bytesOfStream(streamIn([each]))));
  expect(lists.map(String)).toEqual(["ab", "abab"]);
  await nothingKept();
});

test("a function without results can take a stream, which flows on when it has returned", async () => {
  const taken: number[] = [];
  await callee.serve("silent", world, {
    [`${api}#silent`]: async (data: WitStream) => {
      taken.push(await checkPattern(data));
      return [];
    },
  });

  const results = await caller.call("silent", world, `${api}#silent`, [streamOf(pattern(3 * MB))]);

  expect([...results]).toEqual([]);
  await expect.poll(() => taken).toEqual([3 * MB]);
  await nothingKept();
});

test("300 calls with streams at once all get what is theirs", async () => {
  await callee.serve("crowd", world, { [`${api}#echo`]: (data: WitStream) => [data] });
  const SIZE = 40_000;

  const sizes = await Promise.all(
    Array.from({ length: 300 }, async () => {
      const source = streamOf(pattern(SIZE, 7_000));
      return checkPattern(streamIn(await caller.call("crowd", world, `${api}#echo`, [source])));
    }),
  );

  expect(new Set(sizes)).toEqual(new Set([SIZE]));
  await nothingKept();
});

test("what flows ends with the connection, at both ends", async () => {
  await using proxy = await openTcpProxy(server.wsPort);
  await using cut = await openWrpcNode(`ws://127.0.0.1:${proxy.port}`);
  let stopped: () => void = () => undefined;
  const cancelled = new Promise<void>((resolve) => (stopped = resolve));
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)),
    cancel: () => stopped(),
  });
  await callee.serve(
    "cut-off",
    world,
    { [`${api}#echo`]: (data: WitStream) => [data] },
    { deadlineMs: 3000 },
  );

  const results = await cut.call("cut-off", world, `${api}#echo`, [endless]);
  const reader = streamIn(results).getReader();
  await reader.read();
  proxy.reset();
  await cancelled;

  await expect(reader.closed).rejects.toMatchObject({ code: "disconnected" });
  await expect.poll(() => cut.kept()).toEqual(NOTHING_KEPT);
  await nothingKept();
});

test("a callee that loses its connection lets go of the call's streams at once", async () => {
  await using proxy = await openTcpProxy(server.wsPort);
  await using cut = await openWrpcNode(`ws://127.0.0.1:${proxy.port}`);
  const seen: unknown[] = [];
  let began: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (began = resolve));
  await cut.serve("cut-callee", world, {
    [`${api}#sink`]: async (data: WitStream) => {
      await checkPattern(data, () => began()).catch((cause: unknown) => seen.push(cause));
      return [0];
    },
  });
  await cut.bus.flush(AbortSignal.timeout(30_000));
  const call = await startCall(peer.nats, at("cut-callee", "sink"), "00");
  call.send("params.0", "03000102");
  await begun;

  proxy.reset();

  await expect.poll(() => seen).toMatchObject([{ code: "disconnected" }]);
  await expect.poll(() => cut.kept()).toEqual(NOTHING_KEPT);
});

/** Resolves in a later turn. */
const later = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(resolve, value));

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
