import { describe, expect, test } from "vitest";
import type { WitValue, World } from "../../../src/core/wit.ts";
import type { Held } from "../../../src/interfaces/import-mapping.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";

const interfaces = createInterfaces();
const CONSUMER = "wasmcloud:messaging/consumer@0.2.0";
const TYPES = "wasmcloud:messaging/types@0.3.0";
const PRODUCER = "wasmcloud:messaging/producer@0.3.0";
const REQUEST_REPLY = "wasmcloud:messaging/request-reply@0.3.0";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An instance of a component; `answer` is what the lattice gives, or throws. */
function instance(
  answer?: unknown,
  { held = interfaces.workload().held(), linkName = "default" } = {},
) {
  const sent: unknown[] = [];
  const run = async (iface: string, func: string, ...args: WitValue[]) => {
    const found = interfaces.importOf(iface)?.functions.get(func);
    if (found === undefined) throw new Error(`no ${iface}#${func}`);
    const results = await found(args, {
      held,
      linkName,
      signal: new AbortController().signal,
      far: async (...call) => {
        sent.push(call);
        if (answer instanceof Error) throw answer;
        return [answer];
      },
    });
    return results[0];
  };
  const connect = async (name: string) =>
    Reflect.get(Object(await run(TYPES, "[static]client.connect", name)), "val");
  const message = (text: string) => run(TYPES, "[constructor]message", bytes(text));
  return { run, connect, message, sent };
}

const ok = { tag: "ok", val: undefined };

test("0.2 goes as it is; a lattice out of reach is an error of the interface", async () => {
  const message = { subject: "a.b", body: bytes("hi"), replyTo: undefined };

  const well = instance(ok);
  const given = await well.run(CONSUMER, "publish", message);
  const badly = await instance(new LatticeError("link-missing", "no link")).run(
    CONSUMER,
    "request",
    "a.b",
    bytes("hi"),
    5,
  );

  expect(given).toEqual(ok);
  expect(well.sent).toEqual([[CONSUMER, "publish", [message]]]);
  expect(badly).toEqual({ tag: "err", val: "no link" });
});

describe("0.3, told in the words of 0.2", () => {
  test("a message that is sent is published", async () => {
    const { run, connect, message, sent } = instance(ok);

    const given = await run(PRODUCER, "send", await connect(""), "a.b", await message("hi"));

    expect(given).toEqual(ok);
    expect(sent).toEqual([
      [CONSUMER, "publish", [{ subject: "a.b", body: bytes("hi"), replyTo: undefined }]],
    ]);
  });

  test("a message is gone once it was sent", async () => {
    const { run, connect, message } = instance(ok);
    const [client, hi] = [await connect("default"), await message("hi")];

    await run(PRODUCER, "send", client, "a.b", hi);

    await expect(run(PRODUCER, "send", client, "a.b", hi)).rejects.toMatchObject({
      code: "bad-input",
    });
  });

  test.each([
    { answer: { tag: "err", val: "no disk" }, says: "no disk" },
    { answer: new LatticeError("not-served", "nobody"), says: "nobody" },
  ])("a refusal is an error: $says", async ({ answer, says }) => {
    const { run, connect, message } = instance(answer);

    const given = await run(PRODUCER, "send", await connect(""), "a.b", await message("hi"));

    expect(given).toEqual({ tag: "err", val: { tag: "other", val: says } });
  });

  test("a client of another link than the chosen one sends nothing", async () => {
    const { run, connect, message, sent } = instance(ok, { linkName: "backup" });

    const given = await run(PRODUCER, "send", await connect("main"), "a.b", await message("hi"));

    expect(given).toMatchObject({ tag: "err", val: { tag: "other" } });
    expect(sent).toEqual([]);
  });

  test("metadata is the message's own, and does not pass", async () => {
    const { run, connect, message, sent } = instance(ok);
    const hi = await message("hi");

    await run(TYPES, "[method]message.add-metadata", hi, "a", "1");
    await run(TYPES, "[method]message.add-metadata", hi, "b", "2");
    await run(TYPES, "[method]message.remove-metadata", hi, "a");
    const kept = await run(TYPES, "[method]message.metadata", hi);
    const given = await run(PRODUCER, "send", await connect(""), "a.b", hi);

    expect(kept).toEqual([["b", "2"]]);
    expect(given).toMatchObject({ tag: "err" });
    expect(sent).toEqual([]);
  });

  test("a request waits as long as its options say, and gives the reply as a message", async () => {
    const reply = { subject: "inbox", body: bytes("pong"), replyTo: undefined };
    const { run, connect, message, sent } = instance({ tag: "ok", val: reply });
    const options = await run(REQUEST_REPLY, "[constructor]request-options");
    await run(REQUEST_REPLY, "[method]request-options.set-timeout-ms", options, 50);

    const given = await run(
      REQUEST_REPLY,
      "request",
      await connect(""),
      "a.b",
      await message("ping"),
      options,
    );

    expect(sent).toEqual([[CONSUMER, "request", ["a.b", bytes("ping"), 50]]]);
    const [handle] = Reflect.get(Object(given), "val");
    expect(await run(TYPES, "[method]message.data", handle)).toEqual(bytes("pong"));
    expect(await run(TYPES, "[method]message.topic", handle)).toBe("inbox");
  });

  test("an instance holds no more than a host can bear", async () => {
    const { message, run } = instance(ok);
    const handle = await message("x");

    const many = async () => {
      for (let i = 0; i < 1_000; i++) await message("x");
    };
    const large = run(TYPES, "[method]message.set-data", handle, new Uint8Array(65 * 1024 * 1024));

    await expect(large).rejects.toMatchObject({ code: "too-large" });
    await expect(many()).rejects.toMatchObject({ code: "bad-input" });
  });

  test("a handle of one kind is none of another", async () => {
    const { run, connect } = instance(ok);
    const client = await connect("");

    await expect(run(TYPES, "[method]message.data", client)).rejects.toMatchObject({
      code: "bad-input",
    });
  });
});

describe("a handler of 0.3 is called by the lattice's 0.2", () => {
  const handler = new Map([["handle", { params: [] }]]);
  const world: World = {
    imports: new Map(),
    exports: new Map([["wasmcloud:messaging/incoming-handler@0.3.0", handler]]),
  };

  /** Serves one message; `guest` is the component's function, with its imports. */
  async function serving(
    guest: (handle: WitValue, run: ReturnType<typeof instance>["run"]) => Promise<WitValue>,
    replyTo?: string,
  ) {
    const own = interfaces.workload();
    const held: Held = own.held();
    const { run, sent } = instance(ok, { held });
    const face = own.face(world, { invoke: async ({ args }) => [await guest(args[0], run)] });
    const results = await face.callee.invoke({
      id: "1",
      source: undefined,
      target: entityId("me"),
      link: "default",
      instance: "wasmcloud:messaging/handler@0.2.0",
      func: "handle-message",
      args: [{ subject: "a.b", body: bytes("hi"), replyTo }],
      trace: new Map(),
      signal: new AbortController().signal,
    });
    return { results, sent, run, exports: [...face.world.exports.keys()] };
  }

  test("it finds the message, and can reply to it", async () => {
    const { results, sent, exports } = await serving(async (handle, run) => {
      const data = await run(TYPES, "[method]message.data", handle);
      const reply = await run(TYPES, "[constructor]message", data);
      return run(REQUEST_REPLY, "reply", handle, reply);
    }, "inbox");

    expect(results).toEqual([ok]);
    expect(exports).toEqual(["wasmcloud:messaging/handler@0.2.0"]);
    expect(sent).toEqual([
      [CONSUMER, "publish", [{ subject: "inbox", body: bytes("hi"), replyTo: undefined }]],
    ]);
  });

  test("an error is a text", async () => {
    const { results } = await serving(async () => ({
      tag: "err",
      val: { tag: "permission-denied", val: "not you" },
    }));

    expect(results).toEqual([{ tag: "err", val: "permission-denied: not you" }]);
  });

  test("the message is gone when the call has ended", async () => {
    let kept: WitValue;
    const { run } = await serving(async (handle) => {
      kept = handle;
      return ok;
    });

    await expect(run(TYPES, "[method]message.data", kept)).rejects.toMatchObject({
      code: "bad-input",
    });
  });
});
