/**
 * Requests and responses of Node as values of `wrpc:http`, and back, without what a proxy must drop. What else is dropped
 * or added depends on whose address it is: {@link HttpRules}.
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

/** Not handed on either: `host` is the authority, and what is expected of us is done by us. */
const NOT_FOR_COMPONENTS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  "host",
  "expect",
  "http2-settings",
]);

/** What is kept from components and from clients, and what is added, where one address differs from another. */
export interface HttpRules {
  /** Names, in lower case, of fields that components do not get. */
  readonly notForComponents: ReadonlySet<string>;
  /** Names, in lower case, of fields that components cannot send. */
  readonly notFromComponents: ReadonlySet<string>;
  /** Fields of a request, in place of those that the client sent by these names. */
  readonly added: Fields;
  /** Changes a response's head; also that of a refusal. */
  amend(head: Map<string, string[]>): void;
}

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

export interface RequestParts {
  readonly scheme: "HTTP" | "HTTPS";
  readonly authority: string;
  /** With its query, as the component sees it. */
  readonly path: string;
  readonly rules: HttpRules;
}

/** The request as a value of `wrpc:http/types@0.1.0` `request`. Nothing of its body is read before somebody wants it. */
export function requestValue(
  request: IncomingMessage,
  { scheme, authority, path, rules }: RequestParts,
  onProgress: () => void,
): object {
  const method = (request.method ?? "GET").toLowerCase();
  const dropped = new Set([...NOT_FOR_COMPONENTS, ...rules.notForComponents]);
  const own = new Set(rules.added.map(([name]) => name));
  return {
    body: bodyOf(request, onProgress),
    trailers: trailersOf(request, dropped),
    method: METHODS.has(method) ? { tag: method } : { tag: "other", val: request.method },
    pathWithQuery: path,
    scheme: { tag: scheme },
    authority,
    headers: [
      ...fieldsOf(request.rawHeaders, dropped).filter(([name]) => !own.has(name)),
      ...rules.added,
    ],
  };
}

/** A field value's bytes: Node has each as one character. */
export const bytesOf = (value: string): Uint8Array => Buffer.from(value, "latin1");
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
function trailersOf(
  request: IncomingMessage,
  dropped: ReadonlySet<string>,
): Promise<Fields | undefined> {
  const trailers = new Promise<Fields | undefined>((resolve, reject) => {
    request.once("end", () => {
      const fields = fieldsOf(request.rawTrailers, dropped);
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
export function responseHead({ status, headers }: HttpResponse, rules: HttpRules): ResponseHead {
  if (status < 200 || status > 999) {
    throw new LatticeError("bad-message", `the component answered with status ${status}`);
  }
  const named = headers.filter(([name]) => name.toLowerCase() === "connection");
  const hops = named.flatMap(([, values]) => values.flatMap((value) => textOf(value).split(",")));
  const dropped = new Set([
    ...HOP_BY_HOP,
    ...rules.notFromComponents,
    ...hops.map((hop) => hop.trim().toLowerCase()),
  ]);
  const own = new Map<string, string[]>();
  for (const [name, values] of headers) {
    const key = name.toLowerCase();
    if (dropped.has(key)) continue;
    own.set(key, [...(own.get(key) ?? []), ...values.map((value) => sendable(key, value))]);
  }
  rules.amend(own);
  return { status, headers: [...own].filter(([, values]) => values.length > 0) };
}

/** A name that is a token, and text without line ends: anything else could pass for further headers. */
function sendable(name: string, value: Uint8Array): string {
  const text = textOf(value);
  if (!/^[!#$%&'*+.^_`|~\da-z-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
    throw new LatticeError("bad-message", "the component answered with a header that is none");
  }
  return text;
}

/** Trailers that may be sent. */
export function trailerFields(fields: Fields, rules: HttpRules): [string, string][] {
  return fields.flatMap(([name, values]) => {
    const key = name.toLowerCase();
    const dropped = HOP_BY_HOP.has(key) || NOT_IN_TRAILERS.has(key);
    if (dropped || rules.notFromComponents.has(key)) return [];
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
  "set-cookie",
  "trailer",
]);
