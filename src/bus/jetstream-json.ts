/** JSON as JetStream's API speaks it: parsed bytes, and fields read with their types. */
import { LatticeError } from "../core/error.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export const toJson = (value: object): Uint8Array => encoder.encode(JSON.stringify(value));

/** @throws {LatticeError} `bad-message` */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new LatticeError("bad-message", "JetStream's message is not JSON", { cause });
  }
}

/** `undefined` if `value` is no object or has no such field. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Reflect.get(value, name) ?? undefined;
}

/** @throws {LatticeError} `bad-message` for anything but a text, unless it is absent and there is a default. */
export function textOf(value: unknown, name: string, absent?: string): string {
  const met = fieldOf(value, name) ?? absent;
  if (typeof met === "string") return met;
  throw misfit(name, met, "a string");
}

/** @throws {LatticeError} `bad-message` for anything but a number, unless it is absent and there is a default. */
export function numberOf(value: unknown, name: string, absent?: number): number {
  const met = fieldOf(value, name) ?? absent;
  if (typeof met === "number") return met;
  throw misfit(name, met, "a number");
}

function misfit(name: string, met: unknown, wanted: string): LatticeError {
  return new LatticeError("bad-message", `"${name}" is ${typeof met} and must be ${wanted}`);
}
