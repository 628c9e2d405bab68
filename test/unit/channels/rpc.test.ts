import { afterEach, beforeEach, expect, test } from "vitest";

import { answer, remote, transferring } from "../../../src/channels/rpc.ts";
import { LatticeError } from "../../../src/core/error.ts";

interface Methods {
  add(a: number, b: number): Promise<number>;
  fail(): Promise<void>;
  give(bytes: Uint8Array): Promise<Uint8Array>;
  wait(signal?: AbortSignal): Promise<string>;
  unclonable(): Promise<unknown>;
}

let channel: MessageChannel;
let here: AbortController;
let there: AbortController;
/** Messages that came over the port, each with the calls of one turn. */
let posts: unknown[];
let waits: AbortSignal[];
let methods: Methods;

beforeEach(() => {
  channel = new MessageChannel();
  here = new AbortController();
  there = new AbortController();
  posts = [];
  const asked: AbortSignal[] = [];
  waits = asked;
  methods = {
    add: async (a, b) => a + b,
    fail: async () => {
      throw new LatticeError("denied", "not today");
    },
    give: async (bytes) => transferring(bytes, [bytes.buffer as ArrayBuffer]),
    wait: (signal) =>
      new Promise((_, reject) => {
        if (signal === undefined) return reject(new Error("no signal came along"));
        asked.push(signal);
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    unclonable: async () => () => undefined,
  };
  channel.port2.addEventListener("message", ({ data }) => posts.push(data));
  answer(channel.port2, methods, there.signal);
});

afterEach(() => channel.port1.close());

const connect = (): Methods => remote<Methods>(channel.port1, here.signal);

test("a method of the other side gives its result", async () => {
  const other = connect();

  await expect(other.add(2, 3)).resolves.toBe(5);
});

test("calls of one turn travel in one message, and each gets its own answer", async () => {
  const other = connect();

  const sums = await Promise.all([other.add(1, 1), other.add(2, 2), other.add(3, 3)]);

  expect(sums).toEqual([2, 4, 6]);
  expect(posts).toHaveLength(1);
});

test("an error comes back with its code, message and stack", async () => {
  const other = connect();

  const failure = await other.fail().catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(LatticeError);
  expect(failure).toMatchObject({ code: "denied", message: "not today" });
  expect((failure as Error).stack).toContain("rpc.test.ts");
});

test("what is marked as transferring is gone on the side that gave it", async () => {
  const other = connect();
  const bytes = new Uint8Array([1, 2, 3]);

  const back = await other.give(transferring(bytes, [bytes.buffer]));

  expect(back).toEqual(new Uint8Array([1, 2, 3]));
  expect(bytes.length).toBe(0);
});

test("a signal ends the call here at once, and there by the signal in its place", async () => {
  const other = connect();
  const caller = new AbortController();
  const reason = new LatticeError("deadline", "too late");

  const call = other.wait(caller.signal);
  await expect.poll(() => waits).toHaveLength(1);
  caller.abort(reason);

  await expect(call).rejects.toBe(reason);
  await expect.poll(() => waits[0]?.aborted).toBe(true);
});

test("a call with an aborted signal is not made", async () => {
  const other = connect();
  const reason = new LatticeError("aborted", "never mind");

  await expect(other.wait(AbortSignal.abort(reason))).rejects.toBe(reason);
  await other.add(1, 1);

  expect(posts).toHaveLength(1);
});

test("a value that cannot be cloned fails its own call, not the others of its turn", async () => {
  const other = connect();
  const bad: unknown = () => undefined;

  const [sum, failure, unclonable] = await Promise.allSettled([
    other.add(1, 2),
    other.give(bad as Uint8Array),
    other.unclonable(),
  ]);

  expect(sum).toEqual({ status: "fulfilled", value: 3 });
  expect(failure).toMatchObject({ status: "rejected", reason: { code: "bad-input" } });
  expect(unclonable).toMatchObject({ status: "rejected", reason: { code: "bad-input" } });
});

test("only own methods are answered", async () => {
  const other = remote<Record<"valueOf" | "vanish", () => Promise<unknown>>>(
    channel.port1,
    here.signal,
  );

  await expect(other.valueOf()).rejects.toMatchObject({ code: "internal" });
  await expect(other.vanish()).rejects.toMatchObject({
    message: 'the channel has no method "vanish"',
  });
});

test("the end of the lifetime rejects what is pending and what comes later, with its reason", async () => {
  const other = connect();
  const pending = other.wait(new AbortController().signal);
  const reason = new LatticeError("worker-lost", "it died");

  here.abort(reason);

  await expect(pending).rejects.toBe(reason);
  await expect(other.add(1, 1)).rejects.toBe(reason);
});

test("the end of the answering side tells its running methods", async () => {
  const other = connect();
  void other.wait(new AbortController().signal).catch(() => undefined);
  await expect.poll(() => waits).toHaveLength(1);

  there.abort(new LatticeError("closed", "good night"));

  expect(waits[0]?.aborted).toBe(true);
});

test("a port whose other side closes rejects what is pending", async () => {
  const other = connect();
  const pending = other.wait(new AbortController().signal);
  await expect.poll(() => waits).toHaveLength(1);

  channel.port2.close();

  await expect(pending).rejects.toMatchObject({ code: "worker-lost" });
});

test("methods that are urgent are posted at once, behind what was asked before them", async () => {
  const posted: unknown[][] = [];
  const port = {
    postMessage: (messages: unknown[]) => void posted.push(messages),
    addEventListener: () => undefined,
  };
  const life = new AbortController();
  const methods = remote<{ slow(): Promise<void>; urgent(): Promise<void> }>(port, life.signal, {
    immediate: (method) => method === "urgent",
  });

  const calls = [methods.slow(), methods.urgent()];
  const before = posted.map((messages) => messages.length);
  await Promise.resolve();

  expect(before).toEqual([2]);
  expect(posted).toHaveLength(1);
  life.abort();
  await Promise.allSettled(calls);
});
