/** What components may import from this host, and what of a world stays unmet. */
import type { FunctionSetups, Gives } from "../channels/component.ts";
import type { FuncType, Interface, World } from "../core/wit.ts";

import { withoutVersion } from "../core/wit.ts";
import { isWasi } from "./wasi.ts";

/**
 * What `world` imports and nobody here answers, for people: one phrase per interface, or per function of the root.
 * `provided` names interfaces without version. Interfaces that hold only types need nobody.
 */
export function unmetImports(world: World, provided: ReadonlySet<string>): readonly string[] {
  return [...world.imports].flatMap(([name, functions]) => {
    if (functions.size === 0 || isWasi(name)) return [];
    if (name === "") return [...functions.keys()].map((func) => `function ${func} of its world`);
    if (!provided.has(withoutVersion(name))) return [name];
    const foreign = [...functions].find(([func, type]) => needsHandles(func, type));
    return foreign === undefined ? [] : [`${name} with resources (${foreign[0]})`];
  });
}

/** The imports that the host answers, by their full name. */
export function answeredImports(world: World): ReadonlyMap<string, FunctionSetups> {
  const answered = [...world.imports].filter(([name, { size }]) => size > 0 && !isWasi(name));
  return new Map(answered.map(([name, functions]) => [name, setups(functions)]));
}

/** The interfaces that the worker answers, without version. */
export function wasiImports(world: World): readonly string[] {
  return [...new Set([...world.imports.keys()].filter(isWasi).map(withoutVersion))];
}

/** The exports that callers may use: all plain functions. Each call has its own instance, so handles mean nothing. */
export function callableExports(world: World): ReadonlyMap<string, FunctionSetups> {
  return new Map(
    [...world.exports].map(([name, functions]) => {
      const plain = [...functions].filter(([func]) => !func.startsWith("["));
      return [name, setups(new Map(plain))];
    }),
  );
}

function setups(functions: Interface): FunctionSetups {
  return new Map([...functions].map(([func, type]) => [func, gives(type)]));
}

function gives({ result }: FuncType): Gives {
  if (result === undefined) return "nothing";
  return result.kind === "result" ? "result" : "value";
}

/** Methods of resources, and handles in parameters or results, cannot cross to the host yet. */
function needsHandles(func: string, type: FuncType): boolean {
  return func.startsWith("[") || /"kind":"(?:own|borrow)"/.test(JSON.stringify(type));
}
