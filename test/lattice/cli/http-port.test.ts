/** HTTP to workloads of v2 by a port of their own, with requests as the runtime gateway sends them. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  type ClientRequest,
  type IncomingMessage,
  request as startRequest,
  type RequestOptions,
} from "node:http";
import { request as requestTls } from "node:https";
import { connect as connectTcp } from "node:net";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { Serving } from "../../../src/core/dialect.ts";
import type { WitStream, WitValue } from "../../../src/core/wit.ts";
import type { LocalComponent } from "../../support/local-runtime.ts";

import {
  openWorkloadPort,
  type WorkloadPort,
  type WorkloadPortOptions,
} from "../../../src/cli/http-port.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { latticeId } from "../../../src/core/ids.ts";
import { WINDOW_BYTES } from "../../../src/dialects/v1/flow.ts";
import { hostTarget, setTarget } from "../../../src/dialects/v2/ingress-names.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { bytes, fields, ok, type Request, textOf } from "../../support/http-values.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { shows } from "../../support/protocol-rows.ts";
import { entryOf, setOf } from "../../support/sets.ts";
import { shared } from "../../support/shared.ts";
import { bytesOfStream, checkPattern, pattern, streamOf } from "../../support/streams.ts";
import { NOTHING_KEPT, openWrpcNode } from "../../support/wrpc-node.ts";

const HANDLER = "wrpc:http/incoming-handler@0.1.0";
const SIZE = 20 * 1024 * 1024;
const world = {
  imports: new Map(),
  exports: new Map(
    [...createInterfaces().flat.exports].filter(([instance]) => instance === HANDLER),
  ),
};

const said: string[] = [];
const openPort = (options: Partial<WorkloadPortOptions> = {}): Promise<WorkloadPort> =>
  openWorkloadPort({
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    lattice: latticeId("default"),
    say: (line) => said.push(line),
    ...options,
  });

const server = shared(() => launchNats());
const port = shared(async () => {
  const opened = await openPort();
  opened.leadTo(new URL(server.nats));
  return opened;
});
/** Whoever serves by the names of workloads, without a host around it. */
const node = shared(() => openWrpcNode(server.ws, { lattice: { ingressOf: "default" } }));

const serveAs = (
  target: string,
  handle: (request: Request) => readonly unknown[] | Promise<readonly unknown[]>,
): Promise<Serving> => node.serve(target, world, { [`${HANDLER}#handle`]: handle });

function start(path: string, options: RequestOptions = {}): ClientRequest {
  const request = startRequest({
    host: "127.0.0.1",
    port: port.port,
    path,
    agent: false,
    ...options,
  });
  request.on("error", () => undefined); // told by the response, or on purpose
  return request;
}

async function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = await once(request, "response");
  return response;
}

async function ask(path: string, options?: RequestOptions, body?: string) {
  const request = start(path, options);
  request.end(body);
  const response = await answerTo(request);
  return { response, status: response.statusCode, body: await text(response) };
}

/** Where whoever runs a workload serves it. */
const targetOf = (workload: string, host: string): string => setTarget(workload, host) ?? "";

/** What the runtime gateway adds, for a client at an address of its own. */
const chosen = (workload: string, host: string): Record<string, string> => ({
  host,
  "x-workload-id": workload,
  "x-real-ip": "203.0.113.9:4711",
  "x-forwarded-for": "203.0.113.9",
  "x-forwarded-host": host,
  "x-forwarded-proto": "http",
});

describe("by a whole host of v2", () => {
  /** Answers with its own name, how the request began, and its body. */
  const echo = (name: string): LocalComponent => ({
    world,
    functions: {},
    guest: () => ({
      [`${HANDLER}#handle`]: (request) => {
        const { pathWithQuery, body } = request as { pathWithQuery: string; body: WitValue };
        const [answer] = ok({
          headers: fields({ "x-name": name, "x-path": pathWithQuery }),
          body: body as WitStream,
        });
        return answer;
      },
    }),
  });
  const host = shared(async () => {
    const started = await startHost(
      { url: server.ws },
      {
        components: { one: echo("one"), other: echo("other"), inner: echo("inner") },
        v2: { name: "tab" },
      },
    );
    const config = new Map([
      ["host", "echo.example"],
      ["host-aliases", "alias.example"],
    ]);
    const entry = entryOf("wasi:http", ["incoming-handler"], { config });
    for (const id of ["one", "other"]) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      await started.host.run("set.start", setOf([id], { id, interfaces: [entry] }));
    }
    const inner = entryOf("wasi:http", ["incoming-handler"], {
      config: new Map([["host", "inner.example"]]),
    });
    await started.host.run("set.start", setOf(["inner"], { id: "inner", interfaces: [inner] }));
    return started;
  });

  test("the workload that the runtime gateway has chosen answers, and 20 MB stream in and out at once", async () => {
    shows("v2, operator: requests of the runtime gateway");
    expect(await host.host.run("set.status", { id: "other" })).toMatchObject({ phase: "running" });
    const request = start("/big?x=1", {
      method: "POST",
      headers: chosen("other", "echo.example"),
    });

    Readable.from(pattern(SIZE)).pipe(request);
    const response = await answerTo(request);
    const read = await checkPattern(Readable.toWeb(response) as WitStream);

    expect(response.headers).toMatchObject({ "x-name": "other", "x-path": "/big?x=1" });
    expect([response.statusCode, read]).toEqual([200, SIZE]);
  });

  test.each(["echo.example", "ECHO.example:8080", "alias.example"])(
    "by Host %s any of its workloads answers",
    async (name) => {
      const { response, status, body } = await ask(
        "/",
        { method: "PUT", headers: { host: name } },
        "hi",
      );

      expect([status, body]).toEqual([200, "hi"]);
      expect(["one", "other"]).toContain(response.headers["x-name"]);
    },
  );

  test("no id leads to a workload of another Host", async () => {
    const own = await ask("/", { headers: chosen("inner", "inner.example") });
    const other = await ask("/", { headers: chosen("inner", "echo.example") });
    const none = await ask("/", { headers: chosen("inner", "no.example") });

    expect(own.response.headers["x-name"]).toBe("inner");
    expect(["one", "other"]).toContain(other.response.headers["x-name"]);
    expect(none.status).toBe(503);
  });

  test("a workload that has moved is found by its Host, and the body is whole", async () => {
    const { status, body } = await ask(
      "/",
      { method: "POST", headers: chosen("gone", "echo.example") },
      "still here",
    );

    expect([status, body]).toEqual([200, "still here"]);
  });
});

test("heads and trailers pass as they are, but for what is meant for the next hop", async () => {
  const seen: unknown[] = [];
  await serveAs(
    targetOf("heads", "heads.example"),
    async ({ body, trailers, headers, ...head }) => {
      await bytesOfStream(body);
      seen.push(head, textOf(headers), textOf((await trailers) ?? []));
      return ok({
        status: 302,
        headers: [
          ["set-cookie", [bytes("a=b"), bytes("c=d")]],
          ...fields({ location: "/other", connection: "x-hop", "x-hop": "1", trailer: "x-sum" }),
        ],
        body: streamOf([bytes("body")]),
        trailers: Promise.resolve(fields({ "x-sum": "42", "content-length": "9" })),
      });
    },
  );
  const request = start("/a/b?c=%20", {
    method: "PROPFIND",
    headers: {
      ...chosen("heads", "heads.example:81"),
      cookie: "session=mine",
      connection: "close, x-hop",
      "x-hop": "1",
      te: "trailers",
      trailer: "x-in",
    },
  });
  request.write("chunk");
  request.addTrailers({ "x-in": "7" });
  request.end();

  const response = await answerTo(request);
  const body = await text(response);

  const { host: _, ...forwarded } = chosen("heads", "heads.example:81");
  expect(seen).toEqual([
    {
      method: { tag: "other", val: "PROPFIND" },
      pathWithQuery: "/a/b?c=%20",
      scheme: { tag: "HTTP" },
      authority: "heads.example:81",
    },
    { ...forwarded, cookie: "session=mine", trailer: "x-in" },
    { "x-in": "7" },
  ]);
  const { date: _date, connection: _own, "transfer-encoding": chunked, ...rest } = response.headers;
  expect([response.statusCode, body, chunked, response.trailers]).toEqual([
    302,
    "body",
    "chunked",
    { "x-sum": "42" },
  ]);
  expect(rest).toEqual({ "set-cookie": ["a=b", "c=d"], location: "/other", trailer: "x-sum" });
});

test("a whole URL in place of a path says the host", async () => {
  await serveAs(hostTarget("absolute.example"), ({ authority, pathWithQuery }) =>
    ok({ body: streamOf([bytes(`${authority} ${pathWithQuery}`)]) }),
  );

  const { body } = await ask("http://absolute.example?q=1", { headers: { host: "x.example" } });

  expect(body).toBe("absolute.example /?q=1");
});

test("with a certificate the port is in TLS, and components are told so", async () => {
  await serveAs(hostTarget("tls.example"), ({ scheme }) =>
    ok({ body: streamOf([bytes(scheme.tag)]) }),
  );
  const folder = resolve(import.meta.dirname, "tls");
  const tls = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  await using secure = await openPort({ tls });
  secure.leadTo(new URL(server.nats));

  const request = requestTls({
    host: "127.0.0.1",
    servername: "localhost",
    port: secure.port,
    headers: { host: "tls.example" },
    ca: readFileSync(tls.certFile),
    checkServerIdentity: () => undefined, // the certificate's name is not the workload's
    agent: false,
  }).end();
  const [response] = await once(request, "response");

  expect(await text(response)).toBe("HTTPS");
});

test("20 MB in both directions are never kept as a whole", async () => {
  let most = 0;
  await serveAs(targetOf("big", "big.example"), ({ body }) => {
    const through = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        most = Math.max(most, node.kept().bytes);
        controller.enqueue(chunk);
      },
    });
    return ok({ body: (body as ReadableStream<Uint8Array>).pipeThrough(through) });
  });
  const request = start("/", { method: "PUT", headers: chosen("big", "big.example") });

  Readable.from(pattern(SIZE)).pipe(request);
  const read = await checkPattern(Readable.toWeb(await answerTo(request)) as WitStream);

  expect(read).toBe(SIZE);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(2 * WINDOW_BYTES);
  await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
});

describe("what is refused, as hosts of upstream refuse it", () => {
  test.each([
    { what: "a Host that no workload has", headers: { host: "no.example" }, status: 404 },
    { what: "a workload that nobody runs", headers: chosen("no", "no.example"), status: 503 },
    {
      what: "an id that can be none",
      headers: chosen("x".repeat(500), "no.example"),
      status: 503,
    },
    { what: "a Host that is no name", headers: { host: "a/b" }, status: 400 },
  ])("$status for $what", async ({ headers, status }) => {
    const answer = await ask("/", { method: "POST", headers }, "body");

    expect(answer.status).toBe(status);
    expect(answer.body).not.toBe("");
    expect(answer.response.headers["content-type"]).toBe("text/plain; charset=utf-8");
  });

  test("503 for a Host that has answered, and a time after which to ask again", async () => {
    const serve = () => serveAs(hostTarget("busy.example"), () => ok({ status: 204 }));
    const headers = { host: "Busy.example:81" };
    const before = await ask("/", { headers });
    const serving = await serve();
    const during = await ask("/", { headers });
    await serving.drain();

    const after = await ask("/", { headers });
    await serve();
    const again = await ask("/", { headers });

    expect([before, during, after, again].map(({ status }) => status)).toEqual([
      404, 204, 503, 204,
    ]);
    expect(before.response.headers).not.toHaveProperty("retry-after");
    expect(after.response.headers).toMatchObject({ "retry-after": "2" });
  });

  test.each([
    { version: "HTTP/1.1", host: "" },
    { version: "HTTP/1.0", host: "" },
    { version: "HTTP/1.1", host: "host:\r\n" },
  ])("400 for $version without Host, or an empty one", async ({ version, host }) => {
    const socket = connectTcp(port.port, "127.0.0.1");
    socket.write(`GET / ${version}\r\n${host}x-workload-id: big\r\nconnection: close\r\n\r\n`);

    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 [^]*no Host\n/);
  });

  test.each([
    {
      what: "fails",
      status: 500,
      handle: () => Promise.reject(new Error("it failed")),
    },
    {
      what: "answers an error-code",
      status: 500,
      handle: () => [{ tag: "err", val: { tag: "configuration-error" } }],
    },
    { what: "answers with no status of HTTP", status: 500, handle: () => ok({ status: 42 }) },
    {
      what: "says that time has run out",
      status: 504,
      handle: () => [{ tag: "err", val: { tag: "HTTP-response-timeout" } }],
    },
  ])("$status when the component $what", async ({ what, status, handle }) => {
    await serveAs(targetOf(what, "failing.example"), handle);

    const answer = await ask("/", { headers: chosen(what, "failing.example") });

    expect(answer.status).toBe(status);
  });

  test("504 when nothing moves, and 503 before there is a way into the lattice", async () => {
    await serveAs(targetOf("still", "still.example"), () => new Promise(() => undefined));
    await using early = await openPort({ idleMs: 1000 });
    const headers = chosen("still", "still.example");

    const before = await ask("/", { port: early.port, headers });
    early.leadTo(new URL(server.nats));
    const after = await ask("/", { port: early.port, headers });

    expect([before.status, after.status]).toEqual([503, 504]);
    await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
  });

  test("502 when the lattice cannot be reached", async () => {
    await using lost = await openPort({ idleMs: 2000 });
    lost.leadTo(new URL("nats://127.0.0.1:1"));

    const { status } = await ask("/", { port: lost.port, headers: { host: "any.example" } });

    expect(status).toBe(502);
  });

  test("a port that is taken", async () => {
    const second = openPort({ port: port.port });

    await expect(second).rejects.toThrow(LatticeError);
    await expect(second).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("--workload-port"),
    });
  });
});

test("a client that goes away ends the component's call, before its response and within it", async () => {
  const ends: string[] = [];
  let begun: () => void = () => undefined;
  const called = new Promise<void>((resolve) => (begun = resolve));
  await serveAs(targetOf("silent", "any.example"), () => {
    begun();
    return new Promise(() => undefined);
  });
  await serveAs(targetOf("endless", "any.example"), () =>
    ok({
      body: new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
        cancel: () => void ends.push("endless"),
      }),
    }),
  );
  const silent = start("/", { headers: chosen("silent", "any.example") }).end();
  const endless = start("/", { headers: chosen("endless", "any.example") }).end();
  const response = await answerTo(endless);
  response.on("error", () => undefined);
  await Promise.all([once(response, "data"), called]);

  silent.destroy();
  endless.destroy();

  await expect.poll(() => ends).toEqual(["endless"]);
  await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
});
