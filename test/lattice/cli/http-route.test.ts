/** HTTP through the gateway to what serves `wrpc:http` in the lattice, with requests as `curl` sends them. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request as startRequest,
  type ServerResponse,
} from "node:http";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openGateway, type Gateway } from "../../../src/cli/gateway.ts";
import { createHttpRoute } from "../../../src/cli/http-route.ts";
import { latticeId } from "../../../src/core/ids.ts";
import { LatticeError } from "../../../src/core/error.ts";
import type { WitStream } from "../../../src/core/wit.ts";
import { WINDOW_BYTES } from "../../../src/dialects/v1/flow.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { bytes, fields, ok, type Request, textOf } from "../../support/http-values.ts";
import { launchNats, type NatsServer } from "../../support/launch-nats.ts";
import { connectPeer, type NativePeer } from "../../support/native-peer.ts";
import { bytesOfStream, checkPattern, pattern, streamOf } from "../../support/streams.ts";
import { NOTHING_KEPT, openWrpcNode, type WrpcNode } from "../../support/wrpc-node.ts";
import { answerCall } from "../../support/wrpc-peer.ts";

const HANDLER = "wrpc:http/incoming-handler@0.1.0";
const world = {
  imports: new Map(),
  exports: new Map(
    [...createInterfaces().flat.exports].filter(([instance]) => instance === HANDLER),
  ),
};

const folder = mkdtempSync(join(tmpdir(), "inlay-http-"));
let server: NatsServer;
let node: WrpcNode;
let peer: NativePeer;
let gateway: Gateway;
beforeAll(async () => {
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>page</title>");
  server = await launchNats();
  node = await openWrpcNode(server.ws);
  peer = await connectPeer(server.ws);
  gateway = await openGateway({
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    images: [],
    isolate: false,
    lattice: latticeId("default"),
    folder,
    say: () => undefined,
  });
  gateway.leadTo(new URL(server.nats), "ours");
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await node[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const serveAs = (
  id: string,
  handle: (request: Request) => readonly unknown[] | Promise<readonly unknown[]>,
  deadlineMs?: number,
): Promise<unknown> =>
  node.serve(
    id,
    world,
    { [`${HANDLER}#handle`]: handle },
    deadlineMs === undefined ? {} : { deadlineMs },
  );

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

function start(path: string, { method = "GET", headers = {} }: Asked = {}): ClientRequest {
  const { hostname, port } = new URL(gateway.site.page);
  const sent = Object.entries(headers).map(([name, value]) => [name, [value].flat()] as const);
  return startRequest({
    hostname,
    port,
    path,
    method,
    agent: false,
    headers: Object.fromEntries(sent.map(([name, all]) => [name, all.length === 1 ? all[0] : all])),
  });
}

async function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = await once(request, "response");
  return response;
}

async function ask(path: string, asked?: Asked, body?: string) {
  const request = start(path, asked);
  request.end(body);
  const response = await answerTo(request);
  return { response, status: response.statusCode, body: await text(response) };
}

test("a request arrives with its method, path, authority, headers and body, and the response comes back", async () => {
  const seen: unknown[] = [];
  await serveAs("full", async (request) => {
    const { body, trailers, headers, ...head } = request;
    seen.push({ ...head, body: Buffer.from(await bytesOfStream(body)).toString() });
    seen.push(textOf(headers), await trailers);
    return ok({
      status: 201,
      headers: [
        ["content-type", [bytes("text/plain")]],
        ["X-Many", [bytes("one"), bytes("two")]],
      ],
      body: streamOf([bytes("made "), bytes("it")]),
    });
  });

  const { response, status, body } = await ask(
    "/~/full/a/b?c=d&e=%20",
    { method: "POST", headers: { "X-One": ["1", "2"], "content-type": "text/x" } },
    "hello",
  );

  const { host } = new URL(gateway.site.page);
  expect(seen).toEqual([
    {
      method: { tag: "post" },
      pathWithQuery: "/a/b?c=d&e=%20",
      scheme: { tag: "HTTP" },
      authority: host,
      body: "hello",
    },
    {
      "x-one": "1 | 2",
      "content-type": "text/x",
      "content-length": "5",
      "x-forwarded-prefix": "/~/full",
      "x-forwarded-for": "127.0.0.1",
    },
    undefined,
  ]);
  expect([status, body]).toEqual([201, "made it"]);
  expect(response.headers).toMatchObject({ "content-type": "text/plain", "x-many": "one, two" });
});

test.each([
  { path: "/~/paths", seen: "/" },
  { path: "/~/paths/", seen: "/" },
  { path: "/~/paths?x=1", seen: "/?x=1" },
  { path: "/~/paths//x/../y", seen: "//x/../y" },
])("$path is $seen for the component", async ({ path, seen }) => {
  await serveAs("paths", ({ pathWithQuery }) => ok({ body: streamOf([bytes(pathWithQuery)]) }));

  expect((await ask(path)).body).toBe(seen);
});

test("methods of any name, and the response to HEAD without a body", async () => {
  await serveAs("methods", ({ method }) =>
    ok({
      headers: fields({ "x-method": `${method.tag} ${method.val ?? ""}`, "content-length": "4" }),
      body: streamOf([bytes("body")]),
    }),
  );

  const other = await ask("/~/methods/", { method: "PROPFIND" });
  const head = await ask("/~/methods/", { method: "HEAD" });

  expect(other.response.headers["x-method"]).toBe("other PROPFIND");
  expect([head.response.headers["x-method"], head.body]).toEqual(["head", ""]);
  await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
});

test("20 MB flow in and 20 MB out at once, and little of them is kept", async () => {
  let most = 0;
  const watch = (): void => void (most = Math.max(most, node.kept().bytes));
  await serveAs("big", ({ body }) => {
    const reader = body.getReader();
    const through = async function* (): AsyncIterable<Uint8Array> {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        watch();
        if (next.value instanceof Uint8Array) yield next.value;
      }
    };
    return ok({ body: streamOf(through()) });
  });
  const size = 20 * 1024 * 1024;
  const request = start("/~/big/echo", { method: "PUT" });

  Readable.from(pattern(size)).pipe(request);
  const response = await answerTo(request);
  const read = await checkPattern(Readable.toWeb(response) as WitStream);

  expect(read).toBe(size);
  expect(most).toBeLessThan(2 * WINDOW_BYTES);
  await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
});

test("the head of a response comes before its body has ended, and each chunk as it is", async () => {
  let more: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (more = resolve));
  await serveAs("slowly", () =>
    ok({
      body: streamOf(
        (async function* () {
          yield bytes("first");
          await held;
          yield bytes("last");
        })(),
      ),
    }),
  );
  const request = start("/~/slowly/").end();

  const response = await answerTo(request);
  const [first] = await once(response, "data");
  more();
  const rest = await text(response);

  expect([String(first), rest]).toEqual(["first", "last"]);
});

test("trailers go both ways", async () => {
  const seen: unknown[] = [];
  await serveAs("trailing", async ({ body, trailers }) => {
    await bytesOfStream(body);
    seen.push(textOf((await trailers) ?? []));
    return ok({
      headers: fields({ trailer: "x-sum" }),
      body: streamOf([bytes("body")]),
      trailers: Promise.resolve(fields({ "x-sum": "42", "content-length": "9" })),
    });
  });
  const request = start("/~/trailing/", { method: "POST", headers: { trailer: "x-in" } });
  request.write("chunk");
  request.addTrailers({ "x-in": "7" });
  request.end();

  const response = await answerTo(request);
  const body = await text(response);

  expect(seen).toEqual([{ "x-in": "7" }]);
  expect([body, response.trailers]).toEqual(["body", { "x-sum": "42" }]);
});

describe("what is for the next hop, or for the whole host, is not passed on", () => {
  test("to components: cookies of this host, hop-by-hop fields and what connection names", async () => {
    const seen: string[] = [];
    await serveAs("hops-in", ({ headers }) => {
      seen.push(...headers.map(([name]) => name));
      return ok({});
    });

    await ask("/~/hops-in/", {
      headers: {
        connection: "close, x-hop",
        "x-hop": "1",
        te: "trailers",
        cookie: "session=of-another-service",
        "proxy-authorization": "Basic eDp5",
        "x-forwarded-prefix": "/forged",
        authorization: "Bearer mine",
      },
    });

    expect(seen.toSorted()).toEqual(["authorization", "x-forwarded-for", "x-forwarded-prefix"]);
  });

  test("from components", async () => {
    await serveAs("hops-out", () =>
      ok({
        headers: fields({
          connection: "x-hop",
          "x-hop": "1",
          "keep-alive": "timeout=9",
          "transfer-encoding": "gzip",
          "set-cookie": "a=b",
          "clear-site-data": "*",
          "service-worker-allowed": "/",
          "strict-transport-security": "max-age=1",
          location: "/other",
          "x-kept": "yes",
        }),
        status: 302,
      }),
    );

    const { response, status } = await ask("/~/hops-out/");

    const { date: _, connection: _own, "transfer-encoding": chunked, ...rest } = response.headers;
    expect([status, chunked]).toEqual([302, "chunked"]);
    expect(rest).toEqual({
      location: "/~/hops-out/other",
      "x-kept": "yes",
      "x-content-type-options": "nosniff",
      "content-security-policy": expect.stringMatching(/^sandbox /),
    });
  });
});

describe("a component is no part of the page", () => {
  test("its documents have an origin of their own, whatever policy it sends", async () => {
    await serveAs("document", () =>
      ok({
        headers: fields({
          "content-type": "text/html",
          "content-security-policy": "sandbox allow-same-origin",
        }),
        body: streamOf([bytes("<script>parent.indexedDB</script>")]),
      }),
    );

    const { response } = await ask("/~/document/");

    const policies = response.rawHeaders.filter((_, index, all) =>
      /^content-security-policy$/i.test(all[index - 1] ?? ""),
    );
    // Each of several policies holds by itself.
    expect(policies).toContain("sandbox allow-same-origin");
    expect(policies.at(-1)).toMatch(/^sandbox (?!.*allow-same-origin)/);
  });

  test.each(["script", "worker", "sharedworker", "serviceworker"])(
    "nothing of it becomes a %s of the page",
    async (use) => {
      await serveAs("code", () => ok({ body: streamOf([bytes("steal()")]) }));

      const { status } = await ask("/~/code/x.js", {
        headers: { "sec-fetch-site": "same-origin", "sec-fetch-dest": use },
      });

      expect(status).toBe(403);
    },
  );

  test.each([
    { method: "POST", origin: "https://evil.example", status: 403 },
    { method: "DELETE", origin: "null", status: 403 },
    { method: "GET", origin: "https://evil.example", status: 200 },
    { method: "POST", origin: undefined, status: 200 },
  ])("$method from a page of $origin: $status", async ({ method, origin, status }) => {
    await serveAs("origins", () => ok({}));

    const answer = await ask("/~/origins/", { method, headers: origin ? { origin } : {} });

    expect(answer.status).toBe(status);
  });

  test("the page itself may ask", async () => {
    await serveAs("page", () => ok({}));
    const origin = gateway.site.origins[0] ?? "";

    expect((await ask("/~/page/", { method: "POST", headers: { origin } })).status).toBe(200);
  });

  test("a foreign Host gets nothing", async () => {
    await serveAs("host", () => ok({}));

    const { status } = await ask("/~/host/", { headers: { host: "rebound.example" } });

    expect(status).toBe(421);
  });
});

describe("failures", () => {
  test.each([
    { what: "nobody serves it", path: "/~/nobody/", status: 503, reason: /nobody serves/ },
    { what: "the name is none", path: "/~/%20x/", status: 404, reason: /no address/ },
    { what: "there is no name", path: "/~/", status: 404, reason: /no address/ },
    { what: "the name cannot be decoded", path: "/~/%zz/", status: 404, reason: /no address/ },
  ])("$status when $what", async ({ path, status, reason }) => {
    const answer = await ask(path);

    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(reason);
    expect(answer.response.headers["content-type"]).toBe("text/plain; charset=utf-8");
  });

  test.each([
    {
      what: "the component traps",
      id: "traps",
      handle: (): never => {
        throw new LatticeError("guest-trapped", "unreachable");
      },
      status: 502,
      reason: /failed there/,
    },
    {
      what: "the component answers an error",
      id: "errs",
      handle: () => [{ tag: "err", val: { tag: "internal-error", val: "no database" } }],
      status: 502,
      reason: /internal-error: no database/,
    },
    {
      what: "something behind the component is late",
      id: "errs-late",
      handle: () => [{ tag: "err", val: { tag: "connection-timeout" } }],
      status: 504,
      reason: /connection-timeout/,
    },
    {
      what: "the status is none",
      id: "status",
      handle: () => ok({ status: 101 }),
      status: 502,
      reason: /status 101/,
    },
    {
      what: "a header would split the response",
      id: "splits",
      handle: () => ok({ headers: fields({ "x-a": "b\r\nset-cookie: c=d" }) }),
      status: 502,
      reason: /header that is none/,
    },
  ])("$status when $what", async ({ id, handle, status, reason }) => {
    await serveAs(id, handle);

    const answer = await ask(`/~/${id}/`);

    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(reason);
    expect(answer.response.headers["x-a"]).toBeUndefined();
    await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
  });

  test("504 when nothing comes", async () => {
    await answerCall(peer.nats, `default.mute.wrpc.0.0.1.${HANDLER}.handle`);
    await using route = createHttpRoute({
      server: new URL(server.nats),
      lattice: latticeId("default"),
      site: gateway.site,
      idleMs: 1000,
    });
    await using impatient = await listening((request, response) =>
      route.respond(request, response),
    );

    const { status, body } = await impatient.ask("/~/mute/");

    expect([status, body]).toEqual([
      504,
      expect.stringContaining("it was not accepted until then"),
    ]);
  });

  test("502 when the lattice cannot be reached", async () => {
    await using route = createHttpRoute({
      server: new URL("nats://127.0.0.1:1"),
      lattice: latticeId("default"),
      site: gateway.site,
      idleMs: 2000,
    });
    await using lost = await listening((request, response) => route.respond(request, response));

    const { status } = await lost.ask("/~/any/");

    expect(status).toBe(502);
  });

  test("a response that breaks off after its head is no whole response", async () => {
    await serveAs("breaks", () =>
      ok({
        body: streamOf(
          (async function* () {
            yield bytes("half");
            await Promise.reject(new Error("gone"));
          })(),
        ),
      }),
    );
    const response = await answerTo(start("/~/breaks/").end());

    await expect(text(response)).rejects.toThrow("aborted");
  });
});

test("a client that goes away ends the component's call", async () => {
  let stopped: () => void = () => undefined;
  const cancelled = new Promise<void>((resolve) => (stopped = resolve));
  await serveAs("endless", () =>
    ok({
      body: new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
        cancel: () => stopped(),
      }),
    }),
  );
  const request = start("/~/endless/").end();
  const response = await answerTo(request);
  await once(response, "data");

  request.destroy();
  response.on("error", () => undefined);
  await cancelled;

  await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
  expect(node.calls.at(-1)).toMatchObject({ outcome: "aborted" });
});

test("a client that goes away in the middle of its body ends the component's call", async () => {
  let began: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (began = resolve));
  const seen: unknown[] = [];
  await serveAs("cut", async ({ body }) => {
    await checkPattern(body, () => began()).catch((cause: unknown) => seen.push(cause));
    throw new Error("the body broke off");
  });
  const { hostname, port, host } = new URL(gateway.site.page);
  const socket = connectTcp(Number(port), hostname);
  const [first] = pattern(1000);
  socket.write(`POST /~/cut/ HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 5000\r\n\r\n`);
  socket.write(first ?? "");
  await begun;

  socket.destroy();

  await expect.poll(() => seen.length).toBe(1);
  await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
});

test("a component that answers without reading the body is answered for", async () => {
  await serveAs("early", () => ok({ status: 413, body: streamOf([bytes("too much")]) }));
  const request = start("/~/early/", { method: "POST" });
  request.on("error", () => undefined);
  Readable.from(pattern(3 * 1024 * 1024)).pipe(request);

  const response = await answerTo(request);

  expect([response.statusCode, await text(response)]).toEqual([413, "too much"]);
  await expect.poll(() => node.kept()).toEqual(NOTHING_KEPT);
});

test("trace context and caller are told", async () => {
  await serveAs("traced", () => ok({}));
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  await ask("/~/traced/", { headers: { traceparent, tracestate: "a=b" } });

  await expect
    .poll(() => node.calls.at(-1))
    .toMatchObject({ source: "inlay-gateway", target: "traced", traceparent, outcome: "ok" });
});

test("100 requests at once", async () => {
  await serveAs("crowd", ({ body }) => ok({ body }));

  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => ask("/~/crowd/", { method: "POST" }, `request ${n}`)),
  );

  expect(answers.map(({ body }) => body)).toEqual(
    Array.from({ length: 100 }, (_, n) => `request ${n}`),
  );
});

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A server of its own, under the gateway's name, for routes with other options. */
async function listening(handle: Handler) {
  const own = createServer((request, response) => void handle(request, response));
  own.listen(0, "127.0.0.1");
  await once(own, "listening");
  const address = own.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const { host } = new URL(gateway.site.page);
  return {
    async ask(path: string) {
      const request = startRequest({
        port,
        host: "127.0.0.1",
        path,
        headers: { host },
        agent: false,
      });
      request.end();
      const response = await answerTo(request);
      return { status: response.statusCode, body: await text(response) };
    },
    async [Symbol.asyncDispose]() {
      own.close();
      await once(own, "close");
    },
  };
}
