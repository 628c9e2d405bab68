import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { request as requestTls } from "node:https";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openGateway, type Gateway, type GatewayOptions } from "../../../src/cli/gateway.ts";
import { findNatsServer, launchNatsServer, type NatsServer } from "../../../src/cli/nats-server.ts";
import { thisMachine } from "../../../src/cli/tools.ts";
import { latticeId } from "../../../src/core/ids.ts";
import { handshake, speakNats } from "./nats-client.ts";

const root = mkdtempSync(join(tmpdir(), "inlay-gateway-"));
const folder = join(root, "dist");
const said: string[] = [];

function open(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  return openGateway({
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    images: [],
    isolate: false,
    lattice: latticeId("default"),
    folder,
    say: (line) => said.push(line),
    ...options,
  });
}

beforeAll(() => {
  mkdirSync(join(folder, "assets"), { recursive: true });
  mkdirSync(join(folder, "demo"));
  mkdirSync(join(folder, "workers"));
  writeFileSync(join(root, "secret.txt"), "secret");
  writeFileSync(join(folder, ".hidden"), "secret");
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>page</title>");
  writeFileSync(join(folder, "inlay.js"), "void 0;");
  writeFileSync(join(folder, "assets/main-Ab_3-xYz.js"), "export {};");
  writeFileSync(join(folder, "workers/host.worker-Ab_3-xYz.js"), "export {};");
  writeFileSync(join(folder, "workers/components-Ab_3-xYz.js"), "export {};");
  writeFileSync(join(folder, "workers/component.worker-Ab_3-xYz.js"), "export {};");
  writeFileSync(join(folder, "demo/hello.wasm"), Uint8Array.of(0, 0x61, 0x73, 0x6d));
});
afterAll(() => rmSync(root, { recursive: true }));

describe("files", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await open();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  const at = (path: string): string => new URL(path, gateway.site.page).href;

  /** A request whose path is sent as it is: `fetch` would tidy it up. */
  async function raw(path: string): Promise<{ status: number | undefined; body: string }> {
    const { hostname, port } = new URL(gateway.site.page);
    const [response] = await once(get({ hostname, port, path, agent: false }), "response");
    return { status: response.statusCode, body: await text(response) };
  }

  test.each([
    { path: "", type: "text/html; charset=utf-8", cache: "no-cache" },
    { path: "demo/hello.wasm", type: "application/wasm", cache: "no-cache" },
    {
      path: "inlay.js",
      type: "text/javascript; charset=utf-8",
      cache: "no-cache",
    },
    {
      path: "workers/components-Ab_3-xYz.js",
      type: "text/javascript; charset=utf-8",
      cache: "public, max-age=31536000, immutable",
    },
    {
      path: "assets/main-Ab_3-xYz.js?v=1",
      type: "text/javascript; charset=utf-8",
      cache: "public, max-age=31536000, immutable",
    },
  ])("/$path is $type, $cache", async ({ path, type, cache }) => {
    const response = await fetch(at(path));

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("cache-control")).toBe(cache);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(0);
  });

  test("documents and the guests' worker have a policy, and the node's own worker has none", async () => {
    const [page, worker, guests] = await Promise.all([
      fetch(at("index.html")),
      fetch(at("workers/host.worker-Ab_3-xYz.js")),
      fetch(at("workers/component.worker-Ab_3-xYz.js")),
    ]);

    const policy = page.headers.get("content-security-policy");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toMatch(/connect-src [^;]*\bwss:/);
    expect(worker.headers.get("content-security-policy")).toBeNull();
    expect(guests.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src /,
    );
    expect(page.headers.get("cross-origin-embedder-policy")).toBeNull();
  });

  test("a copy that is still good is not sent again", async () => {
    const first = await fetch(at("index.html"));
    const etag = first.headers.get("etag") ?? "none";
    await first.text();

    const again = await fetch(at("index.html"), { headers: { "if-none-match": etag } });

    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
  });

  test("HEAD gives the headers alone", async () => {
    const response = await fetch(at("demo/hello.wasm"), { method: "HEAD" });

    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("4");
    expect(await response.text()).toBe("");
  });

  test.each([
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/demo/..%2f..%2fsecret.txt",
    "/..%5csecret.txt",
    "/.hidden",
    "/demo",
    "/demo/",
    "//secret.txt",
    "/index.html/",
    "/index.html%00.txt",
    "/%ff",
    "/absent.js",
  ])("%s is not found", async (path) => {
    const { status, body } = await raw(path);

    expect(status).toBe(404);
    expect(body).not.toContain("secret");
  });

  test("nothing can be posted", async () => {
    const response = await fetch(at("index.html"), { method: "POST", body: "x" });

    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  });

  test("the page learns its defaults under the name that the browser uses", async () => {
    const { port } = new URL(gateway.site.page);

    const response = await fetch(`http://127.0.0.1:${port}/inlay.json`);

    expect(await response.json()).toEqual({
      servers: [`ws://127.0.0.1:${port}/nats`],
      lattice: "default",
      demo: [{ id: "hello", ref: `http://127.0.0.1:${port}/demo/hello.wasm` }],
    });
  });
});

test("an isolated page and the scripts of its workers have the embedder policy", async () => {
  await using gateway = await open({ isolate: true });

  const responses = await Promise.all(
    ["index.html", "workers/host.worker-Ab_3-xYz.js", "inlay.json", "absent"].map((path) =>
      fetch(gateway.site.page + path),
    ),
  );

  for (const { headers } of responses) {
    expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
  }
});

describe("the way to NATS", () => {
  let gateway: Gateway;
  let server: NatsServer;
  beforeAll(async () => {
    const { signal } = new AbortController();
    gateway = await open();
    server = await launchNatsServer({
      binary: findNatsServer(thisMachine((line) => said.push(line))),
      storeDir: join(root, "jetstream"),
      origins: gateway.site.origins,
      signal,
    });
    gateway.leadTo(new URL(server.ws), "ours");
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test.each([
    { title: "a program without Origin", origin: undefined },
    { title: "the page", origin: "own" },
  ])("$title speaks to the server", async ({ origin }) => {
    const own = origin === undefined ? {} : { origin: gateway.site.page.slice(0, -1) };
    const agent = { "user-agent": "Mozilla/5.0" };

    const { info, pong } = await speakNats(gateway.ws, { ...own, headers: agent });

    expect(info["version"]).toMatch(/^\d+\.\d+/);
    expect(info["jetstream"]).toBe(true);
    expect(pong).toBe("PONG");
  });

  test("a page under another name of this gateway speaks to the server", async () => {
    const { port } = new URL(gateway.site.page);

    const { pong } = await speakNats(gateway.ws, { origin: `http://localhost:${port}` });

    expect(pong).toBe("PONG");
  });

  test.each([
    { title: "a foreign page", headers: { origin: "http://evil.test" }, status: 403 },
    { title: "a sandboxed page", headers: { origin: "null" }, status: 403 },
    { title: "a rebound name", headers: { host: "evil.test" }, status: 421 },
  ])("$title is refused with $status", async ({ headers, status }) => {
    const answer = await handshake(gateway.ws, headers);

    expect(answer).toBe(status);
  });

  test.each(["/", "/nats/", "/nats?x", "/leafnode", "/mqtt", "/nats/leafnode"])(
    "an upgrade of %s leads nowhere",
    async (path) => {
      const answer = await handshake(new URL(path, gateway.ws).href);

      expect(answer).toBe(404);
    },
  );

  test("frames for browsers are not cut into 4096 bytes", async () => {
    const payload = "x".repeat(60_000);

    const frames = await echoed(gateway.ws, payload);

    expect(Math.max(...frames)).toBeGreaterThan(4096);
  });

  test("foreign pages are refused by the server's own listener as well", async () => {
    const foreign = await handshake(server.ws, { origin: "http://evil.test" });
    const own = await handshake(server.ws, { origin: gateway.site.origins[0] ?? "" });

    expect(foreign).toBe(403);
    expect(own).toBe(101);
  });
});

describe("between client and server", () => {
  /** A client and the server's end of its connection, with what the server was asked. */
  async function pair(
    gateway: Gateway,
  ): Promise<{ client: Socket; server: Socket; asked: string }> {
    const listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP listener's address is never a string
    const { port } = listener.address() as AddressInfo;
    gateway.leadTo(new URL(`ws://127.0.0.1:${port}/lattice?x=1`), "theirs");
    const { host } = new URL(gateway.ws);
    const client = connect({ host: "127.0.0.1", port: Number(new URL(gateway.ws).port) });
    client.write(
      `GET /nats HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
        `origin: http://${host}\r\ncookie: of=others\r\nuser-agent: Mozilla/5.0\r\n` +
        "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    const [server]: Socket[] = await once(listener, "connection");
    listener.close();
    if (server === undefined) throw new Error("no connection");
    const [asked] = await once(server, "data");
    return { client, server, asked: String(asked) };
  }

  test("another's server gets the path of its URL, and neither cookies nor origin nor agent", async () => {
    await using gateway = await open();

    const { asked } = await pair(gateway);

    const [line, ...headers] = asked.trim().split("\r\n");
    expect(line).toBe("GET /lattice?x=1 HTTP/1.1");
    const names = new Set(headers.map((header) => header.split(":")[0]));
    expect(names).toEqual(
      new Set([
        "connection",
        "host",
        "sec-websocket-key",
        "sec-websocket-version",
        "upgrade",
        "user-agent",
      ]),
    );
    expect(asked).not.toContain("Mozilla");
  });

  test.each([
    { goes: "client", other: "server" },
    { goes: "server", other: "client" },
  ] as const)("when the $goes is gone the $other hears of it", async ({ goes, other }) => {
    await using gateway = await open();
    const both = await pair(gateway);
    both.server.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    const [answer] = await once(both.client, "data");

    const closed = once(both[other], "close");
    both[goes].destroy();
    both[other].resume();

    expect(String(answer)).toContain("101");
    await expect(closed).resolves.toBeDefined();
  });
});

test("before the server is there the way is closed for now", async () => {
  await using gateway = await open();

  const answer = await handshake(gateway.ws);

  expect(answer).toBe(503);
});

test("a client that resets the connection while it is refused harms nobody", async () => {
  await using gateway = await open();
  const { hostname, port, host } = new URL(gateway.site.page);
  for (let n = 0; n < 20; n++) {
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    socket.write(
      `GET /elsewhere HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
    );
    socket.resetAndDestroy();
    await once(socket, "close");
  }

  expect(await handshake(gateway.ws)).toBe(503);
});

test("a server that is gone is told to the client and on stderr", async () => {
  await using gateway = await open();
  await using dead = await open();
  const url = new URL(dead.ws);
  await dead[Symbol.asyncDispose]();
  gateway.leadTo(url, "theirs");

  const answer = await handshake(gateway.ws);

  expect(answer).toBe(502);
  expect(said.at(-1)).toContain("ECONNREFUSED");
});

test("a port that is taken is an error when it was asked for", async () => {
  await using gateway = await open();
  const port = Number(new URL(gateway.site.page).port);

  const second = open({ port });

  await expect(second).rejects.toMatchObject({ code: "conflict" });
});

test("with a certificate the page and its way to NATS are in TLS", async () => {
  const tls = resolve(import.meta.dirname, "tls");
  const files = { certFile: join(tls, "cert.pem"), keyFile: join(tls, "key.pem") };
  await using gateway = await open({ tls: files, host: "0.0.0.0" });
  const url = new URL("inlay.json", gateway.site.page);
  const ca = readFileSync(files.certFile);

  const request = requestTls(url, { ca, agent: false, family: 4 }).end();
  const [response] = await once(request, "response");

  expect(url.protocol).toBe("https:");
  expect(gateway.ws).toBe(`wss://localhost:${url.port}/nats`);
  expect(JSON.parse(await text(response))).toMatchObject({ servers: [gateway.ws] });
});

/** Lengths of the frames in which `payload` comes back to a browser. */
async function echoed(url: string, payload: string): Promise<readonly number[]> {
  const { frames } = await speakNats(url, {
    headers: { "user-agent": "Mozilla/5.0" },
    say: `SUB echo 1\r\nPUB echo ${payload.length}\r\n${payload}\r\n`,
  });
  return frames;
}
