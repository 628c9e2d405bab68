/**
 * Requests and responses of Node as values of `wrpc:http`, and back, with what a proxy must drop and what must not
 * reach the origin that components share with the page.
 */
import type { IncomingMessage } from "node:http";

import { LatticeError } from "../core/error.ts";
import type { WitStream } from "../core/wit.ts";

/** One entry per name, in lower case, with all of its values. */
export type Fields = readonly (readonly [name: string, values: readonly Uint8Array[]])[];

/** `wrpc:http/types@0.1.0` `response`, as its decoder gives it. */
export interface HttpResponse {
  readonly body: WitStream;
  readonly trailers: Promise<Fields | undefined>;
  readonly status: number;
  readonly headers: Fields;
}

/** Meant for the next hop alone (RFC 9110, section 7.6.1, and what came before it). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Not handed on to components: `host` is the authority; cookies of this host are those of every local service on any
 * port; what is expected of us is done by us.
 */
const NOT_FOR_COMPONENTS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  "host",
  "cookie",
  "expect",
  "http2-settings",
]);

/**
 * Not taken from components: these speak for the whole origin or host, and its name is also the page's, or other local
 * services'.
 */
const NOT_FROM_COMPONENTS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  "accept-ch",
  "alt-svc",
  "clear-site-data",
  "nel",
  "public-key-pins",
  "report-to",
  "service-worker-allowed",
  "set-cookie",
  "set-cookie2",
  "strict-transport-security",
]);

/**
 * Documents of components have an origin of their own that nothing else has: without it they could read the page's
 * storage and keys, and open the gateway's way to NATS. It stands beside a policy of the component's own.
 */
export const COMPONENT_POLICY =
  "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";

const METHODS: ReadonlySet<string> = new Set([
  "get",
  "head",
  "post",
  "put",
  "delete",
  "connect",
  "options",
  "trace",
  "patch",
]);

/** The request for the component whose paths begin with `prefix`, as a value of `wrpc:http/types@0.1.0` `request`. */
export function requestValue(
  request: IncomingMessage,
  { prefix, scheme }: { readonly prefix: string; readonly scheme: "HTTP" | "HTTPS" },
  onProgress: () => void,
): object {
  const method = (request.method ?? "GET").toLowerCase();
  const path = (request.url ?? "").slice(prefix.length);
  const forwarded: Fields = [
    ["x-forwarded-prefix", [bytesOf(prefix)]],
    ["x-forwarded-for", [bytesOf(request.socket.remoteAddress ?? "unknown")]],
  ];
  const own = new Set(forwarded.map(([name]) => name));
  return {
    body: bodyOf(request, onProgress),
    trailers: trailersOf(request),
    method: METHODS.has(method) ? { tag: method } : { tag: "other", val: request.method },
    pathWithQuery: path.startsWith("/") ? path : `/${path}`,
    scheme: { tag: scheme },
    authority: request.headers.host,
    headers: [
      ...fieldsOf(request.rawHeaders, NOT_FOR_COMPONENTS).filter(([name]) => !own.has(name)),
      ...forwarded,
    ],
  };
}

/** A field value's bytes: Node has each as one character. */
const bytesOf = (value: string): Uint8Array => Buffer.from(value, "latin1");
const textOf = (value: Uint8Array): string => Buffer.from(value).toString("latin1");

/** Names and values in turns, as Node has them, without `dropped` and what `connection` names. */
function fieldsOf(raw: readonly string[], dropped: ReadonlySet<string>): Fields {
  const fields = new Map<string, Uint8Array[]>();
  const hops = new Set<string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? "").toLowerCase();
    const value = raw[i + 1] ?? "";
    if (name === "connection")
      for (const hop of value.split(",")) hops.add(hop.trim().toLowerCase());
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [bytesOf(value)]);
    else values.push(bytesOf(value));
  }
  return [...fields].filter(([name]) => !dropped.has(name) && !hops.has(name));
}

/** A stream that asks the client for more when somebody wants more, and leaves the connection alone when nobody does. */
function bodyOf(request: IncomingMessage, onProgress: () => void): WitStream {
  const chunks = request.iterator({ destroyOnReturn: false });
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        onProgress();
        if (done === true) controller.close();
        else if (value instanceof Uint8Array) controller.enqueue(value);
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Known when the body has ended; rejects when it breaks off. */
function trailersOf(request: IncomingMessage): Promise<Fields | undefined> {
  const trailers = new Promise<Fields | undefined>((resolve, reject) => {
    request.once("end", () => {
      const fields = fieldsOf(request.rawTrailers, NOT_FOR_COMPONENTS);
      resolve(fields.length === 0 ? undefined : fields);
    });
    request.once("close", () => reject(new LatticeError("aborted", "the client broke off")));
  });
  trailers.catch(() => undefined); // whoever sends it hears of it
  return trailers;
}

/** The head of a response as Node takes it. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, values: string[]])[];
}

/** @throws {LatticeError} `bad-message` for a status or a header that cannot be sent. */
export function responseHead({ status, headers }: HttpResponse, prefix: string): ResponseHead {
  if (status < 200 || status > 999) {
    throw new LatticeError("bad-message", `the component answered with status ${status}`);
  }
  const named = headers.filter(([name]) => name.toLowerCase() === "connection");
  const hops = named.flatMap(([, values]) => values.flatMap((value) => textOf(value).split(",")));
  const dropped = new Set([...NOT_FROM_COMPONENTS, ...hops.map((hop) => hop.trim().toLowerCase())]);
  const own = new Map<string, string[]>();
  for (const [name, values] of headers) {
    const key = name.toLowerCase();
    if (dropped.has(key)) continue;
    own.set(key, [...(own.get(key) ?? []), ...values.map((value) => sendable(key, value))]);
  }
  const location = own.get("location");
  if (location !== undefined)
    own.set(
      "location",
      location.map((to) => within(prefix, to)),
    );
  own.set("content-security-policy", [
    ...(own.get("content-security-policy") ?? []),
    COMPONENT_POLICY,
  ]);
  own.set("x-content-type-options", ["nosniff"]);
  return { status, headers: [...own].filter(([, values]) => values.length > 0) };
}

/** A path from the root is one from the component's root. */
const within = (prefix: string, location: string): string =>
  /^\/(?!\/)/.test(location) ? prefix + location : location;

/** A name that is a token, and text without line ends: anything else could pass for further headers. */
function sendable(name: string, value: Uint8Array): string {
  const text = textOf(value);
  if (!/^[!#$%&'*+.^_`|~\da-z-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
    throw new LatticeError("bad-message", "the component answered with a header that is none");
  }
  return text;
}

/** Trailers that may be sent. */
export function trailerFields(fields: Fields): [string, string][] {
  return fields.flatMap(([name, values]) => {
    const key = name.toLowerCase();
    if (NOT_FROM_COMPONENTS.has(key) || NOT_IN_TRAILERS.has(key)) return [];
    return values.map((value): [string, string] => [key, sendable(key, value)]);
  });
}

/** What would change how a message that is already read is understood (RFC 9110, section 6.5.1). */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-length",
  "content-range",
  "content-security-policy",
  "content-type",
  "host",
  "location",
  "trailer",
]);
