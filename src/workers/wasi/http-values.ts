/**
 * HTTP messages as the lattice has them, and as this host's classes do: `wrpc:http/types@0.1.0` (repository wrpc/http,
 * `wit/types.wit`), in jco's mapping of values.
 *
 * Its `fields` have one entry per name, with all values inside; a second entry of the same name, in whatever case, makes
 * the message invalid there, and so does a scheme without an authority or the other way round (conversions of
 * wrpc/http, `src/lib.rs`).
 */
import type { FutureHandle, StreamHandle } from "../../channels/component.ts";
import type { Entry } from "./http-fields.ts";

import { LatticeError } from "../../core/error.ts";
import { isAuthority, isFieldValue, isForbidden, isScheme, isToken } from "./http-syntax.ts";

export type WireFields = readonly (readonly [name: string, values: readonly Uint8Array[]])[];

export type Method =
  | {
      readonly tag:
        | "get"
        | "head"
        | "post"
        | "put"
        | "delete"
        | "connect"
        | "options"
        | "trace"
        | "patch";
      readonly val?: undefined;
    }
  | { readonly tag: "other"; readonly val: string };

export type Scheme =
  | { readonly tag: "HTTP" | "HTTPS"; readonly val?: undefined }
  | { readonly tag: "other"; readonly val: string };

export interface WireRequest {
  readonly body: StreamHandle;
  readonly trailers: FutureHandle;
  readonly method: Method;
  readonly pathWithQuery: string | undefined;
  readonly scheme: Scheme | undefined;
  readonly authority: string | undefined;
  readonly headers: WireFields;
}

export interface WireResponse {
  readonly body: StreamHandle;
  readonly trailers: FutureHandle;
  readonly status: number;
  readonly headers: WireFields;
}

/** Nanoseconds. */
export interface WireRequestOptions {
  readonly connectTimeout: bigint | undefined;
  readonly firstByteTimeout: bigint | undefined;
  readonly betweenBytesTimeout: bigint | undefined;
}

/** The first line and the headers of a request. */
export type RequestHead = Omit<WireRequest, "body" | "trailers" | "headers"> & {
  readonly headers: readonly Entry[];
};

export interface ResponseHead {
  readonly status: number;
  readonly headers: readonly Entry[];
}

/** Names in lower case, as HTTP/2 has them and Rust peers write them; those without values left out. */
export function wireFields(entries: readonly Entry[]): WireFields {
  const grouped = new Map<string, Uint8Array[]>();
  for (const [name, value] of entries) {
    const lower = name.toLowerCase();
    const values = grouped.get(lower);
    if (values === undefined) grouped.set(lower, [value]);
    else values.push(value);
  }
  return [...grouped];
}

/**
 * Without what belongs to the connection only.
 *
 * @throws {LatticeError} `bad-message` when the peer's fields are no fields of HTTP.
 */
export function entriesOf(fields: WireFields): readonly Entry[] {
  const seen = new Set<string>();
  return fields.flatMap(([name, values]) => {
    const lower = name.toLowerCase();
    if (!isToken(name)) throw wrong(`${JSON.stringify(name)} is no name of a header`);
    if (seen.has(lower)) throw wrong(`the header ${name} comes twice`);
    seen.add(lower);
    if (!values.every(isFieldValue)) throw wrong(`the header ${name} has a control character`);
    return isForbidden(name) ? [] : values.map((value): Entry => [name, value]);
  });
}

/** @throws {LatticeError} `bad-message` for what is no request. */
export function requestHead(request: WireRequest): RequestHead {
  const { method, scheme, pathWithQuery } = request;
  if (method.tag === "other" && !isToken(method.val)) {
    throw wrong(`${JSON.stringify(method.val)} is no method`);
  }
  if (scheme?.tag === "other" && !isScheme(scheme.val)) {
    throw wrong(`${JSON.stringify(scheme.val)} is no scheme`);
  }
  const authority = request.authority ?? hostOf(request.headers);
  if (authority !== undefined && !isAuthority(authority)) {
    throw wrong(`${JSON.stringify(authority)} is no authority`);
  }
  return {
    method,
    // An address without a path means its root.
    pathWithQuery: pathWithQuery ?? "/",
    scheme,
    authority,
    headers: entriesOf(request.headers),
  };
}

/** @throws {LatticeError} `bad-message` for what is no response. */
export function responseHead({ status, headers }: WireResponse): ResponseHead {
  if (status < 100 || status > 999) throw wrong(`${status} is no status`);
  return { status, headers: entriesOf(headers) };
}

/** Guests do not see the header; what it says is the authority. */
function hostOf(headers: WireFields): string | undefined {
  const [value] = headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? [];
  return value === undefined ? undefined : new TextDecoder().decode(value);
}

function wrong(what: string): LatticeError {
  return new LatticeError("bad-message", `an HTTP message is invalid: ${what}`);
}
