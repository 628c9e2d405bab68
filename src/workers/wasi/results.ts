/** `result` and variants as the glue takes them back: an `err` is returned, never thrown. */

export type Result<T, E> =
  | { readonly tag: "ok"; readonly val: T }
  | { readonly tag: "err"; readonly val: E };

export function ok<T>(val: T): Result<T, never> {
  return { tag: "ok", val };
}

export function err<E>(val: E): Result<never, E> {
  return { tag: "err", val };
}

/** `result` without payloads. */
export const OK: Result<undefined, never> = ok(undefined);
export const ERR: Result<never, undefined> = err(undefined);
