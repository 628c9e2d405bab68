/** The types of what the provider serves and calls, among the lattice's own interfaces. */
import type { World } from "../../core/wit.ts";

import { servedOf } from "../served.ts";

export const STORE = "wrpc:keyvalue/store@0.2.0-draft";
export const ATOMICS = "wrpc:keyvalue/atomics@0.2.0-draft";
/** Of this project: what 0.82 asks of a key-value provider, and the interface of 1.x has no function for. */
export const COUNTERS = "inlay:keyvalue/atomics@0.1.0";
export const BATCH = "wrpc:keyvalue/batch@0.2.0-draft";
export const WATCHER = "wrpc:keyvalue/watcher@0.2.0-draft";

export interface KeyvalueWorlds {
  /** What the provider serves. */
  readonly served: World;
  /** What it calls of components that watch. */
  readonly watcher: World;
}

export function keyvalueWorlds(): KeyvalueWorlds {
  return {
    served: servedOf(STORE, ATOMICS, COUNTERS, BATCH),
    watcher: servedOf(WATCHER),
  };
}
