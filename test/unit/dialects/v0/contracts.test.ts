/** Contracts of 0.82, both ways: by vectors, and by what goes in on one side and comes out on the other. */
import { readFileSync } from "node:fs";
import { decode, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WitValue, World } from "../../../../src/core/wit.ts";

import { entityId, latticeId } from "../../../../src/core/ids.ts";
import { builtinOf } from "../../../../src/dialects/v0/builtins.ts";
import { fitting, withoutMark } from "../../../../src/dialects/v0/contracts/contract.ts";
import { createContracts } from "../../../../src/dialects/v0/contracts/contracts.ts";
import { planOf } from "../../../../src/dialects/v0/dispatch.ts";
import { ACTOR_GUEST } from "../../../../src/interfaces/actor.ts";
import { copyParams, copyResults } from "../../../../src/interfaces/copies.ts";
import { createInterfaces } from "../../../../src/interfaces/interfaces.ts";
import { keyvalueKind } from "../../../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../../../src/storage/keyvalue-memory.ts";
import { createBlobStore, CREATED } from "../../../support/blob-store.ts";
import { fakeClock } from "../../../support/fake-clock.ts";
import { fromHex, toHex } from "../../../support/hex.ts";
import { recordLog } from "../../../support/log-recorder.ts";
import { bytesOfStream, chunksOf, streamOf } from "../../../support/streams.ts";

const STORE = "wrpc:keyvalue/store@0.2.0-draft";
const ATOMICS = "wrpc:keyvalue/atomics@0.2.0-draft";
const BATCH = "wrpc:keyvalue/batch@0.2.0-draft";
const CONSUMER = "wasmcloud:messaging/consumer@0.2.0";
const HANDLER = "wasmcloud:messaging/handler@0.2.0";
const INCOMING = "wrpc:http/incoming-handler@0.1.0";
const OUTGOING = "wrpc:http/outgoing-handler@0.1.0";
const BLOBSTORE = "wrpc:blobstore/blobstore@0.2.0";

const clock = fakeClock();
const contracts = createContracts(() => clock.monotonic());
const { flat } = createInterfaces();
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const ok = (val?: WitValue): WitValue => ({ tag: "ok", val });

type Send = (operation: string, argument: Uint8Array) => Promise<Uint8Array>;
type Target = (instance: string, func: string, args: readonly WitValue[]) => Promise<WitValue>;

function typeOf(instance: string, func: string) {
  const type = flat.exports.get(instance)?.get(func);
  if (type === undefined) throw new Error(`no ${instance}#${func}`);
  return type;
}

/** A caller's function, with values that are of its types on both sides. */
async function call(
  send: Send,
  instance: string,
  func: string,
  ...args: WitValue[]
): Promise<WitValue> {
  const found = contracts.called(instance, func);
  if (found === undefined) throw new Error(`${instance}#${func} is not called`);
  const type = typeOf(instance, func);
  const results = await found.call(copyParams(type, args), send);
  return copyResults(type, results)[0];
}

/** An operation at what serves it, as {@link call}. */
const serving =
  (target: Target): Send =>
  (operation, argument) => {
    const served = contracts.served(operation);
    if (served === undefined) throw new Error(`${operation} is not served`);
    return served.serve(argument, async (instance, func, args) => {
      const type = typeOf(instance, func);
      return copyResults(type, [await target(instance, func, copyParams(type, args))]);
    });
  };

/** A key-value store as the interface has it. */
function memory(): { readonly values: Map<string, Uint8Array>; readonly target: Target } {
  const values = new Map<string, Uint8Array>();
  const functions: Record<string, (bucket: string, key: string, value: never) => WitValue> = {
    get: (_, key) => ok(values.get(key)),
    set: (_, key, value) => ok(void values.set(key, value)),
    delete: (_, key) => ok(void values.delete(key)),
    exists: (_, key) => ok(values.has(key)),
    increment(_, key, by) {
      const sum = BigInt(text(values.get(key) ?? utf8("0"))) + by;
      values.set(key, utf8(String(sum)));
      return ok(sum);
    },
  };
  return {
    values,
    target: async (_, func, args) => functions[func]?.(...(args as [string, string, never])),
  };
}

interface Vector {
  readonly name: string;
  readonly hex?: string;
  readonly map_hex?: string;
  readonly array_hex?: string;
}
const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL("../../../vectors/wasmbus-0.82.json", import.meta.url), "utf8"),
).computed.contracts;

describe("vectors", () => {
  const seen = new Set<string>();
  /** What is written, and all forms in which it is read. */
  const vector = (name: string) => {
    const found = vectors.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no vector ${name}`);
    seen.add(name);
    const { hex = found.map_hex ?? "", map_hex = hex, array_hex = map_hex } = found;
    return { written: map_hex, forms: [fromHex(map_hex), fromHex(array_hex)] };
  };
  /** What is sent when `run` calls, which is answered by `reply`. */
  const sent = async (
    reply: Uint8Array,
    run: (send: Send) => Promise<WitValue>,
  ): Promise<{ readonly operation: string; readonly hex: string; readonly result: WitValue }> => {
    const all: { operation: string; hex: string }[] = [];
    const result = await run(async (operation, argument) => {
      all.push({ operation, hex: toHex(argument) });
      return reply;
    });
    expect(all).toHaveLength(1);
    const [{ operation, hex } = { operation: "", hex: "" }] = all;
    return { operation, hex, result };
  };
  const emptyResponse = encode({ statusCode: 200, header: {}, body: utf8("") });
  const request = (fields: object): object => ({
    body: streamOf([]),
    trailers: Promise.resolve(undefined),
    method: { tag: "get" },
    pathWithQuery: undefined,
    scheme: { tag: "HTTP" },
    authority: undefined,
    headers: [],
    ...fields,
  });
  /** What a handler of `instance` is given for the operation in each of its forms. */
  const handled = async (operation: string, forms: readonly Uint8Array[]) => {
    const given: object[] = [];
    for (const form of forms) {
      const target: Target = async (_, __, [head]) => {
        const { method, pathWithQuery, scheme, authority, headers } = head as Record<string, never>;
        given.push({ method, pathWithQuery, scheme, authority, headers });
        return ok({
          body: streamOf([]),
          trailers: Promise.resolve(undefined),
          status: 200,
          headers: [],
        });
      };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(toHex(await serving(target)(operation, form))).toBe(toHex(emptyResponse));
    }
    expect(given[1]).toEqual(given[0]);
    return given[0];
  };

  test("requests of the HTTP server", async () => {
    const { written, forms } = vector("wasmcloud:httpserver HttpRequest");
    const headers = [["host", [utf8("localhost:8080")]]];
    const { operation, hex } = await sent(emptyResponse, (send) =>
      call(send, INCOMING, "handle", request({ pathWithQuery: "/foo?bar=baz", headers })),
    );
    expect({ operation, hex }).toEqual({ operation: "HttpServer.HandleRequest", hex: written });
    expect(await handled(operation, forms)).toEqual({
      method: { tag: "get" },
      pathWithQuery: "/foo?bar=baz",
      scheme: { tag: "HTTP" },
      authority: "localhost:8080",
      headers,
    });
  });

  test("requests of the HTTP client", async () => {
    const { written, forms } = vector("wasmcloud:httpclient HttpRequest");
    const asked = request({ authority: "example.com", pathWithQuery: "/" });
    const { operation, hex } = await sent(emptyResponse, (send) =>
      call(send, OUTGOING, "handle", asked, undefined),
    );
    expect({ operation, hex }).toEqual({ operation: "HttpClient.Request", hex: written });
    expect(await handled(operation, forms)).toMatchObject({
      authority: "example.com",
      pathWithQuery: "/",
      headers: [],
    });
  });

  test("what is got by key", async () => {
    const { written, forms } = vector("wasmcloud:keyvalue GetResponse");
    const key = vector("wasmcloud:keyvalue Get/Del/Contains argument (bare string)");
    const { values, target } = memory();
    values.set("mykey", utf8("v"));
    for (const form of forms) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { operation, hex, result } = await sent(form, (send) =>
        call(send, STORE, "get", "", "mykey"),
      );
      expect({ operation, hex }).toEqual({ operation: "KeyValue.Get", hex: key.written });
      expect(result).toEqual(ok(utf8("v")));
    }
    const [argument = utf8("")] = key.forms;
    expect(toHex(await serving(target)("KeyValue.Get", argument))).toBe(written);
  });

  test("what is set", async () => {
    const { written, forms } = vector("wasmcloud:keyvalue SetRequest");
    const { operation, hex } = await sent(utf8(""), (send) =>
      call(send, STORE, "set", "", "k", utf8("v")),
    );
    expect({ operation, hex }).toEqual({ operation: "KeyValue.Set", hex: written });
    for (const form of forms) {
      const { values, target } = memory();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await serving(target)(operation, form)).toHaveLength(0);
      expect([...values]).toEqual([["k", utf8("v")]]);
    }
  });

  test("bare numbers and flags", async () => {
    const number = vector("wasmcloud:keyvalue Increment result (bare i32)");
    const yes = vector("bare bool result");
    const { values, target } = memory();
    const send = serving(target);
    expect(toHex(await send("KeyValue.Increment", encode({ key: "n", value: -5 })))).toBe(
      number.written,
    );
    expect(text(values.get("n") ?? utf8(""))).toBe("-5");
    expect(toHex(await send("KeyValue.Contains", encode("n")))).toBe(yes.written);
    const below = await sent(fromHex(number.written), (to) =>
      call(to, ATOMICS, "increment", "", "n", 1n),
    );
    expect(below.result).toEqual({
      tag: "err",
      val: { tag: "other", val: "the value is -5, below zero" },
    });
    const there = await sent(fromHex(yes.written), (to) => call(to, STORE, "exists", "", "n"));
    expect(there.result).toEqual(ok(true));
  });

  test("messages", async () => {
    const { written, forms } = vector("wasmcloud:messaging SubMessage with replyTo");
    const message = { subject: "test", replyTo: "_INBOX.1", body: utf8("hi") };
    const { operation, hex } = await sent(utf8(""), (send) =>
      call(send, HANDLER, "handle-message", message),
    );
    expect({ operation, hex }).toEqual({
      operation: "MessageSubscriber.HandleMessage",
      hex: written,
    });
    const heard: unknown[] = [];
    const target: Target = async (_, __, [given]) => (heard.push(given), ok());
    for (const form of forms) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await serving(target)(operation, form)).toHaveLength(0);
    }
    expect(heard).toEqual([message, message]);
  });

  test("requests by message", async () => {
    const { written, forms } = vector("wasmcloud:messaging RequestMessage");
    const reply = { subject: "re", replyTo: undefined, body: utf8("yes") };
    const answer = encode({ subject: "re", body: utf8("yes") });
    const { operation, hex, result } = await sent(answer, (send) =>
      call(send, CONSUMER, "request", "test", utf8("hi"), 1000),
    );
    expect({ operation, hex }).toEqual({ operation: "Messaging.Request", hex: written });
    expect(result).toEqual(ok(reply));
    for (const form of forms) {
      const target: Target = async (_, __, args) => {
        expect(args).toEqual(["test", utf8("hi"), 1000]);
        return ok(reply);
      };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(toHex(await serving(target)(operation, form))).toBe(toHex(answer));
    }
  });

  test("ranges of the builtin numbers", () => {
    const { forms } = vector("wasmcloud:builtin:numbergen RangeLimit");
    const { log } = recordLog();
    const numbergen = builtinOf("wasmcloud:builtin:numbergen");
    const drawn = new Set<unknown>();
    for (let at = 0; at < 400; at++) {
      const form = forms[at % 2] ?? utf8("");
      const result = numbergen?.("NumberGen.RandomInRange", form, { id: entityId("M"), log });
      drawn.add(decode(result ?? utf8("")));
    }
    expect(drawn).toEqual(new Set([0, 1, 2, 3, 4])); // missed once in 10^38 runs
  });

  test("all of them", () => {
    expect(vectors.filter(({ name }) => !seen.has(name))).toEqual([]);
  });
});

describe("builtins", () => {
  const { log, entries } = recordLog();
  const id = entityId("MACTOR");
  const run = (namespace: string, operation: string, argument: unknown): Uint8Array | undefined =>
    builtinOf(namespace)?.(operation, encode(argument), { id, log });

  test.each([
    ["trace", "debug"],
    ["debug", "debug"],
    ["info", "info"],
    ["warn", "warn"],
    ["error", "error"],
    ["critical", "error"],
  ])("what is logged as %s", (level, shown) => {
    for (const entry of [{ level, text: "hello" }, [level, "hello"]]) {
      expect(run("wasmcloud:builtin:logging", "Logging.WriteLog", entry)).toHaveLength(0);
      expect(entries.at(-1)).toMatchObject({
        level: shown,
        fields: { workload: id, message: "hello" },
      });
    }
  });

  test("what they do not have is told", () => {
    const logging = "wasmcloud:builtin:logging";
    const numbergen = "wasmcloud:builtin:numbergen";
    expect(() => run(logging, "Logging.WriteLog", ["loud", "x"])).toThrow(
      "unsupported log level `loud`",
    );
    expect(() => run(logging, "Logging.Erase", [])).toThrow("has no operation Logging.Erase");
    expect(() => run(numbergen, "NumberGen.Throw", [])).toThrow("has no operation NumberGen.Throw");
    expect(() => run(numbergen, "NumberGen.RandomInRange", [5, 4])).toThrow(
      "no number from 5 to 4",
    );
    expect(builtinOf("wasmcloud:keyvalue")).toBeUndefined();
  });
});

test("a byte before a payload may tell its encoding, and a number is no such byte", () => {
  expect(withoutMark(Uint8Array.of(0xc1, 0xc3))).toEqual(Uint8Array.of(0xc3));
  expect(withoutMark(Uint8Array.of(0xc3))).toEqual(Uint8Array.of(0xc3));
  expect(withoutMark(Uint8Array.of(0x7f))).toEqual(encode(127));
  expect(withoutMark(new Uint8Array(0))).toHaveLength(0);
  expect(() => withoutMark(Uint8Array.of(0x7f, 0xa0))).toThrow("CBOR responses are not supported");
});

/** Text that UTF-8 has. */
const anyText = fc.string({ unit: "grapheme", maxLength: 30 });
const anyBytes = fc.uint8Array({ maxLength: 200 });

describe("key-value", () => {
  test("what is done on one side is done on the other", async () => {
    const key = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ func: fc.constant("set" as const), key, value: anyText }),
      fc.record({ func: fc.constantFrom("get" as const, "delete", "exists"), key }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { values, target } = memory();
        const send = serving(target);
        const model = new Map<string, string>();
        for (const { func, key: of, ...rest } of steps) {
          const value = "value" in rest ? rest.value : "";
          const args = func === "set" ? [utf8(value)] : [];
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          const result = await call(send, STORE, func, "", of, ...args);
          if (func === "set") model.set(of, value);
          if (func === "delete") model.delete(of);
          const kept = model.get(of);
          const expected = {
            set: undefined,
            delete: undefined,
            exists: kept !== undefined,
            get: kept === undefined ? undefined : utf8(kept),
          };
          expect(result).toEqual(ok(expected[func]));
        }
        expect(new Map(Array.from(values, ([name, value]) => [name, text(value)]))).toEqual(model);
      }),
      { numRuns: 100 },
    );
  });

  test("many at once", async () => {
    const send = serving(memory().target);
    const many = [
      ["a", utf8("1")],
      ["b", utf8("2")],
    ];
    expect(await call(send, BATCH, "set-many", "", many)).toEqual(ok());
    expect(await call(send, BATCH, "get-many", "", ["a", "x", "b"])).toEqual(
      ok([many[0], undefined, many[1]]),
    );
    expect(await call(send, BATCH, "delete-many", "", ["a"])).toEqual(ok());
    expect(await call(send, STORE, "exists", "", "a")).toEqual(ok(false));
  });

  test("numbers go up and down, one after the other", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -1000, max: 1000 })), async (steps) => {
        const { target } = memory();
        const send = serving(target);
        const increments = steps.map((value) =>
          send("KeyValue.Increment", encode({ key: "n", value })),
        );
        const results = (await Promise.all(increments)).map((each) => decode(each));
        let sum = 0;
        expect(results).toEqual(steps.map((value) => (sum += value)));
      }),
      { numRuns: 100 },
    );
  });

  test("hosts that count up and down at once lose nothing, where the store adds in one step", async () => {
    const kind = keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes));
    const never = new AbortController().signal;
    const { log } = recordLog();
    const provider = await kind.start(
      {
        id: entityId("V"),
        lattice: latticeId("default"),
        config: new Map(),
        clock: fakeClock(),
        log,
        call: () => Promise.reject(new Error("nobody is called")),
      },
      never,
    );
    const called = new Set<string>();
    const host = (): ((value: number) => Promise<number>) => {
      const served = fitting(
        createContracts(() => clock.monotonic()).served("KeyValue.Increment"),
        provider.world.exports,
      );
      if (served === undefined) throw new Error("the provider does not count");
      return async (value) => {
        const argument = encode({ key: "n", value });
        const result = await served.serve(argument, (instance, func, args) => {
          called.add(`${instance}#${func}`);
          const call = { id: "1", source: undefined, target: entityId("V"), link: "default" };
          const rest = { trace: new Map(), signal: never };
          return provider.invoke({ ...call, ...rest, instance, func, args });
        });
        return Number(decode(result));
      };
    };
    const hosts = [host(), host(), host()];
    const steps = Array.from({ length: 300 }, (_, at) => (at % 2 === 0 ? 7 : -8));
    await Promise.all(steps.map(async (step, at) => hosts[at % 3]?.(step)));

    expect(await hosts[0]?.(0)).toBe(-150);
    expect([...called]).toEqual(["inlay:keyvalue/atomics@0.1.0#add"]);
    await expect(hosts[0]?.(-(2 ** 31))).rejects.toThrow("below -2147483648");
    expect(await hosts[0]?.(0)).toBe(-150);
  });

  test("a number does not leave 32 bits, and what is none is not counted", async () => {
    const { values, target } = memory();
    const send = serving(target);
    const increment = (value: number): Promise<Uint8Array> =>
      send("KeyValue.Increment", encode({ key: "n", value }));
    await increment(2 ** 31 - 1);
    await expect(increment(1)).rejects.toThrow("would leave the numbers of 32 bits");
    await expect(increment(2 ** 31)).rejects.toThrow('"value" must be');
    values.set("n", utf8("many"));
    await expect(increment(1)).rejects.toThrow("is no whole number");
  });

  test("values of other bytes than text, and buckets, are not for 0.82", async () => {
    const send: Send = () => Promise.reject(new Error("nothing is sent"));
    await expect(call(send, STORE, "set", "", "k", Uint8Array.of(0xff))).rejects.toThrow("UTF-8");
    expect(await call(send, STORE, "get", "photos", "k")).toMatchObject({ tag: "err" });
  });
});

test("messages are the same on both sides", async () => {
  const message = fc.record({
    subject: anyText,
    replyTo: fc.option(anyText, { nil: undefined }),
    body: anyBytes,
  });
  await fc.assert(
    fc.asyncProperty(message, message, async (given, reply) => {
      const heard: unknown[] = [];
      const send = serving(async (_, func, args) => {
        heard.push(args);
        return ok(func === "request" ? reply : undefined);
      });
      expect(await call(send, CONSUMER, "publish", given)).toEqual(ok());
      expect(await call(send, HANDLER, "handle-message", given)).toEqual(ok());
      expect(await call(send, CONSUMER, "request", given.subject, given.body, 7)).toEqual(
        ok(reply),
      );
      expect(heard).toEqual([[given], [given], [given.subject, given.body, 7]]);
    }),
    { numRuns: 100 },
  );
});

test("requests and responses of HTTP are the same on both sides", async () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
  const value = fc.stringMatching(/^[ -~]{0,20}$/);
  const headers = fc.dictionary(name, fc.array(value, { minLength: 1, maxLength: 3 })).map((all) =>
    Object.entries(all)
      .filter(([each]) => each !== "host")
      .map(([each, values]) => [each, values.map(utf8)] as const),
  );
  const method = fc.constantFrom(
    { tag: "get" },
    { tag: "post" },
    { tag: "patch" },
    { tag: "other", val: "BREW" },
  );
  const pathWithQuery = fc.constantFrom("/", "/a/b", "/a?b=c", "/?x=1?2");
  const status = fc.integer({ min: 100, max: 599 });
  const response = fc.record({ status, headers, body: anyBytes });
  const request = fc.record({ method, pathWithQuery, headers, body: anyBytes });
  await fc.assert(
    fc.asyncProperty(request, response, async (asked, given) => {
      for (const instance of [INCOMING, OUTGOING]) {
        let heard: object = {};
        const send = serving(async (_, __, [head]) => {
          const { body, ...rest } = head as typeof asked & { body: ReadableStream<Uint8Array> };
          heard = {
            method: rest.method,
            pathWithQuery: rest.pathWithQuery,
            headers: rest.headers.filter(([each]) => each !== "host"),
            body: Uint8Array.from(await bytesOfStream(body)),
          };
          return ok({
            ...given,
            body: streamOf([given.body]),
            trailers: Promise.resolve(undefined),
          });
        });
        const wire = {
          ...asked,
          body: streamOf([asked.body]),
          trailers: Promise.resolve(undefined),
          scheme: { tag: "HTTPS" },
          authority: "example.com",
        };
        const options = instance === OUTGOING ? [undefined] : [];
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const result = await call(send, instance, "handle", wire, ...options);
        const { val } = result as { val: typeof given & { body: ReadableStream<Uint8Array> } };
        expect(heard).toEqual(asked);
        expect({ status: val.status, headers: val.headers }).toEqual({
          status: given.status,
          headers: given.headers,
        });
        // oxlint-disable-next-line no-await-in-loop -- as above
        expect(Uint8Array.from(await bytesOfStream(val.body))).toEqual(given.body);
      }
    }),
    { numRuns: 100 },
  );
});

describe("blobstore", () => {
  const setUp = () => {
    const store = createBlobStore("0.2.0");
    const operations: string[] = [];
    const inner = serving(async (instance, func, args) => {
      const [result] = (await store.functions[`${instance}#${func}`]?.(...(args as never[]))) ?? [];
      return result;
    });
    const send: Send = (operation, argument) => {
      operations.push(operation);
      return inner(operation, argument);
    };
    const run = (func: string, ...args: WitValue[]): Promise<WitValue> =>
      call(send, BLOBSTORE, func, ...args);
    return { run, send, operations, containers: store.containers };
  };
  const photo = { container: "photos", object: "a" };
  const dataOf = async (result: WitValue): Promise<readonly [Uint8Array, unknown]> => {
    const { val } = result as { val: [ReadableStream<Uint8Array>, Promise<unknown>] };
    const data = Uint8Array.from(await bytesOfStream(val[0]));
    return [data, await val[1]];
  };

  test("all functions of the interface by operations of the contract", async () => {
    const { run, containers } = setUp();
    expect(await run("container-exists", "photos")).toEqual(ok(false));
    expect(await run("create-container", "photos")).toEqual(ok());
    expect(await run("container-exists", "photos")).toEqual(ok(true));
    expect(await run("get-container-info", "photos")).toEqual(ok({ createdAt: CREATED }));
    const data = Uint8Array.from({ length: 120_000 }, (_, at) => at % 251);
    const written = await run(
      "write-container-data",
      photo,
      streamOf([data.slice(0, 7), data.slice(7)]),
    );
    expect(await (written as { val: Promise<unknown> }).val).toEqual(ok());
    expect(await run("has-object", photo)).toEqual(ok(true));
    expect(await run("get-object-info", photo)).toEqual(ok({ createdAt: CREATED, size: 120_000n }));
    const [whole, status] = await dataOf(
      await run("get-container-data", photo, 0n, 2n ** 64n - 1n),
    );
    expect(status).toEqual(ok());
    expect(Buffer.compare(whole, data)).toBe(0);
    // Ends of ranges belong to them.
    expect(await dataOf(await run("get-container-data", photo, 5n, 9n))).toEqual([
      data.slice(5, 10),
      ok(),
    ]);
    expect(await run("copy-object", photo, { container: "photos", object: "b" })).toEqual(ok());
    expect(await run("move-object", photo, { container: "photos", object: "c" })).toEqual(ok());
    const listed = async (...range: WitValue[]): Promise<unknown> => {
      const result = await run("list-container-objects", "photos", ...range);
      const { val } = result as { val: [ReadableStream<never>, Promise<unknown>] };
      const names = (await chunksOf(val[0])).flatMap((each) => [...each]);
      expect(await val[1]).toEqual(ok());
      return names;
    };
    expect(await listed(undefined, undefined)).toEqual(["b", "c"]);
    expect(await listed(1n, undefined)).toEqual(["b"]);
    expect(await listed(undefined, 1n)).toEqual(["c"]);
    expect(Buffer.compare(containers.get("photos")?.get("c") ?? utf8(""), data)).toBe(0);
    expect(await run("delete-object", { container: "photos", object: "b" })).toEqual(ok());
    expect(await run("delete-objects", "photos", ["c", "b"])).toEqual(ok());
    expect(containers.get("photos")?.size).toBe(0);
    await run("write-container-data", photo, streamOf([data]));
    expect(await run("clear-container", "photos")).toEqual(ok());
    expect(containers.get("photos")?.size).toBe(0);
    expect(await run("delete-container", "photos")).toEqual(ok());
    expect(containers.size).toBe(0);
  });

  const piece = (offset: number, body: string, isLast: boolean, objectId = "a"): object => ({
    objectId,
    containerId: "photos",
    bytes: utf8(body),
    offset,
    isLast,
  });
  const begin = async (send: Send, body: string, objectId = "a"): Promise<string> => {
    const request = encode({ chunk: piece(0, body, false, objectId) });
    const { streamId } = decode(await send("Blobstore.PutObject", request)) as {
      streamId: string;
    };
    return streamId;
  };
  const goOn = (send: Send, streamId: string, chunk: object, more: object = {}) =>
    send("Blobstore.PutChunk", encode({ chunk, streamId, ...more }));

  test("an object in pieces is there when it is whole, by the name that was given for it", async () => {
    const { run, send, containers } = setUp();
    await run("create-container", "photos");
    const [one, two] = [await begin(send, "abc"), await begin(send, "XYZ", "b")];
    expect(await goOn(send, one, piece(3, "def", false))).toHaveLength(0);
    await expect(goOn(send, one, piece(3, "def", true))).rejects.toThrow("begins at 6, met 3");
    await expect(goOn(send, one, piece(6, "", true, "b"))).rejects.toThrow("no such object");
    await expect(goOn(send, "guessed", piece(6, "", true))).rejects.toThrow("no such object");
    expect(containers.get("photos")?.size).toBe(0);
    // An array is as good as a map.
    const last = encode([Object.values(piece(6, "gh", true)), one, false]);
    expect(await send("Blobstore.PutChunk", last)).toHaveLength(0);
    expect(text(containers.get("photos")?.get("a") ?? utf8(""))).toBe("abcdefgh");
    await expect(goOn(send, one, piece(8, "", true))).rejects.toThrow("no such object");

    await goOn(send, two, piece(3, "", true, "b"), { cancelAndRemove: true });
    await expect(goOn(send, two, piece(3, "", true, "b"))).rejects.toThrow("no such object");
    expect([...(containers.get("photos")?.keys() ?? [])]).toEqual(["a"]);
    await expect(
      send("Blobstore.PutObject", encode({ chunk: piece(5, "late", true) })),
    ).rejects.toThrow("begins at 0, met its piece at 5");
  });

  test("objects in pieces are bounded, and those that do not go on make room", async () => {
    const { run, send } = setUp();
    await run("create-container", "photos");
    const waiting = await Promise.all(Array.from({ length: 64 }, () => begin(send, "x")));
    await expect(begin(send, "one more")).rejects.toThrow("at most 64 objects");
    clock.advance(29_000);
    await goOn(send, waiting[0] ?? "", piece(1, "y", false));
    clock.advance(2000);
    const late = await begin(send, "one more");
    expect(await goOn(send, late, piece(8, "", true))).toHaveLength(0);
    await expect(goOn(send, waiting[1] ?? "", piece(1, "", true))).rejects.toThrow("no such");
    expect(await goOn(send, waiting[0] ?? "", piece(2, "", true))).toHaveLength(0);
    const big = await begin(send, "big");
    const half = { ...piece(3, "", false), bytes: new Uint8Array(64 * 1024 * 1024 - 1) };
    await expect(goOn(send, big, half)).rejects.toThrow("67108864 bytes");
    await expect(goOn(send, big, piece(3, "", true))).rejects.toThrow("no such object");
    clock.advance(31_000);
  });

  test("of what was removed only failures are told, and containers are not listed", async () => {
    const { run, send } = setUp();
    await run("create-container", "photos");
    await run("write-container-data", photo, streamOf([utf8("abc")]));
    const removal = encode({ containerId: "photos", objects: ["a"] });
    expect(decode(await send("Blobstore.RemoveObjects", removal))).toEqual([]);
    const lost = encode({ containerId: "nowhere", objects: ["a"] });
    expect(decode(await send("Blobstore.RemoveObjects", lost))).toMatchObject([
      { key: "a", success: false },
    ]);
    await expect(send("Blobstore.ListContainers", utf8(""))).rejects.toThrow("lists containers");
  });

  test("a component that gets an object by ranges wants no more of it sent; an actor decides itself", async () => {
    const chunk = encode(piece(3, "def", false));
    const world = (...exported: string[]): World => ({
      imports: new Map(),
      exports: new Map(exported.map((each) => [each, new Map()])),
    });
    const origin = { public_key: "V", link_name: "default", contract_id: "wasmcloud:blobstore" };
    const asked = { operation: "ChunkReceiver.ReceiveChunk", origin };
    const nobody = (): Promise<never> => Promise.reject(new Error("nothing is called"));
    const plan = planOf(asked, world("wasi:cli/run@0.2.0"), contracts);
    expect(decode(await plan.run(chunk, nobody))).toEqual({ cancelDownload: true });
    const heard: unknown[] = [];
    const actor = planOf(asked, world(ACTOR_GUEST), contracts);
    await actor.run(chunk, async (...call) => {
      heard.push(call);
      return [ok(encode({ cancelDownload: false }))];
    });
    expect(heard).toEqual([[ACTOR_GUEST, "call", [asked.operation, chunk]]]);
    expect(contracts.contractOf(world("wasi:cli/run@0.2.0"))).toBeUndefined();
  });

  test("what a provider refuses is an error of the interface", async () => {
    const { run } = setUp();
    expect(await run("get-container-data", photo, 0n, 9n)).toMatchObject({
      tag: "err",
      val: expect.stringContaining("there is no container photos"),
    });
    await run("create-container", "photos");
    await run("write-container-data", { ...photo, object: "torn" }, streamOf([utf8("abcdef")]));
    expect(await run("get-container-data", { ...photo, object: "torn" }, 0n, 9n)).toMatchObject({
      tag: "err",
      val: expect.stringContaining("the disk is broken"),
    });
  });

  test("objects in pieces, and lists in pages, are asked for until they end", async () => {
    const data = utf8("0123456789");
    const asked: unknown[] = [];
    const send: Send = async (operation, argument) => {
      const request = decode(argument) as Record<string, unknown>;
      asked.push(request);
      if (operation === "Blobstore.ListObjects") {
        const page = Number(request["continuation"] ?? 0);
        const objects = [{ objectId: `o${page}`, containerId: "c", contentLength: 1 }];
        return encode({ objects, isLast: page === 2, continuation: String(page + 1) });
      }
      const start = Number(request["rangeStart"]);
      const bytes = data.slice(start, start + 4);
      const isLast = start + 4 >= data.length;
      const chunk = [request["objectId"], request["containerId"], bytes, start, isLast];
      return encode({ success: true, initialChunk: chunk, contentLength: 10 });
    };
    const got = await call(send, BLOBSTORE, "get-container-data", photo, 0n, 2n ** 64n - 1n);
    expect(await dataOf(got)).toEqual([data, ok()]);
    expect(asked.map((each) => (each as { rangeStart: number }).rangeStart)).toEqual([0, 4, 8]);
    const listed = await call(send, BLOBSTORE, "list-container-objects", "c", undefined, undefined);
    const { val } = listed as { val: [ReadableStream<never>, Promise<unknown>] };
    expect((await chunksOf(val[0])).flatMap((each) => [...each])).toEqual(["o0", "o1", "o2"]);
  });
});
