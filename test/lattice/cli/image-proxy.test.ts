/** The way to registries on the gateway's port: who may ask whom for what, and where redirects and challenges may lead. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  get,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";

import { openGateway, type Gateway } from "../../../src/cli/gateway.ts";
import { createImageProxy } from "../../../src/cli/image-proxy.ts";
import { createUpstream, UpstreamError } from "../../../src/cli/image-upstream.ts";
import { latticeId } from "../../../src/core/ids.ts";
import { openTestRegistry, type TestRegistry } from "../../support/registry.ts";

const WASM = new TextEncoder().encode("\0asm, as far as a registry knows");
const said: string[] = [];
const open: AsyncDisposable[] = [];
afterEach(async () => {
  said.length = 0;
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});

async function openGate(images: readonly string[]): Promise<Gateway> {
  const gateway = await openGateway({
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    images,
    isolate: false,
    lattice: latticeId("default"),
    folder: tmpdir(),
    say: (line) => said.push(line),
  });
  open.push(gateway);
  return gateway;
}

async function openRegistry(
  manners?: Parameters<typeof openTestRegistry>[0],
): Promise<TestRegistry> {
  const registry = await openTestRegistry({ closed: true, ...manners });
  open.push(registry);
  return registry;
}

/** A server that answers as it is told. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server: Server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `127.0.0.1:${address.port}`;
}

interface Answered {
  readonly status: number | undefined;
  readonly verdict: unknown;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

/** A request whose path is sent as it is: `fetch` would tidy it up, and sets headers of its own. */
async function ask(
  gateway: Gateway,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const { hostname, port } = new URL(gateway.site.page);
  const sent = get({ hostname, port, path, headers, agent: false });
  const [message]: IncomingMessage[] = await once(sent, "response");
  if (message === undefined) throw new Error("no answer");
  const { statusCode, headers: answered } = message;
  const body = await text(message).catch(() => "broken off");
  return { status: statusCode, verdict: answered["inlay-images"], body, headers: answered };
}

describe("pulling", () => {
  test("manifests and blobs come as the registry has them, also by redirects, and are nobody's documents", async () => {
    const registry = await openRegistry({ blobsElsewhere: true });
    const { manifest, layer } = registry.push("acme/hello", "0.1.0", WASM);
    const gateway = await openGate([registry.host]);
    const base = `/-/images/http/${registry.host}/v2/acme/hello`;

    const byTag = await ask(gateway, `${base}/manifests/0.1.0`, {
      cookie: "session=secret",
      accept: "application/json",
    });
    const byDigest = await ask(gateway, `${base}/manifests/sha256:${manifest}`);
    const blob = await ask(gateway, `${base}/blobs/sha256:${layer}`, { authorization: "Bearer x" });

    expect([byTag, byDigest, blob].map(({ status, verdict }) => [status, verdict])).toEqual(
      Array.from({ length: 3 }, () => [200, "passed"]),
    );
    expect(createHash("sha256").update(byTag.body).digest("hex")).toBe(manifest);
    expect(byDigest.body).toBe(byTag.body);
    expect(blob.body).toBe(new TextDecoder().decode(WASM));
    expect(byTag.headers["content-type"]).toBe("application/vnd.oci.image.manifest.v1+json");
    expect(blob.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
      "content-length": String(WASM.length),
    });
    const heard = registry.requests.map(({ at, headers }) => [
      at,
      headers.cookie,
      headers.authorization,
      headers["user-agent"],
    ]);
    expect(heard).toEqual([
      ["registry", undefined, undefined, "inlay-gateway"],
      ["registry", undefined, undefined, "inlay-gateway"],
      ["registry", undefined, "Bearer x", "inlay-gateway"],
      ["storage", undefined, undefined, "inlay-gateway"],
    ]);
    expect(said).toEqual([]);
  });

  test("a token service is asked once its registry has named it, and no other", async () => {
    const registry = await openRegistry({ auth: { by: "anonymous" } });
    registry.push("acme/hello", "0.1.0", WASM);
    const gateway = await openGate([registry.host]);
    const token = `/-/images/http/${registry.host}/token?service=x&scope=repository:acme/hello:pull`;
    const manifest = `/-/images/http/${registry.host}/v2/acme/hello/manifests/0.1.0`;

    const before = await ask(gateway, token);
    const challenged = await ask(gateway, manifest);
    const granted = await ask(gateway, token);
    const other = await ask(gateway, token.replace("/token", "/admin"));
    const grant: { token: string } = JSON.parse(granted.body);
    const pulled = await ask(gateway, manifest, { authorization: `Bearer ${grant.token}` });

    expect([before.status, before.verdict]).toEqual([403, "refused"]);
    expect([challenged.status, challenged.verdict]).toEqual([401, "passed"]);
    expect(challenged.headers["www-authenticate"]).toContain(
      `realm="http://${registry.host}/token"`,
    );
    expect(granted.status).toBe(200);
    expect([other.status, other.verdict]).toEqual([403, "refused"]);
    expect(pulled.status).toBe(200);
  });

  test("what the registry answers besides is passed on: its refusals, and when to come again", async () => {
    const registry = await openRegistry();
    registry.interrupt(/manifests/, [
      { status: 429, headers: { "retry-after": "7", "set-cookie": "a=b", refresh: "0" } },
      { status: 404 },
    ]);
    const gateway = await openGate([registry.host]);
    const path = `/-/images/http/${registry.host}/v2/acme/hello/manifests/1`;

    const busy = await ask(gateway, path);
    const missing = await ask(gateway, path);

    expect([busy.status, busy.verdict, busy.headers["retry-after"]]).toEqual([429, "passed", "7"]);
    expect(busy.headers).not.toHaveProperty("set-cookie");
    expect(busy.headers).not.toHaveProperty("refresh");
    expect([missing.status, missing.verdict]).toEqual([404, "passed"]);
  });
});

describe("what is refused", () => {
  test("nothing is allowed unless it was named", async () => {
    const registry = await openRegistry();
    const gateway = await openGate([]);

    const answer = await ask(gateway, `/-/images/http/${registry.host}/v2/acme/hello/manifests/1`);
    const site = await ask(gateway, "/inlay.json");

    expect([answer.status, answer.verdict]).toEqual([403, "refused"]);
    expect(registry.requests).toEqual([]);
    expect(JSON.parse(site.body)).not.toHaveProperty("images");
  });

  test("the page is told of the proxy when there is something to be read through it", async () => {
    const gateway = await openGate(["ghcr.io"]);

    const site = await ask(gateway, "/inlay.json");

    expect(JSON.parse(site.body)).toMatchObject({
      images: { proxy: `${gateway.site.page}-/images/` },
    });
  });

  test.each([
    "/v2/",
    "/v2/_catalog",
    "/v2/acme/hello/tags/list",
    "/v2/acme/hello/blobs/uploads/1",
    "/v2/acme/hello/manifests/1?x=1",
    "/v2/acme/hello/manifests/1/../../../../../admin",
    "/v2/acme/hello/../../admin/manifests/1",
    "/v2/acme/hello/%2e%2e/manifests/1",
    "/v2/acme//hello/manifests/1",
    "/v2/acme/hello/blobs/sha256:12",
    "/admin",
    "/",
  ])("%s of a registry that is allowed", async (path) => {
    const registry = await openRegistry();
    const gateway = await openGate([registry.host]);

    const { status, verdict } = await ask(gateway, `/-/images/http/${registry.host}${path}`);

    expect([400, 403]).toContain(status);
    expect(verdict).toBe("refused");
    expect(registry.requests).toEqual([]);
  });

  test.each([
    "/-/images/",
    "/-/images/ftp/HOST/v2/a/manifests/1",
    "/-/images/http/user@HOST/v2/a/manifests/1",
    "/-/images/http/HOST@evil.example/v2/a/manifests/1",
    "/-/images/http/HOST\\/v2/a/manifests/1",
    "/-/images/http/HOST.evil.example/v2/a/manifests/1",
    "/-/images/https/127.0.0.1:1/v2/a/manifests/1",
    "/-/images/http/169.254.169.254/v2/a/manifests/1",
    "/-/images/http/2130706433/v2/a/manifests/1",
    "/-/images/http/LOCALHOST/v2/a/manifests/1",
  ])("%s", async (path) => {
    const registry = await openRegistry();
    const gateway = await openGate([registry.host]);

    const { status, verdict } = await ask(gateway, path.replace("HOST", registry.host));

    expect([400, 403]).toContain(status);
    expect(verdict).toBe("refused");
    expect(registry.requests).toEqual([]);
  });

  test("http to a registry that is elsewhere", async () => {
    const gateway = await openGate(["registry.example"]);

    const answer = await ask(gateway, "/-/images/http/registry.example/v2/a/manifests/1");

    expect([answer.status, answer.verdict]).toEqual([403, "refused"]);
  });

  test.each([
    [{ origin: "https://evil.example" }, 403],
    [{ host: "evil.example" }, 421],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, 403],
    [{ "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" }, 403],
    [{ "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate" }, 403],
    [{ "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors" }, 403],
    [{ "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }, 403],
    [{ "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" }, 200],
  ] as const)("of a request with %j the answer is %i", async (headers, status) => {
    const registry = await openRegistry();
    registry.push("acme/hello", "1", WASM);
    const gateway = await openGate([registry.host]);
    const path = `/-/images/http/${registry.host}/v2/acme/hello/manifests/1`;

    const answer = await ask(gateway, path, headers);

    expect(answer.status).toBe(status);
    expect(registry.requests.length).toBe(status === 200 ? 1 : 0);
  });

  test("anything but reading", async () => {
    const registry = await openRegistry();
    const gateway = await openGate([registry.host]);
    const url = `${gateway.site.page}-/images/http/${registry.host}/v2/acme/hello/manifests/1`;

    const statuses = await Promise.all(
      ["POST", "PUT", "DELETE"].map(async (method) => (await fetch(url, { method })).status),
    );

    expect(statuses).toEqual([405, 405, 405]);
    expect(registry.requests).toEqual([]);
  });
});

describe("what goes wrong", () => {
  test("redirects in a circle, to no address, and to http elsewhere are told", async () => {
    const locations = ["/v2/a/manifests/1", "http://", "http://registry.example/", "ftp://x/"];
    const host = await serve((request, response) => {
      const location = locations[Number(/\d+$/.exec(request.url ?? "")?.[0]) - 1] ?? "";
      response.writeHead(302, { location }).end();
    });
    const gateway = await openGate([host]);

    const answers = await Promise.all(
      locations.map((_, i) => ask(gateway, `/-/images/http/${host}/v2/a/manifests/${i + 1}`)),
    );

    expect(answers.map(({ status, verdict }) => [status, verdict])).toEqual([
      [508, "failed"],
      [502, "failed"],
      [502, "failed"],
      [502, "failed"],
    ]);
    expect(answers[0]?.body).toBe(`${host} redirects more than 5 times\n`);
    expect(answers[2]?.body).toContain("is not https");
    expect(said.length).toBe(4);
  });

  test("a registry that is not there, one that breaks off, and answers above the bound are told or cut", async () => {
    const big = await serve((request, response) => {
      const path = request.url ?? "";
      if (path.endsWith("1")) response.writeHead(200, { "content-length": "1000" }).end("x");
      else if (path.endsWith("2")) response.writeHead(200).end("x".repeat(1_000));
      else response.write("x", () => response.socket?.resetAndDestroy());
    });
    const site = { isOwnHost: () => true, isOwnOrigin: () => true };
    const proxy = createImageProxy({
      registries: [big, "127.0.0.1:1"],
      site,
      say: (line) => said.push(line),
      maxBytes: 100,
    });
    const host = await serve((request, response) => void proxy.answer(request, response));
    /** Whoever is cut off hears so before or in the middle of the body. */
    const at = async (target: string): Promise<readonly unknown[]> => {
      try {
        const answer = await fetch(`http://${host}/-/images/http/${target}`);
        return [answer.status, answer.headers.get("inlay-images"), await answer.text()];
      } catch {
        return ["cut"];
      }
    };

    const announced = await at(`${big}/v2/a/manifests/1`);
    const streamed = await at(`${big}/v2/a/manifests/2`);
    const broken = await at(`${big}/v2/a/manifests/3`);
    const away = await at("127.0.0.1:1/v2/a/manifests/1");
    proxy[Symbol.dispose]();

    expect(announced).toEqual([
      502,
      "failed",
      "the answer has 1000 bytes; this gateway passes on 100\n",
    ]);
    expect([streamed, broken]).toEqual([["cut"], ["cut"]]);
    expect(away.slice(0, 2)).toEqual([502, "failed"]);
    expect(said.length).toBe(4);
  });
});

describe("a registry that is everybody's", () => {
  test.each([
    ["an address of this machine", "https://127.0.0.1:1/"],
    ["the cloud's metadata", "https://169.254.169.254/latest"],
    ["a name for this machine", "https://localhost:1/"],
    ["this machine in IPv6", "https://[::1]:1/"],
    ["this machine, IPv4 in IPv6", "https://[::ffff:127.0.0.1]:1/"],
  ])("leads to nothing private: %s", async (_, url) => {
    using upstream = createUpstream();
    const { signal } = new AbortController();

    const asked = upstream.ask({
      url: new URL(url),
      method: "GET",
      headers: {},
      mayBePrivate: false,
      signal,
    });

    await expect(asked).rejects.toBeInstanceOf(UpstreamError);
    await expect(asked).rejects.toMatchObject({ status: 403 });
  });

  test("its redirects are held to that, whatever was reachable before", async () => {
    const inside = await serve((_, response) => void response.end("secret"));
    const outside = await serve((_, response) => {
      response.writeHead(302, { location: `https://${inside}/` }).end();
    });
    using upstream = createUpstream();
    const { signal } = new AbortController();
    const request = {
      url: new URL(`http://${outside}/`),
      method: "GET",
      headers: {},
      signal,
    } as const;

    const held = upstream.ask({ ...request, mayBePrivate: true, redirectsMayBePrivate: false });

    await expect(held).rejects.toMatchObject({ status: 403 });
  });

  test("credentials stay behind when a redirect leaves the origin", async () => {
    const heard: unknown[] = [];
    const other = await serve((request, response) => {
      heard.push(request.headers.authorization);
      response.end("bytes");
    });
    const first = await serve((request, response) => {
      heard.push(request.headers.authorization);
      const location = request.url === "/" ? "/again" : `http://${other}/`;
      response.writeHead(307, { location }).end();
    });
    using upstream = createUpstream();
    const { signal } = new AbortController();

    const { message, private: isPrivate } = await upstream.ask({
      url: new URL(`http://${first}/`),
      method: "GET",
      headers: { authorization: "Basic c2VjcmV0" },
      mayBePrivate: true,
      signal,
    });

    expect(await text(message)).toBe("bytes");
    expect(isPrivate).toBe(true);
    expect(heard).toEqual(["Basic c2VjcmV0", "Basic c2VjcmV0", undefined]);
  });
});
