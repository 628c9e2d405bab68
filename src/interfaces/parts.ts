/** Looks into WIT values of known types that come from a guest's worker, which is not trusted to keep to them. */
import type { WitValue } from "../core/wit.ts";

import { LatticeError } from "../core/error.ts";

/** The field or member `key`; `undefined` if there is none. */
export function partOf(value: WitValue, key: string): WitValue {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

export function stringOf(value: WitValue): string {
  if (typeof value === "string") return value;
  throw misfit("a string");
}

export function bytesOf(value: WitValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw misfit("bytes");
}

export function listOf(value: WitValue): readonly WitValue[] {
  if (Array.isArray(value)) return value;
  throw misfit("a list");
}

/** An `error` variant whose payloads are texts, in words. */
export function errorText(error: WitValue): string {
  const tag = stringOf(partOf(error, "tag"));
  const val = partOf(error, "val");
  return typeof val === "string" ? `${tag}: ${val}` : tag;
}

function misfit(wanted: string): LatticeError {
  return new LatticeError("bad-input", `the component passed something else than ${wanted}`);
}
