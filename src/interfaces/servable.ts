/** Whether a function can be called from outside of its component. */
import type { FuncType } from "../core/wit.ts";

import { unservable } from "../wire/wrpc.ts";

// A memo, not state: the answer depends on the function alone.
const known = { with: new WeakMap<FuncType, boolean>(), without: new WeakMap<FuncType, boolean>() };

/** As the lattice has it: what it cannot call nobody calls. `handles`: the target gives out handles and takes them back. */
export function isServable(func: string, type: FuncType, handles: boolean): boolean {
  const memo = handles ? known.with : known.without;
  let servable = memo.get(type);
  if (servable === undefined) {
    servable = unservable(func, type, { handles }) === undefined;
    memo.set(type, servable);
  }
  return servable;
}
