/**
 * Readers for JSON and msgpack objects: from `unknown` to a typed value, or an error that names the path.
 *
 * They are as strict as serde's derived readers: unknown fields are ignored, wrong types are refused, and `null`
 * stands only where a field is optional.
 */
import { LatticeError, messageOf } from "../core/error.ts";

/** Reads a value found at `path`; throws `bad-message` if it has another form. */
export type Shape<T> = (value: unknown, path: string) => T;

export const text: Shape<string> = (value, path) => {
  if (typeof value !== "string") return fail(path, "a string", value);
  // JSON can spell lone surrogates by `\\ud800`; no UTF-8 can, and serde refuses them.
  return value.isWellFormed() ? value : fail(path, "Unicode", value);
};

/** For fields that belong to somebody else. */
export const anything: Shape<unknown> = (value) => value;

export const flag: Shape<boolean> = (value, path) =>
  typeof value === "boolean" ? value : fail(path, "a boolean", value);

/** A whole number from 0 to `max`. */
export const natural =
  (max: number): Shape<number> =>
  (value, path) =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max
      ? Math.abs(value) // -0 is 0
      : fail(path, `a whole number from 0 to ${max}`, value);

export const list =
  <T>(element: Shape<T>): Shape<readonly T[]> =>
  (value, path) =>
    Array.isArray(value)
      ? value.map((each, index) => element(each, `${path}[${index}]`))
      : fail(path, "a list", value);

/** An object with any keys, as a Map. */
export const dictionary =
  <T>(element: Shape<T>): Shape<ReadonlyMap<string, T>> =>
  (value, path) =>
    new Map(
      Object.entries(object(value, path)).map(([key, each]) => [
        text(key, path),
        element(each, `${path}.${key}`),
      ]),
    );

/** `undefined` for a field that is absent or null. */
export const optional =
  <T>(shape: Shape<T>): Shape<T | undefined> =>
  (value, path) =>
    value === undefined || value === null ? undefined : shape(value, path);

/** `fallback` for a field that is absent; null is refused, as serde refuses it. */
export const defaulting =
  <T>(shape: Shape<T>, fallback: T): Shape<T> =>
  (value, path) =>
    value === undefined ? fallback : shape(value, path);

/** An object with these fields; others are ignored. */
export const record =
  <T extends object>(fields: { readonly [Name in keyof T]: Shape<T[Name]> }): Shape<T> =>
  (value, path) => {
    const found = object(value, path);
    const read: Partial<T> = {};
    for (const name in fields) {
      const met = Object.hasOwn(found, name) ? found[name] : undefined;
      read[name] = fields[name](met, path === "" ? name : `${path}.${name}`);
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each of T's fields was just read
    return read as T;
  };

/** Reads UTF-8 JSON of the given shape. */
export function readJson<T>(data: Uint8Array, shape: Shape<T>): T {
  return shape(parseJson(data), "");
}

function parseJson(data: Uint8Array): unknown {
  try {
    // A byte order mark is no JSON to serde either.
    return JSON.parse(UTF8.decode(data));
  } catch (cause) {
    throw new LatticeError("bad-message", `expected JSON: ${messageOf(cause)}`);
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 JSON of `value`; fields that are `undefined` are left out. */
export function writeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** The fields of an object. */
export function entries(value: unknown, path: string): [string, unknown][] {
  return Object.entries(object(value, path));
}

function object(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail(path, "an object", value);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever an object has may be read as unknown
  return value as Readonly<Record<string, unknown>>;
}

export function fail(path: string, wanted: string, met: unknown): never {
  return misfit(path, wanted, describe(met));
}

/** As {@link fail}, where the value itself is not to be shown. */
export function misfit(path: string, wanted: string, met: string): never {
  const where = path === "" ? "the value" : `"${path}"`;
  throw new LatticeError("bad-message", `${where} must be ${wanted}, met ${met}`);
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return `${typeof value} ${JSON.stringify(value).slice(0, 60)}`;
}
