/**
 * What a contract of 0.82 means in the interfaces of the lattice: each of its operations as calls of WIT functions, for
 * whoever serves it, and each of those functions as operations, for whoever calls it.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- both ends were checked by the types of the interface */
import type { WitValue } from "../../../core/wit.ts";

import { LatticeError } from "../../../core/error.ts";

/** Calls a function of the interfaces of the lattice at whatever serves the operation. */
export type CallFunction = (
  instance: string,
  func: string,
  args: readonly WitValue[],
) => Promise<readonly WitValue[]>;

/** An operation as its target serves it. */
export interface ServedOperation {
  /** Interfaces of the lattice that it needs: a target which lacks one does not have the operation. */
  readonly needs: readonly string[];
  /** A better way, at targets that have what that one needs. */
  readonly better?: ServedOperation;
  /** `argument` and what it gives are the bytes of 0.82. A failure's text is the error of the answer. */
  serve(argument: Uint8Array, call: CallFunction): Promise<Uint8Array>;
}

/** The best way in which what has `exports` serves `operation`; `undefined` if there is none. */
export function fitting(
  operation: ServedOperation | undefined,
  exports: ReadonlyMap<string, unknown>,
): ServedOperation | undefined {
  if (operation === undefined) return undefined;
  const better = fitting(operation.better, exports);
  return better ?? (operation.needs.every((each) => exports.has(each)) ? operation : undefined);
}

/** Sends an operation, and gives the bytes of its result. */
export type SendOperation = (operation: string, argument: Uint8Array) => Promise<Uint8Array>;

/** A function of an interface as its caller calls it. */
export type CalledFunction = (
  args: readonly WitValue[],
  send: SendOperation,
) => Promise<readonly WitValue[]>;

export interface Contract {
  /** `wasmcloud:keyvalue`; links name it. */
  readonly id: string;
  /** By operation: `KeyValue.Get`. */
  readonly served: ReadonlyMap<string, ServedOperation>;
  /** By interface and function: `wrpc:keyvalue/store@0.2.0-draft#get`. */
  readonly called: ReadonlyMap<string, CalledFunction>;
}

/** No argument, or no result: nothing, or the msgpack `nil` that providers made of WIT send. */
export const NOTHING: Uint8Array = new Uint8Array(0);

const MSGPACK_MARK = 0xc1;
const CBOR_MARK = 0x7f;

/**
 * A payload without the byte by which some senders tell its encoding (wasmbus-rpc's `common.rs`). A single `7f` is the
 * number 127.
 */
export function withoutMark(payload: Uint8Array): Uint8Array {
  const [mark] = payload;
  if (mark === MSGPACK_MARK) return payload.subarray(1);
  if (mark === CBOR_MARK && payload.length > 1) {
    throw new LatticeError("unsupported", "CBOR responses are not supported");
  }
  return payload;
}

export const functionName = (instance: string, func: string): string => `${instance}#${func}`;

/** The payload of the `ok` that a call gave. Throws the text of its `err`. */
export function demandOk(operation: string, results: readonly WitValue[]): WitValue {
  const [result] = results;
  const { tag, val } = result as { readonly tag: string; readonly val: WitValue };
  if (tag === "ok") return val;
  throw new LatticeError("bad-input", `${operation} failed: ${errorWords(val)}`);
}

function errorWords(error: WitValue): string {
  if (typeof error === "string") return error;
  const { tag, val } = (error ?? {}) as { readonly tag?: unknown; readonly val?: unknown };
  const name = typeof tag === "string" ? tag : "no reason given";
  return typeof val === "string" ? `${name}: ${val}` : name;
}

export function text(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new LatticeError("bad-input", `${what} is not UTF-8, which 0.82 has for values`);
  }
}

export const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);
