/**
 * One HTTP request into the lattice, as a call of `wrpc:http/incoming-handler`, and its response back. Bodies stream both
 * ways, and neither is ever whole in memory.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Results } from "../core/call.ts";
import { asLatticeError, type ErrorCode, LatticeError, messageOf } from "../core/error.ts";
import { type EntityId, entityId, type LatticeId } from "../core/ids.ts";
import { createInterfaces } from "../interfaces/interfaces.ts";
import {
  type HttpResponse,
  type HttpRules,
  type RequestParts,
  requestValue,
  responseHead,
  trailerFields,
} from "./http-messages.ts";
import { type LatticeClient, machineClock, openLatticeClient } from "./lattice-client.ts";

export interface ExchangeOptions {
  /** The server to reach the lattice by. */
  readonly server: URL;
  readonly lattice: LatticeId;
  /** The connection's name in the server's monitoring. */
  readonly name: string;
  /** Milliseconds without anything moving, either way, until a request is given up. Default a minute. */
  readonly idleMs?: number;
  /** What failures are in HTTP where that differs from {@link STATUS}. */
  readonly statuses?: Statuses;
}

type Statuses = Readonly<Partial<Record<ErrorCode, number>>>;

export interface Passage extends RequestParts {
  /** Who may answer: the first of them that somebody serves. */
  readonly targets: readonly EntityId[];
  /** What is answered when nobody serves any of them. */
  readonly absent: () => Refusal;
  /** Hears that somebody does. */
  readonly met?: () => void;
}

export interface HttpExchange extends AsyncDisposable {
  /** Answers `request` in any case. */
  pass(request: IncomingMessage, response: ServerResponse, passage: Passage): Promise<void>;
}

/** Above the 30 s that a component has by default. */
const IDLE_MS = 60_000;
const CONNECT_MS = 5000;
const HANDLER = "wrpc:http/incoming-handler@0.1.0";

/** Has one connection, made when it is first needed, and again when it could not be made. */
export function createHttpExchange(options: ExchangeOptions): HttpExchange {
  const { idleMs = IDLE_MS } = options;
  const statuses = { ...STATUS, ...options.statuses };
  const lifetime = new AbortController();
  const world = createInterfaces().flat;
  const running = new Set<Promise<void>>();
  let client: Promise<LatticeClient> | undefined;
  const connect = (): Promise<LatticeClient> => {
    client ??= openLatticeClient({
      server: options.server.href,
      lattice: options.lattice,
      name: options.name,
      connectTimeoutMs: Math.min(CONNECT_MS, idleMs),
      signal: lifetime.signal,
    }).catch((cause: unknown) => {
      client = undefined;
      throw cause;
    });
    return client;
  };

  /** `undefined` if nobody is there: then nothing of the body was read, so that it is whole for the next one who is asked. */
  const call = async (
    request: IncomingMessage,
    { targets, ...parts }: Passage,
    watch: Watch,
  ): Promise<Results | undefined> => {
    const lattice = await connect();
    for (const target of targets) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- the next one is asked if there is no such one
        return await lattice.reach(target, world).invoke({
          id: randomUUID(),
          source: entityId("inlay-gateway"),
          target,
          link: "default",
          instance: HANDLER,
          func: "handle",
          args: [requestValue(request, parts, watch.moved)],
          trace: traceOf(request),
          signal: watch.signal,
        });
      } catch (cause) {
        if (asLatticeError(cause).code !== "not-served") throw cause;
      }
    }
    return undefined;
  };
  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    passage: Passage,
  ): Promise<void> => {
    const { absent, met, rules } = passage;
    const watch = watchOver(response, idleMs, lifetime.signal);
    try {
      const results = await call(request, passage, watch);
      watch.moved();
      if (results === undefined) return refuse(response, absent(), rules);
      met?.();
      await relay(responseIn(results), { request, response, rules, watch });
      await results.ended;
    } catch (cause) {
      // Before the head is sent the reason is told; afterwards only that the response broke off.
      if (response.headersSent || response.destroyed) response.destroy();
      else {
        const { code } = asLatticeError(cause);
        refuse(response, [statuses[code] ?? 502, messageOf(cause)], rules);
      }
    } finally {
      watch.end();
    }
  };
  return {
    async pass(request, response, passage) {
      const answered = answer(request, response, passage);
      running.add(answered);
      await answered.finally(() => running.delete(answered));
    },
    async [Symbol.asyncDispose]() {
      lifetime.abort(new LatticeError("closed", "the gateway is ending"));
      await Promise.allSettled(running);
    },
  };
}

/** What a failure of the lattice is in HTTP; any other is a 502. */
const STATUS: Statuses = { overloaded: 503, deadline: 504 };

/** Why a request gets no response of a component, and after how many seconds it may get one, if that is worth a try. */
export type Refusal = readonly [status: number, reason: string, retryAfter?: number];

/** Answers with the reason, as text. */
export function refuse(
  response: ServerResponse,
  [status, reason, retryAfter]: Refusal,
  { amend }: Pick<HttpRules, "amend">,
): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const head = new Map([
    ["content-type", ["text/plain; charset=utf-8"]],
    ["x-content-type-options", ["nosniff"]],
    ["cache-control", ["no-store"]],
  ]);
  if (retryAfter !== undefined) head.set("retry-after", [String(retryAfter)]);
  amend(head);
  response.statusCode = status;
  for (const [name, values] of head) response.setHeader(name, values);
  response.end(`${reason}\n`);
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

interface Relay {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly rules: HttpRules;
  readonly watch: Watch;
}

async function relay(
  answer: HttpResponse,
  { request, response, rules, watch }: Relay,
): Promise<void> {
  const reader = answer.body.getReader();
  try {
    const { status, headers } = responseHead(answer, rules);
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
    if (trailers !== undefined && chunked) response.addTrailers(trailerFields(trailers, rules));
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
