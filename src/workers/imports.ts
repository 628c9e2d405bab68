/** The imports of one instance: WASI, and what the host answers. */
import type { FunctionSetups } from "../channels/component.ts";
import type { Bridge } from "./bridge/bridge.ts";
import type { GuestImports } from "./instantiate.ts";
import type { Life } from "./life.ts";

import { camelCase, withoutVersion } from "../core/wit.ts";

/** The imports for one life. What the host answers goes before what is there under the same name. */
export function createImports(
  life: Life,
  own: GuestImports,
  bridge: Bridge,
  answered: ReadonlyMap<string, FunctionSetups>,
): GuestImports {
  const imports: Record<string, object> = { ...own };
  for (const [instance, functions] of answered) {
    const stubs: Record<string, unknown> = {};
    for (const [func, gives] of functions) {
      stubs[camelCase(func)] = bridge.importFunction(life, instance, func, gives);
    }
    // The glue has one object for all versions of an interface.
    const name = withoutVersion(instance);
    imports[name] = { ...imports[name], ...stubs };
  }
  for (const [name, given] of Object.entries(imports)) imports[name] = noting(life, given);
  return imports;
}

/**
 * `given` with functions that note their use in `life`. Classes stay as they are, for the glue compares them: whoever
 * uses one has it from a function.
 */
function noting(life: Life, given: object): object {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === "function" && !/^[A-Z]/.test(name) ? noted(life, value) : value,
    ]),
  );
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
