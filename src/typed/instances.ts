/**
 * The resources that a program's served classes have given out: objects in the page, each reachable by a handle that nobody
 * guesses. Callers are not trusted: how many they can make the page keep is bounded, and so is for how long.
 */
import type { Handle } from "../wire/type-parts.ts";
import type { WitValue } from "../core/wit.ts";

import { LatticeError } from "../core/error.ts";
import { Misfit } from "../wire/value-encode-primitives.ts";
import { randomId, readHandle, writeHandle } from "../wire/resource-handle.ts";

/** As components have it (`runtime/resident-table.ts`): handles given out, and of them to callers under one name. */
export const MOST_HANDLES = { all: 1024, perCaller: 512 } as const;
/** A resource that nobody uses for so long is dropped: nobody tells of callers that have crashed. */
export const IDLE_MS: number = 5 * 60_000;
const SWEEP_MS = IDLE_MS / 10;

/** A class of the program. */
export type ResourceClass = abstract new (...args: never[]) => object;

/** What ends an instance; browsers that do not know the symbol know it by its name, as jco has it. */
export const DISPOSE: symbol = Symbol.dispose ?? Symbol.for("dispose");

interface Held {
  readonly id: string;
  readonly instance: object;
  readonly of: ResourceClass;
  readonly caller: string;
  usedAt: number;
}

export interface InstancesParts {
  /** For messages. */
  readonly name: string;
  /** Milliseconds, from any zero. */
  readonly now: () => number;
  /** Calls `run` once; gives what cancels that. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** An instance could not be disposed of. */
  readonly failed: (cause: unknown) => void;
}

/** The handles of one call: those it takes are not dropped before it ends. {@link begin} comes between its two sides. */
export interface CallHandles {
  /** The instance that a handle means. Handles that are taken for good lead nowhere from now on. Throws `gone`. */
  take(of: ResourceClass, type: Handle, value: WitValue): object;
  /** The function has all of its arguments: what was taken for good is its own. */
  begin(): void;
  /** A handle of `instance`. Throws {@link Misfit} for what is none of the class, and `overloaded`. */
  give(of: ResourceClass, type: Handle, instance: WitValue): Uint8Array;
  /** The call has ended. Disposes of what was taken for good, if the function never had it. */
  end(): void;
}

export interface Instances {
  /** Where all of its handles lead. */
  readonly place: string;
  forCall(caller: string | undefined): CallHandles;
  /** Nobody has the handle any more. */
  drop(handle: Uint8Array): void;
  /** Disposes of all. */
  end(): void;
}

export function createInstances({ name, now, after, failed }: InstancesParts): Instances {
  const place = randomId();
  const held = new Map<string, Held>();
  /** How often each instance was given out, and is in use. */
  const uses = new Map<object, number>();
  let cancelSweep: (() => void) | undefined;

  const hold = (instance: object): void => void uses.set(instance, (uses.get(instance) ?? 0) + 1);
  /** Disposes of it when that was the last. */
  const letGo = (instance: object, dispose = true): void => {
    const left = (uses.get(instance) ?? 1) - 1;
    if (left > 0) return void uses.set(instance, left);
    uses.delete(instance);
    if (dispose) end(instance);
  };
  const end = (instance: object): void => {
    const dispose: unknown = Reflect.get(instance, DISPOSE);
    if (typeof dispose !== "function") return;
    try {
      const ended: unknown = Reflect.apply(dispose, instance, []);
      if (ended instanceof Promise) ended.catch(failed);
    } catch (cause) {
      failed(cause);
    }
  };
  const known = (handle: WitValue): Held | undefined => {
    const read = readHandle(handle);
    return read?.place === place ? held.get(read.id) : undefined;
  };
  const release = ({ id, instance }: Held): void => {
    held.delete(id);
    letGo(instance);
  };
  const sweep = (): void => {
    cancelSweep = undefined;
    const oldest = now() - IDLE_MS;
    for (const each of Array.from(held.values())) if (each.usedAt <= oldest) release(each);
    plan();
  };
  const plan = (): void => {
    if (held.size > 0) cancelSweep ??= after(SWEEP_MS, sweep);
  };
  const crowded = (caller: string): LatticeError | undefined => {
    if (held.size >= MOST_HANDLES.all) return full(MOST_HANDLES.all, "");
    const theirs = [...held.values()].filter((each) => each.caller === caller).length;
    if (theirs < MOST_HANDLES.perCaller) return undefined;
    return full(
      MOST_HANDLES.perCaller,
      ` for ${caller === "" ? "callers without a name" : caller}`,
    );
  };
  const full = (most: number, whom: string): LatticeError =>
    new LatticeError("overloaded", `${name} keeps ${most} resources${whom}, which is all it takes`);

  return {
    place,
    forCall(source) {
      const caller = source ?? "";
      const used = new Map<Held, object>();
      /** Taken for good, before the function has begun. */
      const owned: object[] = [];
      let begun = false;
      let over = false;
      return {
        take(of, { kind, resource }, value) {
          const found = known(value);
          if (found === undefined) {
            const error = `${name} has no such ${resource}: it was dropped, or was idle for too long`;
            throw new LatticeError("gone", error);
          }
          if (found.of !== of) throw new Misfit(`${kind}<${resource}>`, found.instance);
          found.usedAt = now();
          // What comes in a stream may come when the call itself is over.
          if (!over && !used.has(found)) {
            used.set(found, found.instance);
            hold(found.instance); // a drop meanwhile waits for the call
          }
          if (kind === "own") {
            held.delete(found.id);
            if (used.delete(found)) letGo(found.instance, false);
            // The function's now; or nobody's, where a later argument may be none, or was none.
            if (begun || over) letGo(found.instance, !begun);
            else owned.push(found.instance);
          }
          return found.instance;
        },
        begin() {
          begun = true;
          for (const instance of owned.splice(0)) letGo(instance, false);
        },
        give(of, { kind, resource }, instance) {
          if (typeof instance !== "object" || !(instance instanceof of)) {
            throw new Misfit(
              `${kind}<${resource}> (an instance of the class that is served)`,
              instance,
            );
          }
          const obstacle = crowded(caller);
          if (obstacle !== undefined) throw obstacle;
          const id = randomId();
          held.set(id, { id, instance, of, caller, usedAt: now() });
          hold(instance);
          plan();
          return writeHandle({ place, id });
        },
        end() {
          over = true;
          for (const instance of owned.splice(0)) letGo(instance);
          for (const [each, instance] of used) {
            each.usedAt = now();
            letGo(instance);
          }
          used.clear();
        },
      };
    },
    drop(handle) {
      const found = known(handle);
      if (found !== undefined) release(found);
    },
    end() {
      cancelSweep?.();
      for (const each of Array.from(held.values())) release(each);
    },
  };
}
