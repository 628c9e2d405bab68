/** The imports of one instance: WASI, and what the host answers. */
import type { FunctionSetup, ImportedInterface } from "../channels/component.ts";
import type { Bridge, ImportedFunction } from "./bridge/bridge.ts";
import type { GuestImports } from "./instantiate.ts";
import type { Life } from "./life.ts";
import type { Resources } from "./resources.ts";

import { LatticeError } from "../core/error.ts";
import { camelCase, inSeveralVersions, withoutVersion } from "../core/wit.ts";
import { pascalCase, RESOURCE_FUNCTION } from "./instantiate.ts";
import { paramTypes, resultTypes } from "./resources.ts";

export interface ImportParts {
  /** What is there already; what the host answers goes before what has the same name. */
  readonly own: GuestImports;
  readonly bridge: Bridge;
  readonly answered: ReadonlyMap<string, ImportedInterface>;
  readonly resources: Resources;
}

/** The imports for one life. */
export function createImports(
  life: Life,
  { own, bridge, answered, resources }: ImportParts,
): GuestImports {
  const imports = withoutInherited<object>(own);
  const versioned = inSeveralVersions(answered.keys());
  for (const [instance, { functions, resources: names }] of answered) {
    const stubs = withoutInherited<unknown>();
    for (const name of names) stubs[pascalCase(name)] = resources.classOf(instance, name).made;
    for (const [func, setup] of functions) {
      const ask = bridge.importFunction(life, importOf(instance, func, setup, resources));
      const stub: Stub = (...args) => {
        life.touched = true;
        return ask(...args);
      };
      const [, kind = "", resource = "", name = ""] = RESOURCE_FUNCTION.exec(func) ?? [];
      if (kind === "") stubs[camelCase(func)] = stub;
      else attach(resources.classOf(instance, resource), kind, camelCase(name), stub);
    }
    // The glue asks for an interface without its version, unless there are several.
    const asked = versioned.has(instance) ? instance : withoutVersion(instance);
    imports[asked] = Object.assign(withoutInherited(imports[asked]), stubs);
  }
  for (const [name, given] of Object.entries(imports)) imports[name] = noting(life, given);
  return imports;
}

/** A copy of `from` where a name that is not there finds nothing, `constructor` and `toString` included. */
function withoutInherited<T>(from: object = {}): Record<string, T> {
  const copy: Record<string, T> = Object.create(null);
  return Object.assign(copy, from);
}

type Stub = (...args: readonly unknown[]) => unknown;

function attach(
  found: ReturnType<Resources["classOf"]>,
  kind: string,
  name: string,
  stub: Stub,
): void {
  if (kind === "constructor") {
    found.construct = stub;
    return;
  }
  const method = function (this: unknown, ...args: readonly unknown[]): unknown {
    return stub(this, ...args);
  };
  const [holder, value] = kind === "method" ? [found.made.prototype, method] : [found.made, stub];
  // Defined, not set: some names are taken by what cannot be set.
  Object.defineProperty(holder, name, { value, configurable: true });
}

function importOf(
  instance: string,
  func: string,
  { gives, type, refused }: FunctionSetup,
  resources: Resources,
): ImportedFunction {
  const plain = { instance, func, gives };
  if (refused !== undefined) {
    const refuse = (): never => {
      throw new LatticeError("unsupported", `${instance}#${func} cannot be called: ${refused}`);
    };
    return { ...plain, out: refuse, in: refuse };
  }
  if (type === undefined) return { ...plain, out: same, in: same };
  const [params, results] = [paramTypes(type), resultTypes(type)];
  return {
    ...plain,
    out: (args) => resources.out(args, params),
    in: (given) => resources.in(given, results),
  };
}

const same = <T>(values: T): T => values;

/**
 * `given` with functions that note their use in `life`. Classes stay as they are, for the glue compares them: whoever
 * uses one has it from a function.
 */
function noting(life: Life, given: object): object {
  const result = withoutInherited<unknown>(given);
  for (const [name, value] of Object.entries(result)) {
    if (typeof value === "function" && !/^[A-Z]/.test(name)) result[name] = noted(life, value);
  }
  return result;
}

/** A proxy, for the glue finds more on a function than its call. */
function noted(life: Life, func: object): object {
  return new Proxy(func, {
    apply(target, self, args: unknown[]): unknown {
      life.touched = true;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only proxies of functions are applied
      return Reflect.apply(target as (...args: unknown[]) => unknown, self, args);
    },
  });
}
