/**
 * What a program gives to be served, held against the WIT text before anybody can call it: each function of each interface has to
 * be there, and nothing else.
 */
import type { FuncType, Interface, WitType } from "../core/wit.ts";
import type { WitDocument } from "../wire/wit-text.ts";
import type { ResourceClass } from "./instances.ts";

import { LatticeError } from "../core/error.ts";
import { unservable } from "../wire/wrpc.ts";
import { handlesIn } from "../wire/type-parts.ts";
import { className, findByName, functionName, labelOf } from "./names.ts";

/** Runs a function of the program with the arguments of WIT, that of `self` included, and whatever comes behind them. */
export type Run = (args: readonly unknown[]) => unknown;

export interface ServedFunction {
  /** `demo:api/store#bucket.get`. */
  readonly label: string;
  readonly type: FuncType;
  readonly run: Run;
}

export interface Implementation {
  /** By full name of the interface and component-level name of the function. */
  readonly functions: ReadonlyMap<string, ReadonlyMap<string, ServedFunction>>;
  /** The interfaces that are served, by their full names. */
  readonly exports: ReadonlyMap<string, Interface>;
  /** The class of a handle that a function of `instance` has to do with. */
  readonly classOf: (instance: string, type: WitType) => ResourceClass;
}

/**
 * `given`: the program's objects, by interface. `world`: the name of the world whose exports they are; default: that of the
 * text if it has just one, else the interfaces that `given` names are served.
 *
 * @throws {LatticeError} `bad-input` with the names of all that is missing, is too much or is no function or class;
 * `unsupported` for functions that cannot be served.
 */
export function readImplementation(
  document: WitDocument,
  given: object,
  world?: string,
): Implementation {
  const chosen = exportsOf(document, world);
  const exports = chosen ?? named(document, given);
  const missing: string[] = [];
  const classes = new Map<string, ResourceClass>();
  const functions = new Map<string, ReadonlyMap<string, ServedFunction>>();
  const surplus = surplusOf(given, exports);
  for (const [instance, wanted] of exports) {
    const object = objectFor(given, exports, instance);
    if (object === undefined) {
      missing.push(instance);
      continue;
    }
    const members = new Map<string, ServedFunction>();
    for (const [func, type] of wanted) {
      const obstacle = unservable(func, type, { handles: true });
      if (obstacle !== undefined) throw new LatticeError("unsupported", `${instance}: ${obstacle}`);
      const label = labelOf(instance, func);
      const run = member(object, func);
      if (typeof run === "string") missing.push(`${label} (${run})`);
      else members.set(func, { label, type, run });
    }
    functions.set(instance, members);
    for (const resource of resourcesOf(document, instance, wanted)) {
      const found = get(object, className(resource));
      if (isClass(found)) classes.set(`${instance} ${resource}`, found);
      else missing.push(`${instance}#${className(resource)} (a class)`);
    }
    if (instance !== "") surplus.push(...surplusMembers(object, instance, wanted));
  }
  complain(missing, surplus);
  const homeOf = (instance: string, type: WitType): string => document.homes.get(type) ?? instance;
  demandHomes(exports, homeOf, classes);
  return {
    functions,
    exports,
    classOf(instance, type) {
      const resource = type.kind === "own" || type.kind === "borrow" ? type.resource : "";
      const found = classes.get(`${homeOf(instance, type)} ${resource}`);
      if (found !== undefined) return found;
      throw new LatticeError("internal", `${instance} has no class for ${resource}`);
    },
  };
}

/**
 * The exports of `world`, or of the only one; `undefined` if none is named and there is not just one. Throws `bad-input` for
 * one that the text does not have.
 */
export function exportsOf(
  { worlds }: WitDocument,
  world: string | undefined,
): ReadonlyMap<string, Interface> | undefined {
  if (world === undefined) {
    const [only] = worlds.values();
    return worlds.size === 1 ? only?.exports : undefined;
  }
  const bare = [...worlds.keys()].filter((name) => /([^/@]*)(?:@.*)?$/.exec(name)?.[1] === world);
  const name = findByName(worlds, world) ?? (bare.length === 1 ? bare[0] : undefined);
  const found = name === undefined ? undefined : worlds.get(name);
  if (found !== undefined) return found.exports;
  const names = [...worlds.keys()].join(", ");
  throw new LatticeError("bad-input", `the WIT text has no world "${world}"; it has: ${names}`);
}

/** The interfaces of the text that `given` names. */
function named({ interfaces }: WitDocument, given: object): ReadonlyMap<string, Interface> {
  const found = new Map<string, Interface>();
  for (const key of Object.keys(given)) {
    const name = findByName(interfaces, key);
    const functions = name === undefined ? undefined : interfaces.get(name);
    if (name !== undefined && functions !== undefined) found.set(name, functions);
  }
  return found;
}

/** What stands for `instance`: functions of a world's root stand beside the interfaces. */
function objectFor(
  given: object,
  exports: ReadonlyMap<string, Interface>,
  instance: string,
): object | undefined {
  if (instance === "") return given;
  const key = Object.keys(given).find((each) => findByName(exports, each) === instance);
  const found = key === undefined ? undefined : get(given, key);
  return typeof found === "object" && found !== null ? found : undefined;
}

/** Interfaces, and functions of the root, that nobody asked for. */
function surplusOf(given: object, exports: ReadonlyMap<string, Interface>): string[] {
  const root = new Set([...(exports.get("")?.keys() ?? [])].map((func) => jsNameOf(func)));
  return Object.keys(given).filter(
    (key) => findByName(exports, key) === undefined && !root.has(key),
  );
}

/** Functions and classes of an interface that it does not have; what else an object holds is its own matter. */
function surplusMembers(object: object, instance: string, wanted: Interface): readonly string[] {
  const known = new Set([...wanted.keys()].map((func) => jsNameOf(func)));
  return Object.keys(object)
    .filter((key) => !known.has(key) && typeof get(object, key) === "function")
    .map((key) => `${instance}#${key}`);
}

/** The name under which an interface's object has a function, or the class that it belongs to. */
function jsNameOf(func: string): string {
  const name = functionName(func);
  return name.kind === "plain" ? name.name : name.resource;
}

/** What calls `func` among what `object` has; else what it should be, in words. */
function member(object: object, func: string): Run | string {
  const name = functionName(func);
  if (name.kind === "plain") {
    const found = get(object, name.name);
    if (typeof found !== "function") return `a function "${name.name}"`;
    return (args) => Reflect.apply(found, object, args);
  }
  const cls = get(object, name.resource);
  if (!isClass(cls)) return `a class "${name.resource}"`;
  if (name.kind === "constructor") {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an abstract one says so when it is called
    return (args) => Reflect.construct(cls as new (...args: never[]) => object, args);
  }
  if (name.kind === "static") {
    const found = get(cls, name.name);
    if (typeof found !== "function") return `a static method "${name.name}" of the class`;
    return (args) => Reflect.apply(found, cls, args);
  }
  const prototype: unknown = cls.prototype;
  const method = typeof prototype === "object" && prototype !== null && get(prototype, name.name);
  if (typeof method !== "function") return `a method "${name.name}" of the class`;
  return ([self, ...args]) => Reflect.apply(method, self, args);
}

/** Resources that `wanted` has functions of, or that are defined in the interface and have none. */
function resourcesOf(
  { types, homes }: WitDocument,
  instance: string,
  wanted: Interface,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const func of wanted.keys()) {
    const [, resource] = /^\[[^\]]*\]([^.]*)/.exec(func) ?? [];
    if (resource !== undefined) found.add(resource);
  }
  for (const [name, type] of types.get(instance) ?? []) {
    const own = type.kind === "own" && type.resource === name;
    if (own && (homes.get(type) ?? instance) === instance) found.add(name);
  }
  return found;
}

/** Whoever serves a function makes the handles that it gives out, and knows those that it takes. */
function demandHomes(
  exports: ReadonlyMap<string, Interface>,
  homeOf: (instance: string, type: WitType) => string,
  classes: ReadonlyMap<string, ResourceClass>,
): void {
  for (const [instance, wanted] of exports) {
    for (const [func, { params, result }] of wanted) {
      const types = [...params.map(({ type }) => type), ...(result === undefined ? [] : [result])];
      for (const handle of handlesIn(types)) {
        const home = homeOf(instance, handle);
        if (classes.has(`${home} ${handle.resource}`)) continue;
        const error = `${labelOf(instance, func)} has to do with the resource ${handle.resource} of ${home}, which is not served`;
        throw new LatticeError("unsupported", error);
      }
    }
  }
}

function complain(missing: readonly string[], surplus: readonly string[]): void {
  if (missing.length === 0 && surplus.length === 0) return;
  const parts = [
    ...(missing.length === 0 ? [] : [`it lacks ${missing.join(", ")}`]),
    ...(surplus.length === 0 ? [] : [`the WIT text has no ${surplus.join(", ")}`]),
  ];
  throw new LatticeError("bad-input", `what is to be served does not fit: ${parts.join("; ")}`);
}

function get(object: object, name: string): unknown {
  return name in Object.prototype ? own(object, name) : Reflect.get(object, name);
}

/** What every object inherits is nobody's function. */
function own(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined;
}

function isClass(value: unknown): value is ResourceClass {
  return typeof value === "function" && typeof value.prototype === "object";
}
