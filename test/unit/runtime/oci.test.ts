/** Pulling from a registry that runs in this process: its answers, its manners, and its lies. */
import { afterEach, expect, test } from "vitest";

import type { Clock } from "../../../src/core/clock.ts";
import type { RegistryCredentials } from "../../../src/core/registry.ts";
import type { LoadProgress } from "../../../src/core/workload.ts";
import type { Layer, RegistryManners, TestRegistry } from "../../support/registry.ts";

import { LatticeError, messageOf } from "../../../src/core/error.ts";
import { Unreachable } from "../../../src/runtime/images.ts";
import { pullImage } from "../../../src/runtime/oci.ts";
import { parseOciReference } from "../../../src/runtime/oci-reference.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { realClock } from "../../support/real-clock.ts";
import { hex, imageOf, INDEX, openTestRegistry } from "../../support/registry.ts";

const WASM = new TextEncoder().encode("\0asm, as far as a registry knows");
const { log: silent } = recordLog();
const ANNA = { username: "anna", password: "s3cret-pässword" } as const;

let registry: TestRegistry;
afterEach(() => registry[Symbol.asyncDispose]());

async function open(manners?: RegistryManners): Promise<TestRegistry> {
  registry = await openTestRegistry(manners);
  return registry;
}

interface PullOptions {
  readonly credentials?: RegistryCredentials;
  readonly maxBytes?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

function pull(rest: string, options: PullOptions = {}): Promise<Uint8Array> {
  const { credentials, maxBytes = 1_000_000, clock = realClock, onProgress } = options;
  const { signal = new AbortController().signal } = options;
  const registered = new Map(credentials && [[registry.host, credentials]]);
  return pullImage(
    parseOciReference(`${registry.host}/${rest}`),
    { signal, ...(onProgress && { onProgress }) },
    { clock, maxBytes, credentials: async () => registered, log: silent },
    (image) => image.fetch(),
  );
}

const paths = (): readonly string[] => registry.requests.map(({ at, path }) => `${at} ${path}`);

test("a tag leads to the bytes of its layer, and loading tells how far it is", async () => {
  const { push } = await open();
  const { layer } = push("acme/hello", "0.1.0", WASM);
  const heard: LoadProgress[] = [];

  const bytes = await pull("acme/hello:0.1.0", { onProgress: (each) => heard.push(each) });

  const { length } = WASM;
  expect(bytes).toEqual(WASM);
  expect(paths()).toEqual([
    "registry /v2/acme/hello/manifests/0.1.0",
    `registry /v2/acme/hello/blobs/sha256:${layer}`,
  ]);
  expect(heard[0]).toEqual({ stage: "fetch", bytes: 0, totalBytes: length });
  expect(heard.at(-2)).toEqual({ stage: "fetch", bytes: length, totalBytes: length });
  expect(heard.at(-1)).toEqual({ stage: "verify" });
});

test("asking for a manifest needs no preflight: its header is short and plain", async () => {
  const { push, requests } = await open();
  push("acme/hello", "0.1.0", WASM);

  await pull("acme/hello:0.1.0");

  const accept = requests[0]?.headers.accept ?? "";
  expect(accept).toContain("application/vnd.oci.image.manifest.v1+json");
  expect(accept).toContain(INDEX);
  expect(accept.length).toBeLessThanOrEqual(128);
  expect(accept).not.toMatch(/["():<>?@[\\\]{}]/);
  expect(requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
});

test("a digest leads there as well, and so does an index", async () => {
  const { push, pushManifest } = await open();
  const { manifest } = push("acme/hello", "wasm", WASM);
  const other = push("acme/hello", "amd64", new TextEncoder().encode("no component"));
  const entry = (digest: string, os: string, architecture: string): object => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${digest}`,
    size: 1,
    platform: { os, architecture },
  });
  const manifests = [entry(other.manifest, "linux", "amd64"), entry(manifest, "wasip2", "wasm")];
  const index = pushManifest("acme/hello", "0.1.0", { schemaVersion: 2, manifests }, INDEX);
  pushManifest(
    "acme/hello",
    "docker",
    { schemaVersion: 2, manifests },
    "application/vnd.docker.distribution.manifest.list.v2+json",
  );

  expect(await pull(`acme/hello@sha256:${manifest}`)).toEqual(WASM);
  expect(await pull(`acme/hello@sha256:${index}`)).toEqual(WASM);
  expect(await pull("acme/hello:0.1.0")).toEqual(WASM);
  expect(await pull("acme/hello:docker")).toEqual(WASM);
});

test("a layer called tar is taken as it is, as wasmCloud does", async () => {
  const { push } = await open();
  const tar: Layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", bytes: WASM };
  push("acme/hello", "0.1.0", [tar]);

  expect(await pull("acme/hello:0.1.0")).toEqual(WASM);
});

test("an anonymous token is asked for once, and serves for manifest and blob", async () => {
  const { push } = await open({ auth: { by: "anonymous" } });
  const { layer } = push("acme/hello", "0.1.0", WASM);

  expect(await pull("acme/hello:0.1.0")).toEqual(WASM);
  expect(paths()).toEqual([
    "registry /v2/acme/hello/manifests/0.1.0",
    "token /token?service=test+registry&scope=repository%3Aacme%2Fhello%3Apull",
    "registry /v2/acme/hello/manifests/0.1.0",
    `registry /v2/acme/hello/blobs/sha256:${layer}`,
  ]);
});

test.each([
  ["by user and password", { auth: { by: "basic", ...ANNA } }, ANNA],
  ["by a token for user and password", { auth: { by: "token", ...ANNA } }, ANNA],
  ["by a token of one's own", { auth: { by: "bearer", token: "mine" } }, { token: "mine" }],
] as const)("a private registry opens %s", async (_, manners, credentials) => {
  const { push } = await open(manners);
  push("acme/hello", "0.1.0", WASM);

  expect(await pull("acme/hello:0.1.0", { credentials })).toEqual(WASM);
});

test("Basic credentials are tried where the page cannot see what is asked for", async () => {
  const { push } = await open({ auth: { by: "basic", ...ANNA } });
  push("acme/hello", "0.1.0", WASM);
  registry.interrupt(/manifests/, [{ status: 401 }]);

  expect(await pull("acme/hello:0.1.0", { credentials: ANNA })).toEqual(WASM);
});

test("credentials stay behind when blobs lie elsewhere", async () => {
  const { push, requests } = await open({ auth: { by: "token", ...ANNA }, blobsElsewhere: true });
  push("acme/hello", "0.1.0", WASM);

  expect(await pull("acme/hello:0.1.0", { credentials: ANNA })).toEqual(WASM);
  const shown = requests.map(({ at, headers }) => [at, headers.authorization?.split(" ")[0]]);
  expect(shown).toEqual([
    ["registry", undefined],
    ["token", "Basic"],
    ["registry", "Bearer"],
    ["registry", "Bearer"],
    ["storage", undefined],
  ]);
});

test("a registry cannot have its credentials sent in clear to another machine", async () => {
  const { push, requests } = await open({
    auth: { by: "token", ...ANNA },
    realm: "http://auth.example/token",
  });
  push("acme/hello", "0.1.0", WASM);

  await expect(pull("acme/hello:0.1.0", { credentials: ANNA })).rejects.toMatchObject({
    code: "denied",
    message: `the registry ${registry.host} wants its credentials sent to http://auth.example, which is not https`,
  });
  expect(requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
});

test.each([
  {
    what: "no credentials",
    manners: { auth: { by: "basic", ...ANNA } },
    given: {},
    error:
      / does not give \S+acme\/hello:0\.1\.0 \(401 Unauthorized\): it wants credentials, and there are none for /,
  },
  {
    what: "wrong credentials",
    manners: { auth: { by: "basic", ...ANNA } },
    given: { credentials: { username: "anna", password: "wrong" } },
    error: / \(401 Unauthorized\): it does not take the credentials for /,
  },
  {
    what: "wrong credentials for a token",
    manners: { auth: { by: "token", ...ANNA } },
    given: { credentials: { username: "anna", password: "wrong" } },
    error: /^the token service \S+ of \S+ does not give .*: it does not take the credentials for /,
  },
  {
    what: "a wrong token",
    manners: { auth: { by: "bearer", token: "right" } },
    given: { credentials: { token: "wrong" } },
    error: / \(401 Unauthorized\): it does not take the credentials for /,
  },
] as const)("$what is said so, without the secret", async ({ manners, given, error }) => {
  const { push } = await open(manners);
  push("acme/hello", "0.1.0", WASM);

  const pulled = pull("acme/hello:0.1.0", given);

  await expect(pulled).rejects.toMatchObject({
    code: "denied",
    message: expect.stringMatching(error),
  });
  await expect(pulled).rejects.not.toMatchObject({ message: expect.stringMatching(/wrong/) });
});

/** A clock on which every pause is over at once. */
function hurriedClock(): { readonly clock: Clock; readonly pausesMs: readonly number[] } {
  const pausesMs: number[] = [];
  const after: Clock["after"] = (ms, run) => {
    pausesMs.push(ms);
    queueMicrotask(run);
    return () => undefined;
  };
  const now = (): number => Date.parse("2030-01-01T00:00:00Z");
  return { clock: { ...realClock, now, after }, pausesMs };
}

test("a busy registry is asked again, when it says so or a little later", async () => {
  const { push, interrupt } = await open();
  push("acme/hello", "0.1.0", WASM);
  interrupt(/manifests/, [{ status: 429, headers: { "retry-after": "7" } }, { status: 503 }]);
  interrupt(/blobs/, [
    { status: 429, headers: { "retry-after": "Tue, 01 Jan 2030 00:00:09 GMT" } },
    { status: 502, headers: { "retry-after": "soon" } },
  ]);
  const { clock, pausesMs } = hurriedClock();

  expect(await pull("acme/hello:0.1.0", { clock })).toEqual(WASM);
  expect(pausesMs).toEqual([7_000, 1_000, 9_000, 1_000]);
});

test.each([
  {
    answers: [{ status: 429 }, { status: 429 }, { status: 429 }],
    pauses: [500, 1_000],
    error: { code: "image-unavailable", message: / has had too many requests for \S+ \(429 .*\)$/ },
  },
  {
    answers: [{ status: 429, headers: { "retry-after": "3600" } }],
    pauses: [],
    error: { code: "image-unavailable", message: / \(429 .*\), and asks to wait 3600 s$/ },
  },
  {
    answers: [{ status: 503 }, { status: 503 }, { status: 503 }],
    pauses: [500, 1_000],
    error: { code: "image-unavailable", message: / answered 503 Service Unavailable for \S+$/ },
  },
  {
    answers: [{ status: 403 }],
    pauses: [],
    error: {
      code: "denied",
      message: / forbids \S+ to this host \(403 .*\): without credentials$/,
    },
  },
  {
    answers: [{ status: 418 }],
    pauses: [],
    error: { code: "image-unavailable", message: / answered 418 I'm a Teapot for \S+$/ },
  },
])("$answers ends with $error.message", async ({ answers, pauses, error }) => {
  const { push, interrupt } = await open();
  push("acme/hello", "0.1.0", WASM);
  interrupt(/manifests/, answers);
  const { clock, pausesMs } = hurriedClock();

  await expect(pull("acme/hello:0.1.0", { clock })).rejects.toMatchObject({
    code: error.code,
    message: expect.stringMatching(error.message),
  });
  expect(pausesMs).toEqual(pauses);
});

test("a body that breaks off is asked for again, of a manifest and of a layer, and a few times only", async () => {
  const { push, interrupt } = await open();
  push("acme/hello", "0.1.0", WASM);
  interrupt(/manifests/, [{ status: 200, cutAfter: 10 }]);
  interrupt(/blobs/, [
    { status: 200, cutAfter: 0 },
    { status: 200, cutAfter: 5 },
  ]);
  const { clock, pausesMs } = hurriedClock();

  const whole = await pull("acme/hello:0.1.0", { clock });
  interrupt(
    /blobs/,
    Array.from({ length: 3 }, () => ({ status: 200, cutAfter: 5 })),
  );
  const broken = pull("acme/hello:0.1.0", { clock });

  await expect(broken).rejects.toThrow(/^\S+\/acme\/hello:0\.1\.0 broke off after [05] bytes/);
  expect(whole).toEqual(WASM);
  expect(pausesMs).toEqual([500, 500, 1_000, 500, 1_000]);
});

test("redirects in a circle are given up", async () => {
  const { push, interrupt } = await open();
  const { layer } = push("acme/hello", "0.1.0", WASM);
  const location = `/v2/acme/hello/blobs/sha256:${layer}`;
  interrupt(
    /blobs/,
    Array.from({ length: 30 }, () => ({ status: 307, headers: { location } })),
  );

  const error: unknown = await pull("acme/hello:0.1.0").catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(Unreachable);
  expect(messageOf(error)).toMatch(
    /^the registry \S+ could not be asked: .*redirect count exceeded$/,
  );
});

test("credentials that never come end with the signal, and those that fail are told", async () => {
  await open();
  const waiting = new AbortController();
  const reference = parseOciReference(`${registry.host}/acme/hello:1`);
  const parts = { clock: realClock, maxBytes: 1, log: silent };
  const never = (): Promise<never> =>
    new Promise(() => queueMicrotask(() => waiting.abort("enough")));
  const failing = (): Promise<never> =>
    Promise.reject(new LatticeError("bad-input", "no such function"));
  const pullWith = (credentials: () => Promise<never>): Promise<unknown> =>
    pullImage(reference, { signal: waiting.signal }, { ...parts, credentials }, () =>
      Promise.resolve(),
    );

  const failed = pullWith(failing);
  await expect(failed).rejects.toThrow("no such function");
  await expect(pullWith(never)).rejects.toBe("enough");
  expect(registry.requests).toEqual([]);
});

test("a pause ends with its signal", async () => {
  const { interrupt } = await open();
  const waiting = new AbortController();
  const reason = new LatticeError("aborted", "enough");
  const after: Clock["after"] = () => {
    queueMicrotask(() => waiting.abort(reason));
    return () => undefined;
  };
  interrupt(/manifests/, [{ status: 503 }]);

  const pulled = pull("acme/hello:1", { clock: { ...realClock, after }, signal: waiting.signal });

  await expect(pulled).rejects.toBe(reason);
});

test("what is not there is said so, for a tag and for a blob", async () => {
  const { pushManifest } = await open();
  const layers = [{ mediaType: "application/wasm", bytes: WASM }];
  pushManifest("acme/hello", "0.2.0", imageOf(layers));

  for (const version of ["0.1.0", "0.2.0"]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is easier to read when it fails
    await expect(pull(`acme/hello:${version}`)).rejects.toMatchObject({
      code: "image-unavailable",
      message: `${registry.host}/acme/hello:${version} is not in its OCI registry (404 Not Found)`,
    });
  }
});

test("other bytes than were asked for are refused: of manifests, of those in an index, of layers", async () => {
  const { push, pushManifest, tamper } = await open();
  const lied = hex(new TextEncoder().encode("something else"));
  const { manifest, layer } = push("acme/hello", "0.1.0", WASM);
  const child = push("acme/hello", "child", new TextEncoder().encode("another component"));
  pushManifest("acme/hello", "index", {
    manifests: [{ mediaType: "m", digest: `sha256:${child.manifest}`, size: 1 }],
  });
  for (const digest of [manifest, layer, child.manifest]) tamper(digest);

  const refusals = [
    [`acme/hello@sha256:${manifest}`, "the manifest of", manifest],
    ["acme/hello:index", "the manifest of", child.manifest],
    ["acme/hello:0.1.0", "the layer of", layer],
  ] as const;
  for (const [rest, what, wanted] of refusals) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is easier to read when it fails
    await expect(pull(rest)).rejects.toMatchObject({
      code: "digest-mismatch",
      message: `${what} ${registry.host}/${rest} has the SHA-256 ${lied}, but was asked for as ${wanted}`,
    });
  }
});

test("a layer above the ceiling is not asked for, and one that is longer than it says is given up", async () => {
  const { push, pushManifest, requests } = await open();
  const big = new Uint8Array(100_000);
  push("acme/hello", "big", big);
  const layer = { mediaType: "application/wasm", digest: `sha256:${hex(big)}`, size: 10 };
  pushManifest("acme/hello", "liar", { layers: [layer] });

  await expect(pull("acme/hello:big", { maxBytes: 50_000 })).rejects.toMatchObject({
    code: "image-too-large",
    message: `${registry.host}/acme/hello:big has 100000 bytes or more; this host takes 50000`,
  });
  expect(requests.length).toBe(1);
  await expect(pull("acme/hello:liar", { maxBytes: 50_000 })).rejects.toMatchObject({
    code: "image-too-large",
  });
});

test("an index in an index, and a manifest without end, are no components", async () => {
  const { pushManifest } = await open();
  const entry = (digest: string): object => ({
    manifests: [{ mediaType: INDEX, digest: `sha256:${digest}`, size: 1 }],
  });
  const inner = pushManifest("acme/hello", "inner", entry("0".repeat(64)));
  pushManifest("acme/hello", "outer", entry(inner));
  pushManifest("acme/hello", "huge", { filler: "x".repeat(5_000_000) });

  await expect(pull("acme/hello:outer")).rejects.toMatchObject({
    code: "bad-image",
    message: `${registry.host}/acme/hello:outer is no component: its index names another index`,
  });
  await expect(pull("acme/hello:huge")).rejects.toMatchObject({ code: "image-too-large" });
});

test("a registry that does not answer is unreachable, with what to do instead", async () => {
  const { host } = await open();
  await registry[Symbol.asyncDispose]();

  const error: unknown = await pull("acme/hello:0.1.0").catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(Unreachable);
  expect(error).toMatchObject({
    code: "image-unavailable",
    message: `the registry ${host} could not be asked: it is not reachable, or does not allow this page's origin (CORS), as most OCI registries do not; an image proxy, the lattice (npm run push), or a file at an https address pinned by #sha256= can take its place`,
  });
});

test("credentials never go by http to another machine", async () => {
  await open();
  const asked: [string, RequestInit | undefined][] = [];
  const unauthorized = { status: 401, headers: { "www-authenticate": "Basic" } };
  const real = globalThis.fetch;
  globalThis.fetch = (address, init) => {
    asked.push([new Request(address).url, init]);
    return Promise.resolve(new Response("", unauthorized));
  };

  const pulled = pullImage(
    parseOciReference("ghcr.io/acme/hello:1", "http"),
    { signal: new AbortController().signal },
    {
      clock: realClock,
      maxBytes: 1,
      credentials: async () => new Map([["ghcr.io", ANNA]]),
      log: silent,
    },
    (image) => image.fetch(),
  ).finally(() => (globalThis.fetch = real));

  await expect(pulled).rejects.toMatchObject({
    code: "denied",
    message: expect.stringMatching(
      /: it wants credentials, and those for ghcr\.io are sent by https only$/,
    ),
  });
  expect(asked.map(([address, init]) => [address, init?.headers])).toEqual([
    ["http://ghcr.io/v2/acme/hello/manifests/1", { accept: expect.any(String) }],
  ]);
});
