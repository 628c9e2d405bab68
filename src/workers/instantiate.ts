/**
 * The glue of one component as a maker of instances. Made synchronously: core modules are compiled already, and an
 * instance that is needed at once must not wait for a turn of the event loop.
 */
import type { Gives } from "../channels/component.ts";
import type { WitValue } from "../core/wit.ts";
import type { GuestFunction, GuestInterface } from "./adapter.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { camelCase } from "../core/wit.ts";

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
  const holder: unknown = instance === "" ? exports : exports[instance];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- jco exports interfaces as objects of functions and classes
  return typeof holder === "object" && holder !== null ? (holder as GuestInterface) : undefined;
}

/** `undefined` if the guest has no such function. */
export function exportOf(
  exports: GuestExports,
  instance: string,
  func: string,
): GuestFunction | undefined {
  const holder = interfaceOf(exports, instance);
  if (holder === undefined) return undefined;
  const found: unknown = Reflect.get(holder, camelCase(func));
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
