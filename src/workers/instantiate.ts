/**
 * The glue of one component as a maker of instances. Made synchronously: core modules are compiled already, and an
 * instance that is needed at once must not wait for a turn of the event loop.
 */
import type { Gives } from "../channels/component.ts";
import type { WitValue } from "../core/wit.ts";
import type { GuestFunction, GuestInterface } from "./adapter.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { camelCase } from "../core/wit.ts";
import { CONSTRUCT } from "./awaitable-exports.ts";

/** Interfaces by their name without version, each an object of functions and resource classes. */
export type GuestImports = Readonly<Record<string, object>>;

/** Instances are objects of interfaces by full name, and of functions of the root. */
export type GuestExports = Readonly<Record<string, unknown>>;

export type Instantiate = (imports: GuestImports, instantiateCore: InstantiateCore) => GuestExports;

export type InstantiateCore = (
  module: WebAssembly.Module,
  imports: WebAssembly.Imports | undefined,
) => WebAssembly.Instance;

/** What jco's glue exports in its instantiation form. */
interface Glue {
  readonly instantiate: (
    getCoreModule: (name: string) => WebAssembly.Module,
    imports: GuestImports,
    instantiateCore: InstantiateCore,
  ) => unknown;
}

/** @throws {LatticeError} `bad-image` if the glue is no module of that form. */
export async function importGlue(
  source: string,
  cores: ReadonlyMap<string, WebAssembly.Module>,
): Promise<Instantiate> {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  let glue: Glue;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- jco writes this export; checked by the next line
    glue = (await import(/* @vite-ignore */ address)) as Glue;
    if (typeof glue.instantiate !== "function") throw new TypeError("it exports no instantiate()");
  } catch (cause) {
    throw new LatticeError("bad-image", `the generated code cannot be loaded: ${messageOf(cause)}`);
  } finally {
    URL.revokeObjectURL(address);
  }
  const coreOf = (name: string): WebAssembly.Module => {
    const module = cores.get(name);
    if (module === undefined) throw new LatticeError("internal", `no core module "${name}"`);
    return module;
  };
  return (imports, instantiateCore) => {
    const made = glue.instantiate(coreOf, imports, instantiateCore);
    if (made instanceof Promise) {
      void made.catch(() => undefined); // replaced by the error below
      throw new LatticeError("unsupported", "the component waits while it is instantiated");
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the value of jco's instantiate
    return made as GuestExports;
  };
}

/** The functions of an exported interface, or those of the root; `undefined` if there is no such interface. */
export function interfaceOf(exports: GuestExports, instance: string): GuestInterface | undefined {
  // The glue spells names without a package as it spells functions.
  const key = instance.includes(":") ? instance : camelCase(instance);
  const holder: unknown = instance === "" ? exports : ownOf(exports, key);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- jco exports interfaces as objects of functions and classes
  return typeof holder === "object" && holder !== null ? (holder as GuestInterface) : undefined;
}

/** Nothing inherited: `to-string` and `constructor` are names like others. */
function ownOf(holder: object, key: string): unknown {
  return Object.hasOwn(holder, key) ? Reflect.get(holder, key) : undefined;
}

/** `undefined` if the guest has no such function. Methods take their object first. */
export function exportOf(
  exports: GuestExports,
  instance: string,
  func: string,
): GuestFunction | undefined {
  const [, kind, resource = "", name = ""] = RESOURCE_FUNCTION.exec(func) ?? [];
  if (kind === undefined) return functionOf(interfaceOf(exports, instance), camelCase(func));
  const made = classOf(exports, instance, resource);
  if (made === undefined) return undefined;
  if (kind === "static") return functionOf(made, camelCase(name));
  if (kind === "constructor") {
    // A constructor can give no promise; where it may wait, the transpile worker has made a function of it.
    return functionOf(made, CONSTRUCT) ?? ((...args) => Reflect.construct(made, args));
  }
  const method: unknown = Reflect.get(made.prototype, camelCase(name));
  if (typeof method !== "function") return undefined;
  return (self, ...args): unknown => Reflect.apply(method, self, args);
}

/** The class of a resource that the guest's interface `instance` has; `undefined` if it has none. */
export function classOf(
  exports: GuestExports,
  instance: string,
  resource: string,
): ResourceConstructor | undefined {
  const holder = interfaceOf(exports, instance);
  const found: unknown = holder && ownOf(holder, pascalCase(resource));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what jco exports under such a name is a class
  return typeof found === "function" ? (found as ResourceConstructor) : undefined;
}

type ResourceConstructor = (new (...args: readonly unknown[]) => object) & {
  readonly prototype: object;
};

/** `[constructor]bucket`, `[method]bucket.get`, `[static]bucket.of`. */
export const RESOURCE_FUNCTION: RegExp = /^\[(constructor|method|static)\]([^.]+)(?:\.(.+))?$/;

/** `BucketOfSand` of `bucket-of-sand`. */
export function pascalCase(name: string): string {
  const camel = camelCase(name);
  return camel.slice(0, 1).toUpperCase() + camel.slice(1);
}

function functionOf(holder: object | undefined, name: string): GuestFunction | undefined {
  const found: unknown = holder && ownOf(holder, name);
  if (typeof found !== "function") return undefined;
  return (...args): unknown => Reflect.apply(found, holder, args);
}

/**
 * Results as the waist has them: none, or one value, with a top-level `result` as `{ tag, val }`. `results` are so
 * already; whoever has given them before gives nothing.
 */
export function resultsOf(value: unknown, gives: Gives | "results"): readonly WitValue[] {
  if (gives === "results") return Array.isArray(value) ? value : [];
  if (gives === "nothing") return [];
  return [gives === "result" ? { tag: "ok", val: value } : value];
}

/**
 * The results in what a guest function threw: jco throws the `err` of a top-level `result` as an error with a
 * `payload`.
 *
 * @throws {LatticeError} `guest-trapped` for everything else; an error of this program passes through as it is.
 */
export function resultsOfThrown(thrown: unknown, gives: Gives | "results"): readonly WitValue[] {
  if (thrown instanceof LatticeError) throw thrown;
  if (gives === "result" && thrown instanceof Error && Object.hasOwn(thrown, "payload")) {
    return [{ tag: "err", val: Reflect.get(thrown, "payload") }];
  }
  throw new LatticeError("guest-trapped", `the component trapped: ${messageOf(thrown)}`);
}
