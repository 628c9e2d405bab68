/** One call of 0.82 and its answer, as MessagePack (wasmCloud v0.82.0 `crates/core/src/lib.rs`). */
import type { Shape } from "../../wire/shape.ts";
import type { Entity } from "./entity.ts";

import { bytes, readMsgpack, struct, writeMsgpack } from "../../wire/msgpack.ts";
import { defaulting, dictionary, natural, optional, text } from "../../wire/shape.ts";
import { entity, targetUrlOf, urlOf } from "./entity.ts";

export interface Invocation {
  readonly origin: Entity;
  readonly target: Entity;
  /** `HttpServer.HandleRequest`. */
  readonly operation: string;
  /** The argument; empty if it lies in the object store under {@link id}. */
  readonly msg: Uint8Array;
  readonly id: string;
  /** A token by a cluster key, about this invocation. */
  readonly encoded_claims: string;
  /** Public nkey of the host that sends it. */
  readonly host_id: string;
  /** Bytes of the argument, wherever it is. */
  readonly content_length: number;
  readonly traceContext: ReadonlyMap<string, string>;
}

export interface InvocationResponse {
  /** The result; empty if it lies in the object store under the invocation's id and `-r`. */
  readonly msg: Uint8Array;
  readonly invocation_id: string;
  readonly error: string | undefined;
  /** Bytes of the result, wherever it is. Without it no peer can read the answer. */
  readonly content_length: number;
  readonly traceContext: ReadonlyMap<string, string>;
}

/** Arguments and results above this many bytes go through the object store (`crates/core/src/chunking.rs`). */
export const CHUNK_THRESHOLD: number = 900 * 1024;

/**
 * Whether the argument is in the object store alone. What a message has besides is compared with what was signed as well: hosts
 * of 0.82 compare that, and then carry out what they find in the store (`crates/host/src/wasmbus/mod.rs`, `handle_rpc_message`).
 */
export function isElsewhere({ msg, content_length }: Invocation): boolean {
  return msg.length === 0 && content_length > CHUNK_THRESHOLD;
}

const NOTHING = new Uint8Array(0);
const NO_TRACE: ReadonlyMap<string, string> = new Map();
const length = natural(Number.MAX_SAFE_INTEGER);

const invocation: Shape<Invocation> = struct<Invocation>({
  origin: entity,
  target: entity,
  operation: defaulting(text, ""),
  msg: defaulting(bytes, NOTHING),
  id: defaulting(text, ""),
  encoded_claims: defaulting(text, ""),
  host_id: defaulting(text, ""),
  content_length: length,
  traceContext: defaulting(dictionary(text), NO_TRACE),
});

const response: Shape<InvocationResponse> = struct<InvocationResponse>({
  msg: defaulting(bytes, NOTHING),
  invocation_id: defaulting(text, ""),
  error: optional(text),
  content_length: length,
  traceContext: defaulting(dictionary(text), NO_TRACE),
});

/** @throws {LatticeError} `bad-message` */
export function readInvocation(data: Uint8Array): Invocation {
  return readMsgpack(data, invocation);
}

/** @throws {LatticeError} `bad-message` */
export function readResponse(data: Uint8Array): InvocationResponse {
  return readMsgpack(data, response);
}

export function writeInvocation({
  origin,
  target,
  operation,
  msg,
  id,
  encoded_claims,
  host_id,
  content_length,
  traceContext,
}: Invocation): Uint8Array {
  return writeMsgpack({
    origin: entityMap(origin),
    target: entityMap(target),
    operation,
    msg,
    id,
    encoded_claims,
    host_id,
    content_length,
    traceContext: Object.fromEntries(traceContext),
  });
}

export function writeResponse({
  msg,
  invocation_id,
  error,
  content_length,
  traceContext,
}: InvocationResponse): Uint8Array {
  return writeMsgpack({
    msg,
    invocation_id,
    error,
    content_length,
    traceContext: Object.fromEntries(traceContext),
  });
}

/** What both ends hash: upper-case hex of SHA-256 over URLs, operation and the whole argument. */
export async function hashOf(
  { origin, target, operation }: Pick<Invocation, "origin" | "target" | "operation">,
  argument: Uint8Array,
): Promise<string> {
  const head = UTF8.encode(`${urlOf(origin)}${targetUrlOf(target, operation)}${operation}`);
  const all = new Uint8Array(head.length + argument.length);
  all.set(head);
  all.set(argument, head.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  let hex = "";
  for (const byte of digest) hex += HEX[byte];
  return hex;
}

const UTF8 = new TextEncoder();
/** Each byte in upper-case hexadecimal. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0").toUpperCase(),
);

function entityMap({ public_key, link_name, contract_id }: Entity): Entity {
  return { public_key, link_name, contract_id };
}
