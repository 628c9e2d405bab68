/** HTTP through a component in its worker, by both ways to wait. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { ImportCall, Importee } from "../../../src/core/call.ts";
import type { Component, Pool } from "../../../src/core/runtime.ts";
import type { RunFixture, TestRuntime } from "./support.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { callOf, fixtureBytes, noImports, openRuntime } from "./support.ts";

const SERVED = "wrpc:http/incoming-handler@0.1.0";

interface Message {
  readonly body: ReadableStream<Uint8Array>;
  readonly trailers: Promise<unknown>;
}

interface Response extends Message {
  readonly status: number;
  readonly headers: unknown;
}

type Answer =
  | { readonly tag: "ok"; readonly val: Response }
  | { readonly tag: "err"; readonly val: { readonly tag: string; readonly val?: unknown } };

interface Asked {
  readonly body?: ReadableStream<Uint8Array>;
  readonly trailers?: Promise<unknown>;
  readonly signal?: AbortSignal;
}

async function ask(pool: Pool, path: string, asked: Asked = {}): Promise<Answer> {
  const { body = streamOf([]), trailers = Promise.resolve(undefined), signal } = asked;
  const request = {
    body,
    trailers,
    method: { tag: "post" },
    pathWithQuery: path,
    scheme: { tag: "HTTP" },
    authority: "here.example",
    headers: [["x-one", [bytesOf("1")]]],
  };
  const [answer] = await pool.invoke(callOf(SERVED, "handle", [request], signal));
  return answer as Answer;
}

async function responseTo(pool: Pool, path: string, asked: Asked = {}): Promise<Response> {
  const answer = await ask(pool, path, asked);
  if (answer.tag === "err") throw new Error(`the answer is ${JSON.stringify(answer.val)}`);
  return answer.val;
}

function streamOf(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream(
    {
      pull(controller) {
        const next = iterator.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
    },
    { highWaterMark: 0 },
  );
}

async function textOf({ body }: Message): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** `bytes` as chunks of 50,000, made when they are asked for; counts them. */
function* numbered(bytes: number, count: { given: number }): Generator<Uint8Array> {
  for (let at = 0; at < bytes; at += 50_000) {
    const chunk = new Uint8Array(Math.min(50_000, bytes - at));
    for (let index = 0; index < chunk.length; index++) chunk[index] = (at + index) % 251;
    count.given += chunk.length;
    yield chunk;
  }
}

const MB = 1_000_000;

describe.each(["jspi", "atomics"] as const)("by %s", (bridge) => {
  let opened: TestRuntime;
  let component: Component;
  beforeAll(async () => {
    opened = openRuntime({ bridge });
    const bytes = await fixtureBytes("web");
    const signal = new AbortController().signal;
    component = await opened.runtime.load({ reference: "web.wasm", bytes }, { signal });
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  function start({
    imports = noImports,
    maxInstances = 2,
    ...rest
  }: RunFixture = {}): Promise<Pool> {
    const signal = new AbortController().signal;
    return component.run({ ...rest, maxInstances, limits: DEFAULT_LIMITS, imports, signal });
  }

  test("the lattice sees the flat interface", () => {
    expect([...component.world.exports.keys()]).toEqual([SERVED]);
    expect([...component.world.imports.keys()]).toContain("wrpc:http/outgoing-handler@0.1.0");
    expect([...component.world.imports.keys()]).not.toContain("wasi:http/outgoing-handler@0.2.3");
  });

  test("a request goes in, and its answer comes out with body and trailers", async () => {
    await using pool = await start();
    const trailers = Promise.resolve([["x-sum", [bytesOf("2")]]]);

    const echo = await responseTo(pool, "/echo", {
      body: streamOf([bytesOf("one "), bytesOf("two")]),
      trailers,
    });
    const head = await responseTo(pool, "/headers?q");

    expect(echo.status).toBe(200);
    expect(await textOf(echo)).toBe("one two");
    expect(await echo.trailers).toEqual([["x-sum", [bytesOf("2")]]]);
    expect(head.status).toBe(203);
    expect(await textOf(head)).toBe("2\n/headers?q\nhere.example\nx-one: 1\n");
    expect(opened.logged).toEqual([]);
  });

  test("an instance that is kept answers one request after the other", async () => {
    await using pool = await start({ kept: { instances: 1, maxCalls: 0 }, maxInstances: 1 });
    const before = opened.logged.length;
    const echoes: string[] = [];

    for (const word of ["one", "two", "three"]) {
      // oxlint-disable-next-line no-await-in-loop -- each finds what the one before has left
      const echo = await responseTo(pool, "/echo", { body: streamOf([bytesOf(word)]) });
      // oxlint-disable-next-line no-await-in-loop -- as above
      echoes.push(await textOf(echo));
      // oxlint-disable-next-line no-await-in-loop -- a call ends when its guest does
      await pool.drained(new AbortController().signal);
    }

    expect(echoes).toEqual(["one", "two", "three"]);
    expect(opened.logged.slice(before)).toEqual([]);
  });

  test.each(["/echo", "/poll"])(
    "20 MB stream in and out of %s, a window at a time",
    async (path) => {
      await using pool = await start();
      const count = { given: 0 };
      const { body } = await responseTo(pool, path, { body: streamOf(numbered(20 * MB, count)) });
      let heard = 0;
      let wrong = 0;
      let furthest = 0;

      for await (const chunk of body) {
        for (let index = 0; index < chunk.length; index++) {
          if (chunk[index] !== (heard + index) % 251) wrong++;
        }
        heard += chunk.length;
        furthest = Math.max(furthest, count.given - heard);
      }

      expect({ heard, wrong }).toEqual({ heard: 20 * MB, wrong: 0 });
      expect(furthest).toBeLessThan(2 * MB);
    },
  );

  test("a body that nobody reads is not made", async () => {
    await using pool = await start();
    const count = { given: 0 };
    const { body } = await responseTo(pool, "/echo", { body: streamOf(numbered(20 * MB, count)) });
    const reader = body.getReader();
    await reader.read();

    // What happens until another instance has answered could have happened to this one.
    await textOf(await responseTo(pool, "/give/3000000"));

    expect(count.given).toBeLessThan(2 * MB);
    await reader.cancel();
    await pool.drained(AbortSignal.timeout(30_000));
  });

  test("instances serve side by side", async () => {
    await using pool = await start({ maxInstances: 4 });

    const sizes = await Promise.all(
      [1, 2, 3, 4].map(async (size) => textOf(await responseTo(pool, `/give/${size}000000`))),
    );

    expect(sizes.map(({ length }) => length)).toEqual([1, 2, 3, 4].map((size) => size * MB));
  });

  test("errors before the body are answers, and traps are none", async () => {
    await using pool = await start();

    expect(await ask(pool, "/denied")).toEqual({
      tag: "err",
      val: { tag: "HTTP-request-denied", val: undefined },
    });
    expect(await ask(pool, "/nothing")).toEqual({
      tag: "err",
      val: {
        tag: "internal-error",
        val: "the component returned without setting a response",
      },
    });
    await expect(ask(pool, "/trap")).rejects.toMatchObject({ code: "guest-trapped" });
    expect((await responseTo(pool, "/zero")).status).toBe(404);
  });

  test.each([
    ["/broken", "the component dropped its body before it was finished"],
    ["/keep", "the component ended before its"],
    ["/length", "the body is longer than its content-length, which says 3"],
    ["/until-trap", "unreachable"],
    ["/order", "it dropped or gave away a resource before what it had made from it"],
  ])("what goes wrong in the body of %s breaks it off", async (path, reason) => {
    await using pool = await start();

    const response = await responseTo(pool, path);
    const trailers = response.trailers.catch((thrown: unknown) => thrown);

    await expect(textOf(response)).rejects.toThrow(reason);
    expect(await trailers).toBeInstanceOf(Error);
    await pool.drained(AbortSignal.timeout(30_000));
    expect((await responseTo(pool, "/zero")).status).toBe(404);
  });

  test("a request whose body breaks off is seen by the guest", async () => {
    await using pool = await start();
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => controller.enqueue(bytesOf("half")),
        pull: (controller) => controller.error(new LatticeError("incomplete", "cut")),
      },
      { highWaterMark: 0 },
    );

    const response = await responseTo(pool, "/size", { body });

    expect(response.status).toBe(400);
    expect(await textOf(response)).toBe("error 26");
  });

  test("a caller that gives up frees the instance", async () => {
    await using pool = await start({ maxInstances: 1 });
    const caller = new AbortController();
    const { body } = await responseTo(pool, "/wait", { signal: caller.signal });
    const reader = body.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("hello");

    caller.abort();

    await expect(reader.read()).rejects.toMatchObject({ code: "aborted" });
    expect((await responseTo(pool, "/zero")).status).toBe(404);
  });

  describe("requests of the guest", () => {
    function answering(answer: (call: ImportCall) => Promise<readonly unknown[]>): Importee {
      return { invoke: answer };
    }

    test("stream both ways to whoever answers them", async () => {
      const heard: ImportCall[] = [];
      const imports = answering(async (call) => {
        heard.push(call);
        const [request] = call.args as readonly [Message];
        return [
          {
            tag: "ok",
            val: {
              body: request.body,
              trailers: Promise.resolve([["x-far", [bytesOf("1")]]]),
              status: 299,
              headers: [],
            },
          },
        ];
      });
      await using pool = await start({ imports });
      const count = { given: 0 };

      const small = await responseTo(pool, "/call/far?away", {
        body: streamOf([bytesOf("hello")]),
      });

      expect(small.status).toBe(299);
      expect(await textOf(small)).toBe("hello");
      expect(await small.trailers).toEqual([["x-far", [bytesOf("1")]]]);
      expect(heard).toMatchObject([
        {
          instance: "wrpc:http/outgoing-handler@0.1.0",
          func: "handle",
          args: [
            {
              method: { tag: "post" },
              pathWithQuery: "/far?away",
              scheme: { tag: "HTTP" },
              authority: "far.example",
            },
            undefined,
          ],
        },
      ]);
      expect(count.given).toBe(0);
    });

    test("are read as they are written", async () => {
      const count = { given: 0 };
      const imports = answering(async ({ args }) => {
        const [{ body }] = args as readonly [Message];
        let bytes = 0;
        for await (const chunk of body) bytes += chunk.length;
        const val = {
          body: streamOf([bytesOf(String(bytes))]),
          trailers: Promise.resolve(undefined),
          status: 200,
          headers: [],
        };
        return [{ tag: "ok", val }];
      });
      await using pool = await start({ imports });

      const response = await responseTo(pool, "/call/size", {
        body: streamOf(numbered(5 * MB, count)),
      });

      expect(await textOf(response)).toBe(String(5 * MB));
    });

    test("that nobody answers give an error code", async () => {
      const imports = answering(() =>
        Promise.reject(new LatticeError("not-served", "nobody is there")),
      );
      await using pool = await start({ imports });

      const response = await responseTo(pool, "/call/x", { body: streamOf([bytesOf("hello")]) });

      expect(response.status).toBe(502);
      expect(await textOf(response)).toBe("error 4");
    });
  });
});
