/**
 * `/~/{component}/…` of the gateway: an HTTP request into the lattice, as a call of `wrpc:http/incoming-handler` of that
 * component, and its response back. Bodies stream both ways, and neither is ever whole in memory.
 *
 * A component is no part of the page, although its addresses are of the page's origin: see `http-messages.ts` for what
 * is kept apart, and {@link judgeRequest} for who may ask.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Results } from "../core/call.ts";
import { asLatticeError, type ErrorCode, LatticeError, messageOf } from "../core/error.ts";
import { type EntityId, entityId, type LatticeId } from "../core/ids.ts";
import { createInterfaces } from "../interfaces/interfaces.ts";
import {
  COMPONENT_POLICY,
  type HttpResponse,
  requestValue,
  responseHead,
  trailerFields,
} from "./http-messages.ts";
import { type LatticeClient, machineClock, openLatticeClient } from "./lattice-client.ts";
import type { Site } from "./site.ts";

export interface HttpRouteOptions {
  /** The server to reach the lattice by. */
  readonly server: URL;
  readonly lattice: LatticeId;
  readonly site: Site;
  /** Milliseconds without anything moving, either way, until a request is given up. Default a minute. */
  readonly idleMs?: number;
}

export interface HttpRoute extends AsyncDisposable {
  /** Answers a request whose path begins with {@link ROUTE}. */
  respond(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export const ROUTE = "/~/";

/** Above the 30 s that a component has by default. */
const IDLE_MS = 60_000;
const CONNECT_MS = 5000;
const HANDLER = "wrpc:http/incoming-handler@0.1.0";

export function createHttpRoute(options: HttpRouteOptions): HttpRoute {
  const { site, idleMs = IDLE_MS } = options;
  const lifetime = new AbortController();
  const world = createInterfaces().flat;
  const scheme = site.page.startsWith("https:") ? "HTTPS" : "HTTP";
  const running = new Set<Promise<void>>();
  let client: Promise<LatticeClient> | undefined;
  /** One connection, made when it is first needed, and again when it could not be made. */
  const connect = (): Promise<LatticeClient> => {
    client ??= openLatticeClient({
      server: options.server.href,
      lattice: options.lattice,
      name: "inlay gateway, http",
      connectTimeoutMs: Math.min(CONNECT_MS, idleMs),
      signal: lifetime.signal,
    }).catch((cause: unknown) => {
      client = undefined;
      throw cause;
    });
    return client;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refusal = judgeRequest(request, site);
    if (refusal !== undefined) return fail(response, ...refusal);
    const target = targetOf(request.url ?? "");
    if (target === undefined) return fail(response, 404, "this is no address of a component");
    const watch = watchOver(response, idleMs, lifetime.signal);
    try {
      const lattice = await connect();
      const results = await lattice.reach(target.id, world).invoke({
        id: randomUUID(),
        source: entityId("inlay-gateway"),
        target: target.id,
        link: "default",
        instance: HANDLER,
        func: "handle",
        args: [requestValue(request, { prefix: target.prefix, scheme }, watch.moved)],
        trace: traceOf(request),
        signal: watch.signal,
      });
      watch.moved();
      await relay(responseIn(results), response, { ...target, watch, request });
      await results.ended;
    } catch (cause) {
      tellFailure(response, cause);
    } finally {
      watch.end();
    }
  };
  return {
    async respond(request, response) {
      const answered = answer(request, response);
      running.add(answered);
      await answered.finally(() => running.delete(answered));
    },
    async [Symbol.asyncDispose]() {
      lifetime.abort(new LatticeError("closed", "the gateway is ending"));
      await Promise.allSettled(running);
    },
  };
}

/**
 * Why a request is refused; `undefined` lets it in. `Host` must name this gateway, or a site elsewhere could give its
 * own name to this address. A page of another site may not change anything: it can always make a browser ask, so what it
 * reads is up to the component's own rules. Nothing of a component may become a script or a worker of the page.
 */
function judgeRequest(
  { headers, method = "GET" }: IncomingMessage,
  site: Site,
): readonly [status: number, reason: string] | undefined {
  const { origin, host } = headers;
  if (!site.isOwnHost(host)) return [421, "this gateway has another name"];
  const safe = method === "GET" || method === "HEAD" || method === "OPTIONS";
  if (!safe && origin !== undefined && !site.isOwnOrigin(origin)) {
    return [403, "pages of other sites may only read here"];
  }
  const from = headers["sec-fetch-site"];
  const use = headers["sec-fetch-dest"] ?? "";
  if (from === "same-origin" && CODE.has(use)) {
    return [403, "what a component serves is no code of this page"];
  }
  return undefined;
}

/** `Sec-Fetch-Dest` of what would run with the page's own powers. */
const CODE: ReadonlySet<string> = new Set([
  "audioworklet",
  "embed",
  "object",
  "paintworklet",
  "script",
  "serviceworker",
  "sharedworker",
  "worker",
  "xslt",
]);

interface Target {
  readonly id: EntityId;
  /** What its paths begin with, without the last slash. */
  readonly prefix: string;
}

function targetOf(url: string): Target | undefined {
  const [, segment] = /^\/~\/([^/?#]+)/.exec(url) ?? [];
  if (segment === undefined) return undefined;
  try {
    return { id: entityId(decodeURIComponent(segment)), prefix: `${ROUTE}${segment}` };
  } catch {
    return undefined; // no name that a component could have
  }
}

function traceOf({ headers }: IncomingMessage): ReadonlyMap<string, string> {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== "string" || !/^[\da-f]{2}(-[\da-f]+){3}$/.test(traceparent)) {
    return new Map();
  }
  const state = typeof tracestate === "string" ? tracestate : "";
  return new Map([
    ["traceparent", traceparent],
    ...(state === "" ? [] : [["tracestate", state] as const]),
  ]);
}

interface Watch {
  /** Aborts when the client has gone, nothing moves any more, or the gateway ends. */
  readonly signal: AbortSignal;
  readonly moved: () => void;
  end(): void;
}

function watchOver(response: ServerResponse, idleMs: number, ended: AbortSignal): Watch {
  const over = new AbortController();
  const late = (): void =>
    over.abort(new LatticeError("deadline", `nothing moved for ${idleMs} ms`));
  let cancel = machineClock.after(idleMs, late);
  let since = machineClock.monotonic();
  const gone = (): void => {
    if (!response.writableFinished) over.abort(new LatticeError("aborted", "the client has gone"));
  };
  const stop = (): void => over.abort(ended.reason);
  response.once("close", gone);
  ended.addEventListener("abort", stop, { once: true });
  return {
    signal: over.signal,
    moved() {
      const now = machineClock.monotonic();
      if (now - since < idleMs / 10) return; // a timer for each chunk would cost more than the chunk
      since = now;
      cancel();
      cancel = machineClock.after(idleMs, late);
    },
    end() {
      cancel();
      response.off("close", gone);
      ended.removeEventListener("abort", stop);
    },
  };
}

/** The response in the results; an `error-code` is thrown. */
function responseIn([result]: Results): HttpResponse {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the decoder has it of the type in `wrpc:http`
  const { tag, val } = result as
    | { readonly tag: "ok"; readonly val: HttpResponse }
    | { readonly tag: "err"; readonly val: { readonly tag: string; readonly val?: unknown } };
  if (tag === "ok") return val;
  const code = /timeout/i.test(val.tag) ? "deadline" : "bad-message";
  const detail = typeof val.val === "string" ? `: ${val.val}` : "";
  throw new LatticeError(code, `the component answered ${val.tag}${detail}`);
}

async function relay(
  answer: HttpResponse,
  response: ServerResponse,
  { prefix, watch, request }: Target & { readonly watch: Watch; readonly request: IncomingMessage },
): Promise<void> {
  const reader = answer.body.getReader();
  try {
    const { status, headers } = responseHead(answer, prefix);
    response.statusCode = status;
    for (const [name, values] of headers) response.setHeader(name, values);
    // Trailers need chunks, which HTTP/1.0 does not have, and a length forbids.
    const chunked = !response.hasHeader("content-length") && request.httpVersion !== "1.0";
    if (!chunked) response.removeHeader("trailer");
    if (request.method === "HEAD" || status === 204 || status === 304) {
      response.end();
      await reader.cancel();
      return;
    }
    response.flushHeaders();
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a chunk goes when the one before it has gone
      const { done, value } = await reader.read();
      watch.moved();
      if (done) break;
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (!response.write(value)) await drained(response, watch.signal);
    }
    const trailers = await answer.trailers;
    if (trailers !== undefined && chunked) response.addTrailers(trailerFields(trailers));
    response.end();
  } catch (cause) {
    await reader.cancel(cause).catch(() => undefined); // it has failed by itself
    throw cause;
  }
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    const done = (): void => {
      signal.removeEventListener("abort", abort);
      resolve();
    };
    signal.addEventListener("abort", abort, { once: true });
    response.once("drain", done);
  });
}

/** What a failure of the lattice is in HTTP; any other is a 502. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  "not-served": 503,
  overloaded: 503,
  deadline: 504,
};

/** Before the head is sent the reason is told; afterwards only that the response broke off. */
function tellFailure(response: ServerResponse, cause: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { code } = asLatticeError(cause);
  fail(response, STATUS[code] ?? 502, messageOf(cause));
}

function fail(response: ServerResponse, status: number, reason: string): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-security-policy": COMPONENT_POLICY,
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  response.end(`${reason}\n`);
}
