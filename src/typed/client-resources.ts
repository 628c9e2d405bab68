/** Resources of others as classes of JavaScript: an object stands for a handle, which only its owner understands. */
import type { FuncType, Interface, WitValue } from "../core/wit.ts";
import type { Handle } from "../wire/type-parts.ts";

import { LatticeError } from "../core/error.ts";
import { Misfit } from "../wire/value-encode-primitives.ts";
import { DISPOSE } from "./instances.ts";
import { className, functionName } from "./names.ts";

/** Calls a function of the program's mapping: values are as programs have them. */
export type CallFunction = (
  instance: string,
  func: string,
  type: FuncType,
  args: readonly unknown[],
) => Promise<unknown>;

interface Held {
  readonly home: string;
  readonly resource: string;
  readonly handle: Uint8Array;
}

/** On each object that stands for a handle; `undefined` when that was handed over or dropped. */
const HELD: unique symbol = Symbol("inlay handle");

interface RemoteObject {
  [HELD]: Held | undefined;
}

type RemoteClass = new (...args: unknown[]) => Promise<object>;

export interface RemoteClasses {
  /** The class of the resource that `home` defines. */
  of(home: string, resource: string): RemoteClass;
  /** The object for a handle that a call gave. */
  wrap(home: string, type: Handle, handle: WitValue): object;
  /** The handle of an object that a call takes; one that it takes for good is of no use from now on. Throws {@link Misfit}. */
  unwrap(home: string, type: Handle, object: WitValue): Uint8Array;
}

export interface RemoteClassesParts {
  readonly exports: ReadonlyMap<string, Interface>;
  readonly call: CallFunction;
  /** Tells the owner that nobody has the handle any more. */
  readonly drop: (instance: string, resource: string, handle: Uint8Array) => void;
}

export function createRemoteClasses({ exports, call, drop }: RemoteClassesParts): RemoteClasses {
  const classes = new Map<string, RemoteClass>();
  // Whoever forgets to dispose of an object leaves its owner to wait for minutes.
  const forgotten = new FinalizationRegistry<Held>(({ home, resource, handle }) =>
    drop(home, resource, handle),
  );
  const dispose = (object: RemoteObject): void => {
    const held = object[HELD];
    if (held === undefined) return;
    object[HELD] = undefined;
    forgotten.unregister(object);
    drop(held.home, held.resource, held.handle);
  };
  const make = (home: string, resource: string): RemoteClass => {
    const functions: Interface = exports.get(home) ?? new Map();
    const constructor = `[constructor]${resource}`;
    const type = functions.get(constructor);
    const name = className(resource);
    // As jco's asynchronous constructors: `await new Bucket(…)`. A promise takes the place of the object that `new` makes.
    const made = function (...args: unknown[]): Promise<unknown> {
      if (type === undefined) {
        throw new LatticeError("unsupported", `${home}#${name} has no constructor`);
      }
      return call(home, constructor, type, args);
    };
    Object.defineProperty(made, "name", { value: name });
    for (const [func, of] of functions) {
      const member = functionName(func);
      if (member.kind === "plain" || member.kind === "constructor" || member.resource !== name) {
        continue;
      }
      const isMethod = member.kind === "method";
      const value = function (this: unknown, ...args: unknown[]): Promise<unknown> {
        return call(home, func, of, isMethod ? [this, ...args] : args);
      };
      Object.defineProperty(isMethod ? made.prototype : made, member.name, { value });
    }
    Object.defineProperty(made.prototype, DISPOSE, {
      value(this: RemoteObject) {
        dispose(this);
      },
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any function may be called with `new`
    return made as unknown as RemoteClass;
  };
  const of = (home: string, resource: string): RemoteClass => {
    const key = `${home} ${resource}`;
    let found = classes.get(key);
    if (found === undefined) classes.set(key, (found = make(home, resource)));
    return found;
  };
  return {
    of,
    wrap(home, { resource }, handle) {
      if (!(handle instanceof Uint8Array)) throw new Misfit(`a handle of ${resource}`, handle);
      const held: Held = { home, resource, handle };
      const object: object = Object.create(prototypeOf(of(home, resource)), {
        [HELD]: { value: held, writable: true },
      });
      forgotten.register(object, held, object);
      return object;
    },
    unwrap(home, { kind, resource }, object) {
      const wanted = `${kind}<${resource}> (a ${className(resource)} that a client has given)`;
      if (!isRemote(object)) throw new Misfit(wanted, object);
      const held = object[HELD];
      if (held === undefined) {
        throw new LatticeError(
          "gone",
          `a ${className(resource)} was disposed of or handed over before`,
        );
      }
      if (held.home !== home || held.resource !== resource) throw new Misfit(wanted, object);
      if (kind === "own") {
        object[HELD] = undefined;
        forgotten.unregister(object);
      }
      return held.handle;
    },
  };
}

function prototypeOf(made: RemoteClass): object {
  const { prototype }: { readonly prototype: object } = made;
  return prototype;
}

function isRemote(value: unknown): value is RemoteObject {
  return typeof value === "object" && value !== null && HELD in value;
}
