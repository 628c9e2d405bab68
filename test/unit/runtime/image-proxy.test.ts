/** Pulling by way of the gateway's image proxy, from registries that let no page read them. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";

import type { RegistryCredentials } from "../../../src/core/registry.ts";

import { createImageProxy } from "../../../src/cli/image-proxy.ts";
import { messageOf } from "../../../src/core/error.ts";
import { readImageProxy } from "../../../src/runtime/image-proxy.ts";
import { Unreachable } from "../../../src/runtime/images.ts";
import { pullImage } from "../../../src/runtime/oci.ts";
import { parseOciReference } from "../../../src/runtime/oci-reference.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { realClock } from "../../support/real-clock.ts";
import {
  openTestRegistry,
  type RegistryManners,
  type TestRegistry,
} from "../../support/registry.ts";

const WASM = new TextEncoder().encode("\0asm, as far as a registry knows");
const ANNA = { username: "anna", password: "s3cret" } as const;
const { log } = recordLog();

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});

async function openRegistry(manners: RegistryManners = {}): Promise<TestRegistry> {
  const registry = await openTestRegistry(manners);
  open.push(registry);
  return registry;
}

/** Gives its address, with the paths that it was asked for. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  });
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
  return { asked, base: `http://127.0.0.1:${address.port}/-/images/` };
}

async function openProxy(registries: readonly string[]) {
  const site = { isOwnHost: () => true, isOwnOrigin: () => true };
  const proxy = createImageProxy({ registries, site, say: () => undefined });
  open.push({ [Symbol.asyncDispose]: async () => proxy[Symbol.dispose]() });
  return serve((request, response) => void proxy.answer(request, response));
}

function pull(
  registry: TestRegistry,
  base: string,
  credentials?: RegistryCredentials,
): Promise<Uint8Array> {
  const registered = new Map(credentials && [[registry.host, credentials]]);
  return pullImage(
    parseOciReference(`${registry.host}/acme/hello:0.1.0`),
    { signal: new AbortController().signal },
    {
      clock: realClock,
      maxBytes: 1_000_000,
      credentials: async () => registered,
      log,
      proxy: readImageProxy(base),
    },
    (image) => image.fetch(),
  );
}

test.each([
  ["everybody", {}, undefined],
  ["tokens for everybody", { auth: { by: "anonymous" } }, undefined],
  ["a user, by tokens", { auth: { by: "token", ...ANNA } }, ANNA],
  ["a user", { auth: { by: "basic", ...ANNA } }, ANNA],
] as const)(
  "a registry for %s is read by way of the proxy alone",
  async (_, manners, credentials) => {
    const registry = await openRegistry({ ...manners, blobsElsewhere: true });
    const { layer } = registry.push("acme/hello", "0.1.0", WASM);
    const proxy = await openProxy([registry.host]);

    const bytes = await pull(registry, proxy.base, credentials);

    expect(bytes).toEqual(WASM);
    expect(new Set(registry.requests.map(({ headers }) => headers["user-agent"]))).toEqual(
      new Set(["inlay-gateway"]),
    );
    expect(proxy.asked.at(-1)).toBe(
      `/-/images/http/${registry.host}/v2/acme/hello/blobs/sha256:${layer}`,
    );
    expect(registry.requests.findLast(({ at }) => at === "storage")?.headers.authorization).toBe(
      undefined,
    );
  },
);

test("what comes through the proxy is checked like anything else", async () => {
  const registry = await openRegistry();
  const { layer } = registry.push("acme/hello", "0.1.0", WASM);
  registry.tamper(layer);
  const { base } = await openProxy([registry.host]);

  await expect(pull(registry, base)).rejects.toMatchObject({ code: "digest-mismatch" });
});

test("refusals of the registry are told as its own", async () => {
  const registry = await openRegistry({ auth: { by: "token", ...ANNA } });
  registry.push("acme/hello", "0.1.0", WASM);
  const { base } = await openProxy([registry.host]);

  await expect(pull(registry, base)).rejects.toMatchObject({
    code: "denied",
    message: expect.stringContaining(`there are none for ${registry.host}`),
  });
  registry.interrupt(/manifests/, [{ status: 404 }]);
  await expect(pull(registry, base, ANNA)).rejects.toMatchObject({
    code: "image-unavailable",
    message: expect.stringContaining("is not in its OCI registry (404"),
  });
});

test("a registry that the proxy does not ask, or a proxy that is away, is passed by", async () => {
  const registry = await openRegistry();
  registry.push("acme/hello", "0.1.0", WASM);
  const other = await openProxy(["ghcr.io"]);
  const none = await serve((_, response) => void response.end("<html>"));

  const pulled = [
    await pull(registry, other.base),
    await pull(registry, none.base),
    await pull(registry, "http://127.0.0.1:1/-/images/"),
  ];

  expect(pulled).toEqual([WASM, WASM, WASM]);
  expect(registry.requests.some(({ headers }) => headers["user-agent"] === "inlay-gateway")).toBe(
    false,
  );
});

test("why the proxy has no answer is told, and counts as a network that fails", async () => {
  const registry = await openRegistry();
  const { base } = await openProxy([registry.host]);
  const [circle, away] = [
    { status: 302, headers: { location: "/v2/acme/hello/manifests/0.1.0" } },
    registry,
  ];
  registry.interrupt(
    /manifests/,
    Array.from({ length: 6 }, () => circle),
  );

  const circling: unknown = await pull(registry, base).catch((thrown: unknown) => thrown);
  await away[Symbol.asyncDispose]();
  const gone: unknown = await pull(registry, base).catch((thrown: unknown) => thrown);

  for (const error of [circling, gone]) expect(error).toBeInstanceOf(Unreachable);
  expect(messageOf(circling)).toBe(
    `the image proxy ${base} has no answer of ${registry.host}: ${registry.host} redirects more than 5 times`,
  );
  expect(messageOf(gone)).toContain("ECONNREFUSED");
});

test("a proxy by http elsewhere is shown no credentials", () => {
  const carries = ["https://p.example/x", "http://127.0.0.1:1/", "http://p.example/"].map(
    (text) => readImageProxy(text).mayCarrySecrets,
  );

  expect(carries).toEqual([true, true, false]);
});

test.each(["/-/images/", "ws://p.example/", "https://p.example/?x", "https://u@p.example/", ""])(
  "%j is no proxy's address",
  (text) => {
    expect(() => readImageProxy(text)).toThrow(expect.objectContaining({ code: "bad-input" }));
  },
);
