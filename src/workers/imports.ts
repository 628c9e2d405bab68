/** The imports of one instance: WASI, and what the host answers. */
import type { FunctionSetups } from "../channels/component.ts";
import type { Bridge } from "./bridge/bridge.ts";
import type { GuestImports } from "./instantiate.ts";
import type { Life } from "./life.ts";

import { camelCase, withoutVersion } from "../core/wit.ts";

/** Makes the imports for one life. What the host answers goes before what WASI has under the same name. */
export function createImports(
  wasi: (life: Life) => GuestImports,
  bridge: Bridge,
  answered: ReadonlyMap<string, FunctionSetups>,
): (life: Life) => GuestImports {
  return (life) => {
    const imports: Record<string, object> = { ...wasi(life) };
    for (const [instance, functions] of answered) {
      const stubs: Record<string, unknown> = {};
      for (const [func, gives] of functions) {
        stubs[camelCase(func)] = bridge.importFunction(life, instance, func, gives);
      }
      // The glue has one object for all versions of an interface.
      const name = withoutVersion(instance);
      imports[name] = { ...imports[name], ...stubs };
    }
    return imports;
  };
}
