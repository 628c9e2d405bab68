/** What peers of wRPC are known to get wrong, each with what is done about it. */
import { describe, expect, test } from "vitest";
import type { WitStream } from "../../../src/core/wit.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { fromHex, toHex } from "../../support/hex.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { chunksOf, pattern, streamOf } from "../../support/streams.ts";
import { NOTHING_KEPT, openWrpcNode, worldOf } from "../../support/wrpc-node.ts";
import { answerCall, startCall } from "../../support/wrpc-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";

const api = "my:pkg/peers";
const flags = (count: number): string =>
  `flags { ${Array.from({ length: count }, (_, i) => `f${i}`).join(", ")} }`;
const world = worldOf({
  [api]: {
    negate: "func(a: s16, b: s32, c: s64) -> tuple<s16, s32, s64>",
    open: "func() -> result<own<pail>, string>",
    "[constructor]pail": "func(name: string) -> own<pail>",
    "[method]pail.level": "func(self: borrow<pail>) -> u32",
    "[static]pail.largest": "func(a: own<pail>, b: own<pail>) -> own<pail>",
    misplaced: "func() -> tuple<own<pail>, string>",
    flags17: `func() -> ${flags(17)}`,
    flags33: `func() -> ${flags(33)}`,
    flags65: `func() -> ${flags(65)}`,
    "in-the-middle": `func() -> tuple<${flags(24)}, u8>`,
    note: "func(text: string)",
    hello: "func() -> string",
    each: "func() -> list<stream<u8>>",
    take: "func(data: stream<u8>) -> u32",
    greet: "func(name: string) -> string",
  },
});
const at = (id: string, func: string): string => `default.${id}.wrpc.0.0.1.${api}.${func}`;

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const node = shared(() => openWrpcNode(server.ws));

/** A call of `func` that a peer answers with `results`, and the call as the peer saw it. */
async function callPeer(id: string, func: string, args: readonly unknown[], results: string) {
  const wire = func.replace(/^\[.*\]/, "");
  const { next } = await answerCall(peer.nats, at(id, wire));
  const running = node.call(id, world, `${api}#${func}`, args);
  const call = await next;
  call.accept();
  await call.until(() => call.on("params").includes(""));
  call.send("results", results);
  call.send("results", "");
  return { call, result: (await running)[0] };
}

describe("masked signed LEB128: Rust peers cannot read large negative numbers in their standard form", () => {
  const lowest = [-32_768, -2_147_483_648, -9_223_372_036_854_775_808n];
  const masked = ["808002", "8080808008", "80808080808080808001"].join("");
  const standard = ["80807e", "8080808078", "8080808080808080807f"].join("");

  test("they are sent in the form that Rust reads, as arguments and as results", async () => {
    shows("Peers' defects: signed LEB128 of Rust");
    await node.serve("signed", world, { [`${api}#negate`]: () => [lowest] });

    const { call: asked } = await callPeer("signed-peer", "negate", lowest, masked);
    const answered = await startCall(peer.nats, at("signed", "negate"), "000000");
    answered.send("params", "");
    await answered.until(() => answered.on("results").includes(""));

    expect(asked.invocation.hex).toBe(masked);
    expect(answered.on("results")).toEqual([masked, ""]);
  });

  test.each([
    { form: "masked", hex: masked },
    { form: "standard", hex: standard },
  ])("they are read in their $form form", async ({ form, hex }) => {
    const { result } = await callPeer(`signed-${form}`, "negate", lowest, hex);

    expect(result).toEqual(lowest);
  });
});

describe("handle last: wasmCloud hosts read all that follows a handle into it, up to the end of the results", () => {
  test("the end of the results always follows, in a message of its own", async () => {
    shows("Peers' defects: handles swallow the rest");
    const handle = fromHex("0190a1b2");
    await node.serve(
      "opener",
      world,
      { [`${api}#open`]: () => [{ tag: "ok", val: handle }] },
      { handles: true },
    );

    const call = await startCall(peer.nats, at("opener", "open"), "");
    call.send("params", "");
    await call.until(() => call.on("results").includes(""));

    expect(call.on("results")).toEqual(["00040190a1b2", ""]);
  });

  test("a function whose result has a handle before something else is served, with a warning", async () => {
    await node.serve("misplacer", world, {}, { handles: true });

    const warned = node.log.filter(({ event }) => event === "serve.handle-not-last");
    expect(warned.map(({ fields }) => [fields["func"], fields["resource"]])).toContainEqual([
      "misplaced",
      "pail",
    ]);
    expect(warned.some(({ fields }) => fields["func"] === "open")).toBe(false);
  });
});

describe("flags widths: statically bound Rust peers send 4, 8 or 16 bytes where 3, 5 or 9 would do", () => {
  test.each([
    { func: "flags17", sent: "01000100", last: "f16" },
    { func: "flags33", sent: "0100000001000000", last: "f32" },
    { func: "flags65", sent: `01${"00".repeat(7)}01${"00".repeat(7)}`, last: "f64" },
  ])("the surplus of $func is ignored at the end of the results", async ({ func, sent, last }) => {
    const { result } = await callPeer(`wide-${func}`, func, [], sent);

    expect(result).toMatchObject({ f0: true, f1: false, [last]: true });
  });

  test("before another value nobody can tell it from that value: it is read as the other codecs read it", async () => {
    const { result } = await callPeer("wide-middle", "in-the-middle", [], "01000007");

    expect(result).toMatchObject([{ f0: true, f23: false }, 7]);
  });
});

describe("functions without results: a failure looks like success, and callers may not wait for the end", () => {
  test("they succeed with the end of the results alone", async () => {
    shows("Peers' defects: functions without results", "wRPC, called: no results");
    const { call, result } = await callPeer("mute", "note", ["hi"], "");

    expect(result).toBeUndefined();
    expect(call.on("params")).toEqual([""]);
  });

  test("a caller that leaves after the acceptance is served to the end", async () => {
    const notes: string[] = [];
    await node.serve("noter", world, {
      [`${api}#note`]: (text: string) => {
        notes.push(text);
        return [];
      },
    });

    const call = await startCall(peer.nats, at("noter", "note"), "026869");
    call.leave();

    await expect.poll(() => notes).toEqual(["hi"]);
    await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
  });
});

describe("element paths: Rust peers cannot receive what is deferred within lists", () => {
  test("it is read from peers that can send it, by the index of its element", async () => {
    const { next } = await answerCall(peer.nats, at("lists", "each"));
    const running = node.call("lists", world, `${api}#each`, []);
    const call = await next;
    call.accept();
    call.send("results", "020000");
    call.send("results", "");
    call.send("results.0.1", "0102");
    call.send("results.0.1", "00");
    call.send("results.0.0", "010100");

    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the world of the test has it
    const [streams] = (await running) as [readonly WitStream[]];
    const contents = await Promise.all(streams.map(chunksOf));

    expect(contents).toEqual([[Uint8Array.of(1)], [Uint8Array.of(2)]]);
    await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
  });
});

describe("no headers, no context: providers learn nothing of a caller whose message has no headers", () => {
  test("each call has at least the name of its link", async () => {
    const { call } = await callPeer("context", "hello", [], "0568656c6c6f");

    expect(call.invocation.headers?.keys()).toEqual(["link-name"]);
    expect(call.invocation.headers?.get("link-name")).toBe("default");
  });
});

describe("read before decode: statically bound Rust peers wait for a message or an end before they look", () => {
  test("the end of the parameters is sent with their last bytes, before anything that flows", async () => {
    shows("Peers' defects: parameterless functions", "wRPC, calling: end of parameters");
    const { next } = await answerCall(peer.nats, at("static", "take"));
    const running = node.call("static", world, `${api}#take`, [streamOf(pattern(200_000))]);
    const call = await next;
    call.accept();
    await call.until(() => call.on("params.0").includes(""));
    call.send("results", "07");

    expect((await running)[0]).toBe(7);
    expect(call.heard[0]).toMatchObject({ path: "params", hex: "" });
  });
});

describe("generation 1 as of wasmCloud 1.1 and 1.2: a call that failed ends without any word", () => {
  test("it ends at the caller's deadline, which says that it had been accepted", async () => {
    const { next } = await answerCall(peer.nats, at("old", "hello"));
    const gone = new AbortController();
    const running = node.call("old", world, `${api}#hello`, [], { signal: gone.signal });
    const call = await next;
    call.accept();
    await call.until(() => call.on("params").includes(""));

    gone.abort(new LatticeError("deadline", "no answer within 30000 ms"));

    await expect(running).rejects.toMatchObject({
      code: "deadline",
      message: `no answer within 30000 ms (${api}.hello of old: it was accepted, its results did not come until then)`,
    });
    expect(node.kept()).toEqual(NOTHING_KEPT);
  });
});

describe("a host that is full accepts late, with no word before", () => {
  test("the handshake takes as long as the call may", async () => {
    shows("Peers' defects: busy Rust hosts", "wRPC, calling: deadlines");
    const { next } = await answerCall(peer.nats, at("busy", "hello"));
    const running = node.call("busy", world, `${api}#hello`, []);
    const call = await next;
    // Nothing happens meanwhile: other calls come and go.
    await callPeer("idle", "hello", [], "0568656c6c6f");
    call.accept();
    call.send("results", "0568656c6c6f");

    expect((await running)[0]).toBe("hello");
  });

  test.each([
    { reason: new LatticeError("deadline", "too late"), code: "deadline" },
    { reason: new DOMException("The operation timed out", "TimeoutError"), code: "deadline" },
    { reason: new Error("the page was left"), code: "aborted" },
  ])("one that never does ends with $code: $reason.message", async ({ reason, code }) => {
    const id = `dead-${reason.message.replaceAll(" ", "-")}`;
    const { next } = await answerCall(peer.nats, at(id, "hello"));
    const gone = new AbortController();
    const running = node.call(id, world, `${api}#hello`, [], { signal: gone.signal });
    await next;

    gone.abort(reason);

    await expect(running).rejects.toMatchObject({
      code,
      message: `${reason.message} (${api}.hello of ${id}: it was not accepted until then)`,
    });
  });
});

describe("surplus: bytes behind the values are nobody's", () => {
  test("they are ignored, in parameters and in results", async () => {
    await node.serve("surplus", world, { [`${api}#greet`]: (name: string) => [`Hi ${name}`] });

    const call = await startCall(peer.nats, at("surplus", "greet"), "03416461ff");
    call.send("params", "ffff");
    await call.until(() => call.on("results").includes(""));
    const { result } = await callPeer("surplus-peer", "hello", [], "0568656c6c6fffff");

    expect(call.on("results")).toEqual([toHex(Buffer.from("\u0006Hi Ada")), ""]);
    expect(result).toBe("hello");
  });
});

test("resources of a peer: constructor, method and static by their names on the wire, handles as they are", async () => {
  shows("wRPC, calling: resources");
  const { call: made, result: pail } = await callPeer(
    "pails",
    "[constructor]pail",
    ["small"],
    "040190a1b2",
  );
  const { call: asked, result: level } = await callPeer(
    "pails",
    "[method]pail.level",
    [pail],
    "07",
  );
  const { call: compared, result: largest } = await callPeer(
    "pails",
    "[static]pail.largest",
    [pail, fromHex("ff")],
    "01ff",
  );

  expect([made, asked, compared].map(({ invocation }) => invocation.hex)).toEqual([
    "05736d616c6c",
    "040190a1b2",
    "040190a1b201ff",
  ]);
  expect([pail, level, largest]).toEqual([fromHex("0190a1b2"), 7, fromHex("ff")]);
});

test("resources between two nodes: handles go out and come back as their maker's bytes", async () => {
  shows("wRPC, called: resources in parameters and results");
  const levels = new Map<string, number>();
  await node.serve(
    "maker",
    world,
    {
      [`${api}#[constructor]pail`]: (name: string) => {
        levels.set(toHex(Buffer.from(name)), name.length);
        return [new Uint8Array(Buffer.from(name))];
      },
      [`${api}#[method]pail.level`]: (self: Uint8Array) => [levels.get(toHex(self))],
    },
    { handles: true },
  );
  await using other = await openWrpcNode(server.ws);

  const [pail] = await other.call("maker", world, `${api}#[constructor]pail`, ["large"]);
  const [level] = await other.call("maker", world, `${api}#[method]pail.level`, [pail]);

  expect(level).toBe(5);
});
