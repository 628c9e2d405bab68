/**
 * How an interface that components import is answered by one that the lattice has.
 *
 * Handles of resources are bytes of the mapping's own choice. What an instance has of a mapping lives in its
 * {@link Held}, which ends with the instance.
 */
import type { ErrorCode } from "../core/error.ts";
import type { WitValue } from "../core/wit.ts";
import { partOf } from "./parts.ts";
import { asLatticeError, LatticeError, messageOf } from "../core/error.ts";

/** A component's import of an interface, with resources and all, by an interface of the lattice. */
export interface ImportMapping {
  /** As links name it, without version: the first of these that is linked. */
  readonly links: readonly string[];
  /** Functions by their component-level name. */
  readonly functions: ReadonlyMap<string, ImportFunction>;
}

export type ImportFunction = (
  args: readonly WitValue[],
  context: ImportContext,
) => Promise<readonly WitValue[]> | readonly WitValue[];

export interface ImportContext {
  readonly held: Held;
  /**
   * Calls a function of `instance`, an interface of the lattice, at whatever the component is linked to. A failure with
   * the code `expected` is nobody's news.
   */
  readonly far: (
    instance: string,
    func: string,
    args: readonly WitValue[],
    expected?: ErrorCode,
  ) => Promise<readonly WitValue[]>;
  /** The link name that is in force. */
  readonly linkName: string;
  readonly signal: AbortSignal;
}

/** What one instance of a component holds: things by the bytes of their handles. */
export interface Held {
  /** The handle under which `thing` is found from now on. Throws `bad-input` when an instance holds too much. */
  put(thing: object): Uint8Array;
  /** The thing, if it is of `kind`. Throws `bad-input` for any other bytes. */
  get<T extends object>(kind: abstract new (...args: never[]) => T, handle: WitValue): T;
  /** As {@link get}, and holds it no longer. */
  take<T extends object>(kind: abstract new (...args: never[]) => T, handle: WitValue): T;
  /** Counts `bytes` more, or fewer if negative, that things hold. Throws `too-large` when an instance holds too many. */
  weigh(bytes: number): void;
}

/** Most things that an instance holds at once, and most bytes of them. */
const MOST_HELD = 1_000;
const MOST_HELD_BYTES = 64 * 1024 * 1024;

/** `arrivals`: what came with calls, and is held for as long as these last. */
export function createHeld(arrivals: ReadonlyMap<string, object>): Held {
  const things = new Map<string, object>();
  let last = 0;
  let weight = 0;
  const find: Held["get"] = (kind, handle) => {
    const name = nameOf(handle);
    const thing = things.get(name) ?? arrivals.get(name);
    if (thing instanceof kind) return thing;
    throw new LatticeError(
      "bad-input",
      "the component passed a handle of another kind, or of nothing",
    );
  };
  return {
    put(thing) {
      if (things.size >= MOST_HELD) {
        throw new LatticeError("bad-input", `the component holds ${MOST_HELD} things already`);
      }
      const name = String(++last);
      things.set(name, thing);
      return handleOf(name);
    },
    get: find,
    take(kind, handle) {
      const thing = find(kind, handle);
      things.delete(nameOf(handle));
      return thing;
    },
    weigh(bytes) {
      if (bytes > 0 && weight + bytes > MOST_HELD_BYTES) {
        throw new LatticeError("too-large", `the component holds ${weight} bytes in this host`);
      }
      weight += bytes;
    },
  };
}

/** Longest name that a handle carries, in bytes. */
const MOST_NAME_BYTES = 64 * 1024;

/** The handle of a resource that is nothing but a name. */
export function handleOf(name: string): Uint8Array {
  return new TextEncoder().encode(name);
}

/** The name in such a handle. Throws `bad-input` for what is no handle of this kind. */
export function nameOf(handle: WitValue): string {
  if (handle instanceof Uint8Array && handle.length <= MOST_NAME_BYTES) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(handle);
    } catch {
      // told below, as any other misfit
    }
  }
  throw new LatticeError("bad-input", "the component passed a handle that this host did not give");
}

/** A WIT `err` in the place of results. */
export const failed = (val: WitValue): readonly WitValue[] => [{ tag: "err", val }];

/** A WIT `ok` in the place of results. */
export const succeeded = (val?: WitValue): readonly WitValue[] => [{ tag: "ok", val }];

/**
 * The results of `call`, or what `errOf` makes of the failure's text where the machinery failed. A trap stays one, and a
 * call that was given up stays given up: nobody waits for its results.
 */
export async function orErr(
  call: Promise<readonly WitValue[]>,
  errOf: (message: string) => WitValue,
): Promise<readonly WitValue[]> {
  try {
    return await call;
  } catch (cause) {
    const { code } = asLatticeError(cause);
    if (code === "aborted" || code === "guest-trapped") throw cause;
    return failed(errOf(messageOf(cause)));
  }
}

/** `functions` by their names, as {@link ImportMapping} has them. */
export function functionsOf(
  functions: Readonly<Record<string, ImportFunction>>,
): ReadonlyMap<string, ImportFunction> {
  return new Map(Object.entries(functions));
}

/** What the only result of a call holds: the payload of its `ok`, or that of its `err`. */
export function okOf(
  results: readonly WitValue[],
): { readonly ok: WitValue } | { readonly err: WitValue } {
  const [result] = results;
  const val = partOf(result, "val");
  return partOf(result, "tag") === "ok" ? { ok: val } : { err: val };
}
