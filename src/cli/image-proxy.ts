/**
 * A way to OCI registries that pages may not read (`/-/images/…`): pulls, and nothing else, from registries that were named by
 * whoever started this, for pages from here and programs.
 *
 * `/-/images/https/ghcr.io/v2/acme/hello/manifests/1.0` asks `https://ghcr.io/v2/…`. Token services are asked the same way,
 * once a registry's own challenge has named them.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import { messageOf } from "../core/error.ts";
import { parseChallenge } from "../runtime/oci-authorization.ts";
import { createUpstream, isSecure, UpstreamError, type UpstreamAnswer } from "./image-upstream.ts";
import type { Site } from "./site.ts";

/** Where the proxy is on the gateway's port. */
export const IMAGES_PATH = "/-/images/";

export interface ImageProxyOptions {
  /** The hosts that answer, with their ports: `ghcr.io`, `localhost:5000`. */
  readonly registries: readonly string[];
  readonly site: Pick<Site, "isOwnHost" | "isOwnOrigin">;
  /** Hears why something could not be passed on. */
  readonly say: (line: string) => void;
  /** Default 256 MiB. */
  readonly maxBytes?: number;
}

export interface ImageProxy extends Disposable {
  /** Answers a GET or HEAD whose path begins with {@link IMAGES_PATH}. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/**
 * Tells pages what they look at: the registry's answer (`passed`), a refusal to ask it (`refused`), or why there is no answer
 * (`failed`).
 */
const VERDICT = "inlay-images";
const MAX_BYTES = 256 * 1024 * 1024;
const LIMIT_MS = 300_000;
const MOST_AT_ONCE = 32;
const MAX_HEADER = 16 * 1024;
/** A registry has one token service, or one for each kind of access. */
const MOST_REALMS = 8;

/** Pulling, by the distribution specification v1.1: a manifest by tag or digest, a blob by digest. */
const PULL =
  /^\/v2\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*\/(?:manifests\/(?:\w[\w.-]{0,127}|sha256:[0-9a-f]{64})|blobs\/sha256:[0-9a-f]{64})$/;
const ROUTE = /^\/-\/images\/(https?)\/([^/?#@\\\s]+)(\/[^?#\\\s]*)(\?[^#\s]*)?$/;

/** A token service, by `origin + pathname`, as a registry's challenge named it. */
interface Realm {
  readonly registry: string;
  readonly mayBePrivate: boolean;
}

export function createImageProxy(options: ImageProxyOptions): ImageProxy {
  const { registries, site, say, maxBytes = MAX_BYTES } = options;
  const upstream = createUpstream();
  const realms = new Map<string, Realm>();
  let running = 0;

  /** What may be asked at `url`; `undefined` if nothing may. */
  const permit = (
    url: URL,
  ): { readonly mayBePrivate: boolean; readonly registry: boolean } | undefined => {
    const { host, pathname, search, origin } = url;
    if (registries.includes(host) && PULL.test(pathname) && search === "" && isSecure(url, true)) {
      return { mayBePrivate: true, registry: true };
    }
    const realm = realms.get(origin + pathname);
    return realm && { mayBePrivate: realm.mayBePrivate, registry: false };
  };
  const learn = (url: URL, { message, private: isPrivate }: UpstreamAnswer): void => {
    const header = message.headers["www-authenticate"];
    const challenge = header === undefined ? undefined : parseChallenge(header);
    const named = challenge?.scheme === "bearer" ? challenge.parameters.get("realm") : undefined;
    if (named === undefined || !URL.canParse(named)) return;
    const realm = new URL(named);
    if (!isSecure(realm, isPrivate) || realm.username !== "" || realm.password !== "") return;
    const key = realm.origin + realm.pathname;
    realms.delete(key); // so that the newest stands last
    realms.set(key, { registry: url.host, mayBePrivate: isPrivate });
    const own = Array.from(realms).filter(([, { registry }]) => registry === url.host);
    for (const [oldest] of own.slice(0, -MOST_REALMS)) realms.delete(oldest);
  };

  const pass = async (
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
  ): Promise<void> => {
    const permitted = permit(url);
    if (permitted === undefined) {
      refuse(response, 403, `this gateway asks nobody for ${url.origin}${url.pathname}`);
      return;
    }
    if (running >= MOST_AT_ONCE) {
      response.setHeader("retry-after", "1");
      fail(response, 503, `this gateway passes on ${MOST_AT_ONCE} answers at once`);
      return;
    }
    const ended = new AbortController();
    const late = setTimeout(() => ended.abort(), LIMIT_MS);
    response.once("close", () => ended.abort());
    running++;
    try {
      const { registry, mayBePrivate } = permitted;
      const answer = await upstream.ask({
        url,
        method: request.method === "HEAD" ? "HEAD" : "GET",
        headers: headersFor(request),
        mayBePrivate,
        ...(registry ? {} : { redirectsMayBePrivate: mayBePrivate }),
        signal: ended.signal,
      });
      if (registry && answer.message.statusCode === 401) learn(url, answer);
      await passOn(answer.message, response, maxBytes);
    } catch (error) {
      if (response.destroyed && GONE.includes(codeOf(error))) return; // whoever asked has left
      say(`${IMAGES_PATH}${url.host}: ${messageOf(error)}`);
      if (response.headersSent) response.destroy();
      else fail(response, error instanceof UpstreamError ? error.status : 502, messageOf(error));
    } finally {
      running--;
      clearTimeout(late);
      ended.abort();
    }
  };

  return {
    async answer(request, response) {
      protect(response);
      const [status, reason] = judge(request, site);
      const url = addressIn(request.url ?? "");
      if (status !== 200) refuse(response, status, reason);
      else if (url === undefined) refuse(response, 400, "the path names no address to ask");
      else await pass(request, response, url);
    },
    [Symbol.dispose]: () => upstream[Symbol.dispose](),
  };
}

const GONE: readonly unknown[] = ["ABORT_ERR", "ERR_STREAM_PREMATURE_CLOSE"];

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** As for `/nats`. Requests of pages from elsewhere need not say their origin, but browsers say that they are. */
function judge(
  { headers }: IncomingMessage,
  site: ImageProxyOptions["site"],
): readonly [number, string] {
  const { origin, host } = headers;
  if (!site.isOwnHost(host)) return [421, "this is another host"];
  if (origin !== undefined && !site.isOwnOrigin(origin)) return [403, "for pages from here only"];
  const from = headers["sec-fetch-site"] ?? "same-origin";
  const mode = headers["sec-fetch-mode"] ?? "cors";
  const byScript = mode === "cors" || mode === "same-origin";
  return from === "same-origin" && byScript
    ? [200, "OK"]
    : [403, "for scripts of pages from here only"];
}

/** The address that a path stands for; `undefined` for one that would be read in another way than it is written. */
function addressIn(path: string): URL | undefined {
  const [, scheme, host = "", rest = "", query = ""] = ROUTE.exec(path) ?? [];
  const written = `${scheme}://${host}${rest}${query}`;
  if (scheme === undefined || !URL.canParse(written)) return undefined;
  const url = new URL(written);
  return url.host === host && url.pathname === rest ? url : undefined;
}

/** Nothing of a registry is a document of this site, a script or a style, whatever it says that it is. */
function protect(response: ServerResponse): void {
  response.setHeader("cache-control", "no-store");
  response.setHeader("content-security-policy", "default-src 'none'; sandbox");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("x-content-type-options", "nosniff");
}

/** No cookies, and nothing that tells of the page or its person. */
function headersFor({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {
    "user-agent": "inlay-gateway",
    "accept-encoding": "identity",
  };
  for (const name of ["accept", "authorization"] as const) {
    const value = headers[name];
    if (value !== undefined && value.length <= MAX_HEADER) kept[name] = value;
  }
  return kept;
}

const PASSED = ["docker-content-digest", "retry-after", "www-authenticate"] as const;

async function passOn(
  message: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<void> {
  const { headers, statusCode = 502 } = message;
  const length = headers["content-length"];
  if (length !== undefined && !(Number(length) <= maxBytes)) {
    message.destroy();
    throw new UpstreamError(
      502,
      `the answer has ${length} bytes; this gateway passes on ${maxBytes}`,
    );
  }
  const json = /^application\/(?:[\w.+-]+\+)?json\b/i.exec(headers["content-type"] ?? "")?.[0];
  response.setHeader("content-type", json ?? "application/octet-stream");
  if (length !== undefined) response.setHeader("content-length", length);
  for (const name of PASSED) {
    const value = headers[name];
    if (value !== undefined) response.setHeader(name, value);
  }
  response.setHeader(VERDICT, "passed");
  response.writeHead(statusCode);
  let bytes = 0;
  const bounded = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(new Error(`the answer has more than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
  await pipeline(message, bounded, response);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  end(response, status, "refused", why);
}

function fail(response: ServerResponse, status: number, why: string): void {
  end(response, status, "failed", why);
}

function end(response: ServerResponse, status: number, verdict: string, why: string): void {
  response.setHeader(VERDICT, verdict);
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.writeHead(status).end(`${why}\n`);
}
