/**
 * `wasmcloud:httpserver` and `wasmcloud:httpclient`, whose bodies are whole, and `wrpc:http`, whose bodies are streams
 * (wasmCloud v0.82.0 `crates/compat/src/http.rs`, `crates/providers/{http-server,http-client}`).
 *
 * All values of a header pass; hosts of 0.82 keep only the last one.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- both ends were checked by the types of the interface */
import type { WitStream, WitValue } from "../../../core/wit.ts";
import type { CalledFunction, Contract, ServedOperation } from "./contract.ts";

import { LatticeError } from "../../../core/error.ts";
import { bytes, readMsgpack, struct, writeMsgpack } from "../../../wire/msgpack.ts";
import { defaulting, dictionary, list, natural, text } from "../../../wire/shape.ts";
import { demandOk, functionName } from "./contract.ts";
import { gather, streamOf } from "./streams.ts";

const INCOMING = "wrpc:http/incoming-handler@0.1.0";
const OUTGOING = "wrpc:http/outgoing-handler@0.1.0";
const EMPTY = new Uint8Array(0);

type Header = ReadonlyMap<string, readonly string[]>;

const header = dictionary(list(text));
const serverRequest = struct<{
  method: string;
  path: string;
  queryString: string;
  header: Header;
  body: Uint8Array;
}>({
  method: defaulting(text, ""),
  path: defaulting(text, ""),
  queryString: defaulting(text, ""),
  header,
  body: defaulting(bytes, EMPTY),
});
const clientRequest = struct<{ method: string; url: string; headers: Header; body: Uint8Array }>({
  method: defaulting(text, ""),
  url: defaulting(text, ""),
  headers: header,
  body: defaulting(bytes, EMPTY),
});
const response = struct<{ statusCode: number; header: Header; body: Uint8Array }>({
  statusCode: defaulting(natural(0xffff), 0),
  header,
  body: defaulting(bytes, EMPTY),
});

/** `list<tuple<string, list<list<u8>>>>` */
type Fields = readonly (readonly [name: string, values: readonly Uint8Array[]])[];

interface WireRequest {
  readonly body: WitStream;
  readonly trailers: Promise<Fields | undefined>;
  readonly method: { readonly tag: string; readonly val?: string };
  readonly pathWithQuery: string | undefined;
  readonly scheme: { readonly tag: string; readonly val?: string } | undefined;
  readonly authority: string | undefined;
  readonly headers: Fields;
}

interface WireResponse {
  readonly body: WitStream;
  readonly trailers: Promise<Fields | undefined>;
  readonly status: number;
  readonly headers: Fields;
}

const METHODS = new Set([
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

function methodOf(name: string): WireRequest["method"] {
  const tag = name.toLowerCase();
  return METHODS.has(tag) ? { tag } : { tag: "other", val: name };
}

function methodName({ tag, val = "" }: WireRequest["method"]): string {
  return tag === "other" ? val : tag.toUpperCase();
}

function fieldsOf(given: Header): Fields {
  const encoder = new TextEncoder();
  return Array.from(given, ([name, values]) => [
    name.toLowerCase(),
    values.map((value) => encoder.encode(value)),
  ]);
}

/** What is no ASCII has no place in a header of 0.82. */
function headerOf(fields: Fields): Record<string, string[]> {
  const decoder = new TextDecoder();
  const all = new Map<string, string[]>();
  for (const [name, values] of fields) {
    const texts = values.map((value) => decoder.decode(value));
    all.set(name, [...(all.get(name) ?? []), ...texts]);
  }
  return Object.fromEntries(all);
}

const noTrailers = (): Promise<undefined> => Promise.resolve(undefined);

async function answerOf(operation: string, results: readonly WitValue[]): Promise<Uint8Array> {
  const { body, status, headers } = demandOk(operation, results) as WireResponse;
  return writeMsgpack({
    statusCode: status,
    header: headerOf(headers),
    body: await gather(body),
  });
}

function resultsOf(answer: Uint8Array): readonly WitValue[] {
  const { statusCode, header: given, body } = readMsgpack(answer, response);
  const val: WireResponse = {
    body: streamOf(body),
    trailers: noTrailers(),
    status: statusCode,
    headers: fieldsOf(given),
  };
  return [{ tag: "ok", val }];
}

const handleRequest: ServedOperation = {
  needs: [INCOMING],
  async serve(argument, call) {
    const request = readMsgpack(argument, serverRequest);
    const { method, path, queryString, body } = request;
    const given: WireRequest = {
      body: streamOf(body),
      trailers: noTrailers(),
      method: methodOf(method),
      pathWithQuery: queryString === "" ? path : `${path}?${queryString}`,
      scheme: { tag: "HTTP" },
      authority: request.header.get("host")?.at(-1),
      headers: fieldsOf(request.header),
    };
    return answerOf("HttpServer.HandleRequest", await call(INCOMING, "handle", [given]));
  },
};

const handle: CalledFunction = async ([given], send) => {
  const { body, method, pathWithQuery = "/", headers, authority } = given as WireRequest;
  const [path = "", ...rest] = pathWithQuery.split("?");
  const named = headerOf(headers);
  const request = {
    method: methodName(method),
    path,
    queryString: rest.join("?"),
    header: authority === undefined || "host" in named ? named : { ...named, host: [authority] },
    body: await gather(body),
  };
  return resultsOf(await send("HttpServer.HandleRequest", writeMsgpack(request)));
};

const fetchUrl: ServedOperation = {
  needs: [OUTGOING],
  async serve(argument, call) {
    const { method, url, headers, body } = readMsgpack(argument, clientRequest);
    const target = parseUrl(url);
    const given: WireRequest = {
      body: streamOf(body),
      trailers: noTrailers(),
      method: methodOf(method),
      pathWithQuery: `${target.pathname}${target.search}`,
      scheme: { tag: target.protocol === "https:" ? "HTTPS" : "HTTP" },
      authority: target.host,
      headers: fieldsOf(headers),
    };
    return answerOf("HttpClient.Request", await call(OUTGOING, "handle", [given, undefined]));
  },
};

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === "http:" || parsed?.protocol === "https:") return parsed;
  throw new LatticeError("bad-input", "HttpClient.Request wants an address of http or https");
}

/** 0.82 has no place for timeouts. */
const request: CalledFunction = async ([given], send) => {
  const {
    body,
    method,
    scheme,
    authority = "",
    pathWithQuery = "/",
    headers,
  } = given as WireRequest;
  const protocol = scheme?.tag === "HTTP" ? "http" : "https";
  const wanted = {
    method: methodName(method),
    url: `${protocol}://${authority}${pathWithQuery}`,
    headers: headerOf(headers),
    body: await gather(body),
  };
  return resultsOf(await send("HttpClient.Request", writeMsgpack(wanted)));
};

export function httpServerContract(): Contract {
  return {
    id: "wasmcloud:httpserver",
    served: new Map([["HttpServer.HandleRequest", handleRequest]]),
    called: new Map([[functionName(INCOMING, "handle"), handle]]),
  };
}

export function httpClientContract(): Contract {
  return {
    id: "wasmcloud:httpclient",
    served: new Map([["HttpClient.Request", fetchUrl]]),
    called: new Map([[functionName(OUTGOING, "handle"), request]]),
  };
}
