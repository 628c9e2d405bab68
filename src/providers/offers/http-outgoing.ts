/**
 * `wasi:http/outgoing-handler` for components of a set, by the browser's `fetch`: to the hosts that their manifest allows,
 * and to those alone. What a page may not do it cannot do either: servers of other origins must let it by CORS, some
 * headers are the browser's own, and a redirect is not shown.
 */
import type { Results } from "../../core/call.ts";
import type { AllowedHost } from "../../core/allowed-hosts.ts";
import type { BoundOffer, OfferContext } from "../../core/offer.ts";
import type { WitStream, WitValue } from "../../core/wit.ts";

import { isAllowed, readAllowedHosts } from "../../core/allowed-hosts.ts";
import { flowing } from "../../core/call.ts";
import { LatticeError, messageOf } from "../../core/error.ts";
import { httpErrorOf, internalError, type HttpErrorCode } from "../../interfaces/http-errors.ts";
import { bytesOf, listOf, partOf, stringOf } from "../../interfaces/parts.ts";
import { servedOf } from "../served.ts";

const OUTGOING = "wrpc:http/outgoing-handler@0.1.0";

/** Browsers stream no request bodies over HTTP/1.1, so that one is gathered first. */
const MOST_BODY_BYTES = 64 * 1024 * 1024;
/** Without an own limit the first byte of a response may take this long (wasmCloud's hosts: ten minutes). */
const FIRST_BYTE_MS = 600_000;

type Fields = readonly (readonly [name: string, values: readonly Uint8Array[]])[];

/** What a request is sent with; a test gives its own. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** @throws {LatticeError} `bad-input` for allowed hosts that cannot be read. */
export function bindHttp(
  { members, clock }: OfferContext,
  send: Fetch = (url, init) => fetch(url, init),
): BoundOffer {
  const allowed = new Map<string, readonly AllowedHost[]>();
  for (const { id, resources } of members.values()) {
    allowed.set(id, readAllowedHosts(resources.allowedHosts));
  }
  const ended = new AbortController();
  return {
    serves: {
      world: servedOf(OUTGOING),
      callee: {
        async invoke({ instance, func, source = "", args, signal }) {
          if (instance !== OUTGOING || func !== "handle") {
            throw new LatticeError("not-found", `there is no function ${instance}#${func}`);
          }
          const [request, options] = args;
          const late = new AbortController();
          const cancel = clock.after(firstByteMs(options), () =>
            late.abort(new LatticeError("deadline", "the response did not begin in time")),
          );
          const given = AbortSignal.any([signal, ended.signal, late.signal]);
          try {
            const { url, init } = await readRequest(request, given);
            if (!isAllowed(url, allowed.get(source) ?? [])) {
              const error = `${url.origin} is not among the hosts that this component may reach`;
              throw new LatticeError("denied", error);
            }
            return responseOf(await asked(send, url, { ...init, signal: given }));
          } catch (cause) {
            signal.throwIfAborted();
            const reason: unknown = late.signal.aborted ? late.signal.reason : cause;
            return [
              { tag: "err", val: reason instanceof Refusal ? reason.code : httpErrorOf(reason) },
            ];
          } finally {
            cancel();
          }
        },
      },
    },
    async [Symbol.asyncDispose]() {
      ended.abort(new LatticeError("closed", "the workload has ended"));
    },
  };
}

/** What is to be told to the guest as it is. */
class Refusal extends Error {
  readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode) {
    super(code.tag);
    this.code = code;
  }
}

async function asked(send: Fetch, url: URL, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await send(url, {
      ...init,
      // Where a redirect leads to is not known before it was followed.
      redirect: "manual",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      cache: "no-store",
    });
  } catch (cause) {
    if (init.signal?.aborted === true) throw init.signal.reason;
    const likely = "is it there, and does it let pages of other origins read (CORS)?";
    throw new Refusal(
      internalError(`${url.origin} could not be fetched: ${messageOf(cause)}; ${likely}`),
    );
  }
  if (response.type !== "opaqueredirect") return response;
  throw new Refusal(internalError(`${url.origin} redirects, and a page cannot see where to`));
}

async function readRequest(
  request: WitValue,
  signal: AbortSignal,
): Promise<{ readonly url: URL; readonly init: RequestInit }> {
  const body = await gather(partOf(request, "body"), signal);
  const method = methodOf(partOf(request, "method"));
  const url = urlOf(request);
  const headers = new Headers();
  try {
    for (const field of listOf(partOf(request, "headers"))) {
      const [name, values] = listOf(field);
      for (const value of listOf(values)) {
        headers.append(stringOf(name), latin1(bytesOf(value)));
      }
    }
  } catch (cause) {
    throw new Refusal(
      internalError(`the request has a header that fetch does not take: ${messageOf(cause)}`),
    );
  }
  const bodiless = method === "GET" || method === "HEAD";
  if (bodiless && body.size > 0) {
    throw new Refusal(internalError(`a page cannot send a body with ${method}`));
  }
  return { url, init: { method, headers, ...(body.size > 0 ? { body } : {}) } };
}

function methodOf(method: WitValue): string {
  const tag = stringOf(partOf(method, "tag"));
  const name = tag === "other" ? stringOf(partOf(method, "val")) : tag.toUpperCase();
  if (["CONNECT", "TRACE", "TRACK"].includes(name.toUpperCase())) {
    throw new Refusal({ tag: "HTTP-request-method-invalid" });
  }
  return name;
}

function urlOf(request: WitValue): URL {
  const authority = partOf(request, "authority");
  const path = partOf(request, "pathWithQuery") ?? "/";
  const scheme = partOf(request, "scheme");
  const tag = scheme === undefined ? "HTTPS" : stringOf(partOf(scheme, "tag"));
  const protocol = tag === "HTTP" ? "http" : tag === "HTTPS" ? "https" : undefined;
  if (authority === undefined || protocol === undefined) {
    throw new Refusal({ tag: "HTTP-request-URI-invalid" });
  }
  const wanted = `${protocol}://${stringOf(authority)}`;
  const origin = URL.canParse(wanted) ? new URL(wanted) : undefined;
  // An authority is no more than a host and a port, or it would say something else to us than to the server.
  if (origin === undefined || origin.username !== "" || origin.password !== "" || !bare(origin)) {
    throw new Refusal({ tag: "HTTP-request-URI-invalid" });
  }
  const given = stringOf(path);
  const text = `${origin.origin}${given.startsWith("/") ? "" : "/"}${given}`;
  if (!URL.canParse(text)) throw new Refusal({ tag: "HTTP-request-URI-invalid" });
  return new URL(text);
}

const bare = ({ pathname, search, hash }: URL): boolean =>
  pathname === "/" && search === "" && hash === "";

async function gather(body: WitValue, signal: AbortSignal): Promise<Blob> {
  if (!(body instanceof ReadableStream)) return new Blob();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type of the function has a stream of bytes here
  const reader = (body as WitStream).getReader();
  const stop = (): void => void reader.cancel(signal.reason).catch(() => undefined); // it has failed by itself
  signal.addEventListener("abort", stop, { once: true });
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a stream gives one chunk after the other
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return new Blob(chunks);
      const bytes = Uint8Array.from(bytesOf(value));
      size += bytes.length;
      if (size > MOST_BODY_BYTES) {
        stop();
        throw new Refusal({ tag: "HTTP-request-body-size", val: BigInt(MOST_BODY_BYTES) });
      }
      chunks.push(bytes);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Fields that say how the body was packed, which the browser has undone. */
const UNPACKED: ReadonlySet<string> = new Set(["content-encoding", "content-length"]);

function responseOf(response: Response): Results {
  const packed = response.headers.has("content-encoding");
  const headers: Fields = [...response.headers]
    .filter(([name]) => !packed || !UNPACKED.has(name))
    .map(([name, value]) => [name, [bytesOfLatin1(value)]]);
  const { stream, ended } = watched(response.body);
  const val = {
    body: stream,
    trailers: Promise.resolve(undefined),
    status: response.status,
    headers,
  };
  return flowing([{ tag: "ok", val }], ended);
}

/** `body` as the waist has streams, and when it has ended. */
function watched(body: ReadableStream<Uint8Array> | null): {
  readonly stream: WitStream;
  readonly ended: Promise<void>;
} {
  let end: () => void = () => undefined;
  let fail: (cause: unknown) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  const reader = body?.getReader();
  const stream: WitStream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await reader?.read();
          if (next?.value !== undefined) return controller.enqueue(next.value);
          controller.close();
          end();
        } catch (cause) {
          controller.error(cause);
          fail(cause);
        }
      },
      async cancel(reason) {
        end();
        await reader?.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, ended };
}

/** Durations of WASI are nanoseconds. */
function firstByteMs(options: WitValue): number {
  const given = partOf(options, "firstByteTimeout");
  const ms = typeof given === "bigint" ? Number(given / 1_000_000n) : FIRST_BYTE_MS;
  return Math.min(ms, FIRST_BYTE_MS);
}

const latin1 = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

const bytesOfLatin1 = (text: string): Uint8Array =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));
