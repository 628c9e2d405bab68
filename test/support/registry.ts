/**
 * An OCI registry in this process, as far as pulling goes: what is pushed by a function call is served over HTTP, with
 * the manners of real registries, good and bad.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";

export interface RegistryManners {
  /** How pulling is allowed; default: to everybody. `anonymous`: the token service gives tokens to everybody. */
  readonly auth?:
    | { readonly by: "basic" | "token"; readonly username: string; readonly password: string }
    | { readonly by: "bearer"; readonly token: string }
    | { readonly by: "anonymous" };
  /** Instead of the registry's own token service. */
  readonly realm?: string;
  /** Leaves out the headers that let pages of other origins read answers; default false. */
  readonly closed?: boolean;
  /** Blobs are redirected to a server on another port. */
  readonly blobsElsewhere?: boolean;
}

export interface RegistryRequest {
  /** `storage`: where redirects of blobs lead. */
  readonly at: "registry" | "token" | "storage";
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Layer {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Begins what would have been answered otherwise, and breaks off after so many bytes. */
  readonly cutAfter?: number;
}

export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Without preflights. */
  readonly requests: readonly RegistryRequest[];
  /** Serves an image; gives the digests of its manifest and of its first layer, as hex. */
  readonly push: (
    repository: string,
    tag: string,
    layers: Uint8Array | readonly Layer[],
  ) => { readonly manifest: string; readonly layer: string };
  /** Serves any document as a manifest, by tag and by digest; gives its digest as hex. */
  readonly pushManifest: (
    repository: string,
    tag: string,
    document: unknown,
    mediaType?: string,
  ) => string;
  /** Serves other bytes than were pushed, for a blob or for a manifest asked by digest. */
  readonly tamper: (digest: string) => void;
  /** The next requests of paths that match get these answers instead, in turn. */
  readonly interrupt: (path: RegExp, answers: readonly Answer[]) => void;
}

export const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const INDEX = "application/vnd.oci.image.index.v1+json";
const GRANTED = "granted-by-the-test-registry";

export async function openTestRegistry(manners: RegistryManners = {}): Promise<TestRegistry> {
  const { auth, blobsElsewhere = false, closed = false } = manners;
  const requests: RegistryRequest[] = [];
  const blobs = new Map<string, Uint8Array>();
  const manifests = new Map<string, { readonly mediaType: string; readonly bytes: Uint8Array }>();
  const interruptions: { readonly path: RegExp; readonly answers: Answer[] }[] = [];

  const open = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!closed) {
      response.setHeader("access-control-allow-origin", "*");
      response.setHeader("access-control-allow-headers", "authorization");
      response.setHeader("access-control-expose-headers", "www-authenticate, retry-after");
    }
    if (request.method !== "OPTIONS") return true;
    response.writeHead(204).end();
    return false;
  };
  const note = (at: RegistryRequest["at"], { method = "", url = "", headers }: IncomingMessage) =>
    requests.push({ at, method, path: url, headers });

  const storage = createServer((request, response) => {
    if (!open(request, response)) return;
    note("storage", request);
    send(response, blobs.get(request.url?.slice(1) ?? ""), "application/octet-stream");
  });
  const storageHost = await listen(storage);

  const registry = createServer((request, response) => {
    if (!open(request, response)) return;
    const url = new URL(request.url ?? "/", "http://registry");
    if (url.pathname === "/token") {
      note("token", request);
      const allowed = auth?.by === "anonymous" || authorizedBy(auth, request, "basic");
      if (allowed) sendJson(response, 200, { token: GRANTED });
      else sendJson(response, 401, { details: "incorrect username or password" });
      return;
    }
    note("registry", request);
    const interruption = interruptions.find(
      ({ path, answers }) => path.test(url.pathname) && answers.length > 0,
    );
    const instead = interruption?.answers.shift();
    if (instead?.cutAfter !== undefined) {
      cut(response, instead.cutAfter);
    } else if (instead !== undefined) {
      response.writeHead(instead.status, { ...instead.headers }).end();
      return;
    }
    if (!authorizedBy(auth, request, "pull")) {
      const challenge = `Bearer realm="${manners.realm ?? `http://${host}/token`}",service="test registry",scope="repository:${/^\/v2\/(.*)\/(?:manifests|blobs)\//.exec(url.pathname)?.[1]}:pull"`;
      response.setHeader(
        "www-authenticate",
        auth?.by === "basic" ? `Basic realm="test registry"` : challenge,
      );
      sendJson(response, 401, { errors: [{ code: "UNAUTHORIZED" }] });
      return;
    }
    const [, repository, kind, name = ""] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
    if (kind === "manifests") {
      const found = manifests.get(`${repository} ${name}`);
      send(response, found?.bytes, found?.mediaType ?? "");
    } else if (blobsElsewhere && blobs.has(name)) {
      response.writeHead(307, { location: `http://${storageHost}/${name}` }).end();
    } else {
      send(response, blobs.get(name), "application/octet-stream");
    }
  });
  const host = await listen(registry);

  const pushManifest: TestRegistry["pushManifest"] = (
    repository,
    tag,
    document,
    mediaType = MANIFEST,
  ) => {
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    const digest = hex(bytes);
    manifests.set(`${repository} ${tag}`, { mediaType, bytes });
    manifests.set(`${repository} sha256:${digest}`, { mediaType, bytes });
    return digest;
  };
  return {
    host,
    requests,
    pushManifest,
    push(repository, tag, given) {
      const layers =
        given instanceof Uint8Array ? [{ mediaType: "application/wasm", bytes: given }] : given;
      for (const { bytes } of layers) blobs.set(`sha256:${hex(bytes)}`, bytes);
      const manifest = pushManifest(repository, tag, imageOf(layers));
      return { manifest, layer: hex(layers[0]?.bytes ?? new Uint8Array(0)) };
    },
    tamper(digest) {
      const other = new TextEncoder().encode("something else");
      const key = `sha256:${digest}`;
      if (blobs.has(key)) blobs.set(key, other);
      for (const [name, { mediaType }] of manifests) {
        if (name.endsWith(key)) manifests.set(name, { mediaType, bytes: other });
      }
    },
    interrupt: (path, answers) => void interruptions.push({ path, answers: [...answers] }),
    async [Symbol.asyncDispose]() {
      await Promise.all([registry, storage].map(close));
    },
  };
}

export function hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** An image manifest as `wkg` writes it. */
export function imageOf(layers: readonly Layer[]): Readonly<Record<string, unknown>> {
  const config = { mediaType: "application/vnd.wasm.config.v0+json", bytes: Buffer.from("{}") };
  return {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor(config),
    layers: layers.map(descriptor),
  };
}

function descriptor({ mediaType, bytes }: Layer): unknown {
  return { mediaType, digest: `sha256:${hex(bytes)}`, size: bytes.length };
}

function authorizedBy(
  auth: RegistryManners["auth"],
  { headers }: IncomingMessage,
  what: "basic" | "pull",
): boolean {
  const given = headers.authorization;
  if (auth === undefined) return true;
  if (auth.by === "bearer") return given === `Bearer ${auth.token}`;
  if (what === "pull" && auth.by !== "basic") return given === `Bearer ${GRANTED}`;
  if (auth.by === "anonymous") return true;
  return given === `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
}

function send(response: ServerResponse, bytes: Uint8Array | undefined, mediaType: string): void {
  if (bytes === undefined) {
    sendJson(response, 404, { errors: [{ code: "NOT_FOUND" }] });
    return;
  }
  response.setHeader("content-type", mediaType).setHeader("content-length", bytes.length);
  response.end(bytes);
}

/** Lets `response` have so many bytes of its body, and no end. */
function cut(response: ServerResponse, bytes: number): void {
  const end = response.end.bind(response);
  response.end = (chunk?: unknown): ServerResponse => {
    if (!(chunk instanceof Uint8Array)) return end();
    response.flushHeaders();
    response.write(chunk.subarray(0, bytes), () => response.socket?.resetAndDestroy());
    return response;
  };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `127.0.0.1:${address.port}`;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return; // a test has closed it before its end
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
