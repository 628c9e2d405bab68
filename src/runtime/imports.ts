/** What components may import and export here, and how its functions and resources cross. */
import type {
  FunctionSetup,
  FunctionSetups,
  Gives,
  ImportedInterface,
} from "../channels/component.ts";
import type { FuncType, Interface, World } from "../core/wit.ts";
import type { Handle } from "../wire/type-parts.ts";

import { camelCase, inSeveralVersions, parseInterfaceName, withoutVersion } from "../core/wit.ts";
import { handlesIn, ioStreamOf, partsOf } from "../wire/type-parts.ts";
import { isWasi } from "./wasi.ts";

/** Packages of WASI that belong to a host: no component or provider of a lattice answers them for others. */
const OF_HOSTS: ReadonlySet<string> = new Set([
  "cli",
  "clocks",
  "filesystem",
  "http",
  "io",
  "random",
  "sockets",
  "tls",
]);

/** Behind an experimental flag in wasmCloud (`crates/runtime/src/runtime.rs` at v1.9.2), and not offered here. */
const RAW_CALLS: ReadonlySet<string> = new Set(
  ["context", "invoker", "transport"].map((name) => `wrpc:rpc/${name}@0.1.0`),
);

/**
 * What `world` imports and nobody can answer, for people: one phrase per interface, or per function of the root. All else
 * is answered by this host or by a link, which may come later. Interfaces that hold only types need nobody.
 *
 * `wrpc` has no place for functions of the root (wasmCloud `crates/runtime/src/component/mod.rs` at v1.9.2).
 */
export function unmetImports(world: World): readonly string[] {
  return [...world.imports].flatMap(([name, functions]) => {
    if (functions.size === 0 || isWasi(name)) return [];
    if (name === "") {
      return [...functions.keys()].map(
        (func) => `function ${func} of its world (only interfaces can be linked)`,
      );
    }
    if (RAW_CALLS.has(name)) return [`${name} (no component makes calls of wRPC by hand here)`];
    const { namespace, package: pkg } = parseInterfaceName(name) ?? {};
    if (namespace !== "wasi" || pkg === undefined || !OF_HOSTS.has(pkg)) return [];
    return [`${name} (no link can stand for what WASI wants of a host)`];
  });
}

/** The imports that the host answers, by their full name: all but those of WASI that the worker has itself. */
export function answeredImports(world: World): ReadonlyMap<string, ImportedInterface> {
  const resources = importedResources(world);
  const answered = [...world.imports].flatMap(([name, functions]) => {
    if (name === "" || isWasi(name)) return [];
    const own = resources.get(name) ?? [];
    if (functions.size === 0 && own.length === 0) return [];
    return [[name, { functions: setups(functions, "import"), resources: own }] as const];
  });
  return new Map(answered);
}

/** The imports that only their versions tell apart: each is answered on its own. */
export function versionedImports(world: World): readonly string[] {
  return [...inSeveralVersions([...world.imports.keys()].filter((name) => !isWasi(name)))];
}

/**
 * Functions of resources that no class of JavaScript can have, for people: an object with a method `then` passes
 * for a promise wherever it is waited for, and nothing takes the place of a class's `prototype`.
 */
export function unfitFunctions(world: World): readonly string[] {
  return [...world.imports, ...world.exports].flatMap(([instance, functions]) =>
    [...functions.keys()].flatMap((func) => {
      const [, kind, name = ""] = /^\[(method|static)\][^.]+\.(.+)$/.exec(func) ?? [];
      const unfit = kind === "method" ? "then" : "prototype";
      if (kind === undefined || camelCase(name) !== unfit) return [];
      return [
        `the component has ${instance}#${func}: JavaScript has another meaning for "${unfit}" there`,
      ];
    }),
  );
}

/** Names of the resources that each import brings along. */
function importedResources({ imports, exports }: World): Map<string, string[]> {
  const functions = [...imports.values(), ...exports.values()].flatMap((each) => [
    ...each.values(),
  ]);
  const byInterface = new Map<string, string[]>();
  for (const { of, resource } of handlesIn(functions.flatMap(typesOf))) {
    if (of === undefined) continue;
    const known = byInterface.get(of) ?? [];
    byInterface.set(of, known);
    if (!known.includes(resource)) known.push(resource);
  }
  return byInterface;
}

/** The interfaces that the worker answers, without version. */
export function wasiImports(world: World): readonly string[] {
  return [...new Set([...world.imports.keys()].filter(isWasi).map(withoutVersion))];
}

/** The exports that callers may use, and how they cross. */
export function callableExports(world: World): ReadonlyMap<string, FunctionSetups> {
  return new Map(
    [...world.exports].map(([name, functions]) => [name, setups(functions, "export")]),
  );
}

/** How functions cross whose values need no look, as those do that the worker makes itself. */
export function plainSetups(functions: Interface): FunctionSetups {
  return new Map([...functions].map(([func, type]) => [func, { gives: givesOf(type) }]));
}

type Side = "import" | "export";

function setups(functions: Interface, side: Side): FunctionSetups {
  return new Map([...functions].map(([func, type]) => [func, setup(type, side)]));
}

function setup(type: FuncType, side: Side): FunctionSetup {
  const gives = givesOf(type);
  const { streams, handles } = partsOf(type);
  if (streams) return { gives, refused: "it has streams or futures of the component model" };
  if (!handles) return { gives };
  const stuck = handlesIn(typesOf(type)).find((handle) => !crosses(handle, type, side));
  if (stuck === undefined) return { gives, type };
  const owner = stuck.of === undefined ? "its own" : stuck.of;
  return { gives, refused: `handles of ${stuck.resource} of ${owner} stay within the component` };
}

/** Handles of what is imported do, and those of what is exported; streams of `wasi:io` only towards the guest. */
function crosses(handle: Handle, { result }: FuncType, side: Side): boolean {
  if (handle.of === undefined) return side === "export";
  if (!isWasi(handle.of)) return true;
  if (side === "export" || ioStreamOf(handle) === undefined || result === undefined) return false;
  return handlesIn([result]).includes(handle);
}

function givesOf({ result }: FuncType): Gives {
  if (result === undefined) return "nothing";
  return result.kind === "result" ? "result" : "value";
}

function typesOf({ params, result }: FuncType): FuncType["params"][number]["type"][] {
  const types = params.map(({ type }) => type);
  return result === undefined ? types : [...types, result];
}
