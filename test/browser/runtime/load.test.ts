import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { LoadProgress } from "../../../src/core/workload.ts";
import type { Pool, Runtime } from "../../../src/core/runtime.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import vectors from "../../vectors/component-claims.json" with { type: "json" };
import { callOf, fixture, fixtureBytes, noImports, openRuntime } from "./support.ts";

const HELLO = fixture("hello");
const ELSEWHERE = "https://images.example/hello.wasm";

/** Workers that were started, by name. */
let started: string[];

beforeEach(async () => {
  for (const name of await caches.keys()) await caches.delete(name);
  started = [];
  const Real = Worker;
  vi.stubGlobal(
    "Worker",
    class extends Real {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        started.push(options?.name ?? "");
      }
    },
  );
});

afterEach(() => vi.unstubAllGlobals());

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Answers every request as `respond` does, instead of the network; gives the addresses that were asked for. */
function instead(respond: () => Response | Promise<Response>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (address: string) => {
    asked.push(address);
    return respond();
  });
  return asked;
}

const offline = (): Response => {
  throw new TypeError("Failed to fetch");
};

async function greet(runtime: Runtime, reference: string): Promise<unknown> {
  await using pool = await start(runtime, reference);
  return (await pool.invoke(callOf("inlay:demo/greeter", "greet", ["Ada"])))[0];
}

/** A runtime of its own, from its start to its end. */
async function startOnce(reference: string): Promise<{
  readonly answer: unknown;
  readonly events: readonly string[];
  readonly transpiled: boolean;
}> {
  started = [];
  const opened = openRuntime({ images: {} });
  const answer = await greet(opened.runtime, reference);
  await opened[Symbol.asyncDispose]();
  const events = opened.logged.map(({ event }) => event);
  return { answer, events, transpiled: started.includes("inlay transpiler") };
}

async function start(runtime: Runtime, reference: string): Promise<Pool> {
  const { signal } = new AbortController();
  const component = await runtime.load({ reference }, { signal });
  return component.run({ maxInstances: 1, limits: DEFAULT_LIMITS, imports: noImports, signal });
}

test("a pinned component starts a second time without network and transpiler", async () => {
  const pinned = `${HELLO}#sha256=${await sha256(await fixtureBytes("hello"))}`;
  const first = openRuntime({ images: {} });
  const before = await greet(first.runtime, pinned);
  await first[Symbol.asyncDispose]();
  const asked = instead(offline);
  started = [];
  await using second = openRuntime({ images: {} });

  const after = await greet(second.runtime, pinned);

  expect([before, after]).toEqual(["Hello, Ada!", "Hello, Ada!"]);
  expect(asked).toEqual([]);
  expect(started).not.toContain("inlay transpiler");
  expect(started).toContain("inlay component");
});

test("a signed component is loaded with its claims, also from the cache, and not if it was altered", async () => {
  const bytes = await signedWith(vectors.tokens[0]?.token ?? "");
  const { signal } = new AbortController();
  await using opened = openRuntime({ images: {} });
  const load = (image: Uint8Array) =>
    opened.runtime.load({ reference: "hello.wasm", bytes: image }, { signal });

  const first = await load(bytes);
  const claims = { subject: expect.stringMatching(/^M/), name: "Greeter", revision: 7 };
  expect(first.claims).toMatchObject(claims);
  await first.run({ maxInstances: 1, limits: DEFAULT_LIMITS, imports: noImports, signal });
  const second = await load(bytes);

  expect(second.claims).toEqual(first.claims);
  expect(started.filter((name) => name === "inlay transpiler")).toHaveLength(1);
  const altered = Uint8Array.of(...bytes, 0, 2, 1, 0x61);
  await expect(load(altered)).rejects.toMatchObject({ code: "bad-image" });
});

/** `hello` with a token, as signing tools leave it. */
async function signedWith(token: string): Promise<Uint8Array> {
  const name = "wasmcloud_jwt";
  const content = new TextEncoder().encode(`${String.fromCharCode(name.length)}${name}${token}`);
  const { length } = content;
  const size = [(length & 0x7f) | 0x80, length >> 7];
  return Uint8Array.of(...(await fixtureBytes("hello")), 0, ...size, ...content);
}

test("storage that is denied costs the cache, not the start; memory takes its place", async () => {
  const denied = { open: () => Promise.reject(new DOMException("denied", "SecurityError")) };
  vi.stubGlobal("caches", denied);
  const pinned = `${HELLO}#sha256=${await sha256(await fixtureBytes("hello"))}`;
  await using opened = openRuntime({ images: {} });

  const first = await greet(opened.runtime, pinned);
  const second = await greet(opened.runtime, pinned);
  const asked = instead(offline);
  started = [];
  const third = await greet(opened.runtime, pinned);

  expect([first, second, third]).toEqual(["Hello, Ada!", "Hello, Ada!", "Hello, Ada!"]);
  expect(asked).toEqual([]);
  expect(started).not.toContain("inlay transpiler");
  expect(opened.logged).toMatchObject([
    { level: "warn", event: "cache.failed", fields: { error: "denied" } },
  ]);
});

test.each([
  { what: "index", file: /index\.json$/, event: "cache.failed" },
  { what: "prepared component", file: /\/(?:sync|jspi)$/, event: "cache.damaged" },
])(
  "a damaged $what in the cache costs one start its speed, and is mended by it",
  async (damage) => {
    await startOnce(HELLO);
    const cache = await caches.open("inlay-images");
    const files = (await cache.keys()).filter(({ url }) => damage.file.test(url));
    for (const request of files) await cache.put(request, new Response("{ not JSON"));

    const second = await startOnce(HELLO);
    await startOnce(HELLO); // an index is begun anew by the next change
    const last = await startOnce(HELLO);

    expect(files.length).toBe(1);
    expect(second.answer).toBe("Hello, Ada!");
    expect(second.events).toContain(damage.event);
    expect(last).toEqual({ answer: "Hello, Ada!", events: [], transpiled: false });
  },
);

test("an unpinned component is asked for again; its last copy serves when the network fails", async () => {
  const first = openRuntime({ images: {} });
  await greet(first.runtime, HELLO);
  await first[Symbol.asyncDispose]();
  const asked = instead(offline);
  await using second = openRuntime({ images: {} });

  const after = await greet(second.runtime, HELLO);

  expect(after).toBe("Hello, Ada!");
  expect(asked).toEqual([HELLO]);
  expect(second.logged).toMatchObject([
    { level: "warn", event: "image.last-copy", fields: { address: HELLO } },
  ]);
});

test("an unpinned component whose bytes changed is the new one", async () => {
  const old = await fixtureBytes("hello");
  const young = await fixtureBytes("wasi");
  instead(() => new Response(old));
  await using opened = openRuntime({ images: {} });
  const { signal } = new AbortController();

  const first = await opened.runtime.load({ reference: ELSEWHERE }, { signal });
  instead(() => new Response(young));
  const second = await opened.runtime.load({ reference: ELSEWHERE }, { signal });

  expect([...first.world.exports.keys()]).toEqual(["inlay:demo/greeter"]);
  expect([...second.world.exports.keys()]).toEqual(["inlay:test/sandbox"]);
});

test("a pin that the bytes do not have is refused", async () => {
  const pin = "0".repeat(64);
  const actual = await sha256(await fixtureBytes("hello"));
  await using opened = openRuntime();

  const loaded = greet(opened.runtime, `${HELLO}#sha256=${pin}`);

  await expect(loaded).rejects.toMatchObject({
    code: "digest-mismatch",
    message: `${HELLO} has the SHA-256 ${actual}, but the reference pins ${pin}`,
  });
});

test("loading tells how far it is", async () => {
  const bytes = await fixtureBytes("hello");
  const headers = { "content-length": String(bytes.length) };
  instead(() => new Response(bytes, { headers }));
  await using opened = openRuntime();
  const heard: LoadProgress[] = [];
  const { signal } = new AbortController();

  await opened.runtime.load(
    { reference: ELSEWHERE },
    { signal, onProgress: (progress) => heard.push(progress) },
  );

  const { length } = bytes;
  expect(heard.slice(0, 2)).toEqual([
    { stage: "resolve" },
    { stage: "fetch", bytes: 0, totalBytes: length },
  ]);
  expect(heard.slice(-4)).toEqual([
    { stage: "fetch", bytes: length, totalBytes: length },
    { stage: "verify" },
    { stage: "transpile" },
    { stage: "compile" },
  ]);
});

test.each([
  {
    what: "an address without a file",
    respond: () => new Response("", { status: 404, statusText: "Not Found" }),
    error: { code: "image-unavailable", message: `GET ${ELSEWHERE} answered 404 Not Found` },
  },
  {
    what: "a server that is away or refuses the origin",
    respond: offline,
    error: {
      code: "image-unavailable",
      message: `${ELSEWHERE} could not be fetched: the server is not reachable or does not allow this page's origin (CORS)`,
    },
  },
  {
    what: "a web page",
    respond: () => new Response("\n<!doctype html><title>Home</title>"),
    error: { code: "bad-image", message: `${ELSEWHERE} answered a web page, not WebAssembly` },
  },
  {
    what: "too long an announcement",
    respond: () => new Response("x", { headers: { "content-length": "2000000" } }),
    error: {
      code: "image-too-large",
      message: `${ELSEWHERE} has 2000000 bytes or more; this host takes 1000000`,
    },
  },
  {
    what: "more bytes than announced",
    respond: () => new Response(endless(), { headers: { "content-length": "10" } }),
    error: { code: "image-too-large" },
  },
  {
    what: "a body that breaks off",
    respond: () => new Response(broken()),
    error: { code: "image-unavailable", message: `${ELSEWHERE} broke off after 8 bytes` },
  },
  {
    what: "other bytes",
    respond: () => new Response(new Uint8Array(64)),
    error: { code: "bad-image" },
  },
])("$what is a clear error", async ({ respond, error }) => {
  instead(respond);
  await using opened = openRuntime({ images: { maxBytes: 1_000_000, cache: false } });

  const loaded = greet(opened.runtime, ELSEWHERE);

  await expect(loaded).rejects.toMatchObject(error);
});

test("a core module is told from a component", async () => {
  await using opened = openRuntime();

  const loaded = greet(opened.runtime, fixture("core-module"));

  await expect(loaded).rejects.toMatchObject({
    code: "bad-image",
    message: expect.stringContaining("core module, not a component"),
  });
});

test("a load that nobody waits for any more ends, also while it fetches", async () => {
  instead(() => new Response(endless()));
  await using opened = openRuntime({ images: { maxBytes: 2 ** 40, cache: false } });
  const waiting = new AbortController();
  const reason = new LatticeError("aborted", "enough");

  const loaded = opened.runtime.load(
    { reference: ELSEWHERE },
    { signal: waiting.signal, onProgress: ({ bytes = 0 }) => bytes > 0 && waiting.abort(reason) },
  );

  await expect(loaded).rejects.toBe(reason);
});

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (stream) => stream.enqueue(new Uint8Array(64 * 1024).fill(1)),
  });
}

function broken(): ReadableStream<Uint8Array> {
  let parts = 0;
  return new ReadableStream({
    pull(stream) {
      if (parts++ === 0) stream.enqueue(new Uint8Array(8));
      else stream.error(new TypeError("network error"));
    },
  });
}
