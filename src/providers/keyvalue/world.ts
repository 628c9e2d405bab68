/** The types of what the provider serves and calls, among the lattice's own interfaces. */
import type { World } from "../../core/wit.ts";

import { servedOf } from "../served.ts";

export const STORE = "wrpc:keyvalue/store@0.2.0-draft";
export const ATOMICS = "wrpc:keyvalue/atomics@0.2.0-draft";
export const BATCH = "wrpc:keyvalue/batch@0.2.0-draft";
export const WATCHER = "wrpc:keyvalue/watcher@0.2.0-draft";

export interface KeyvalueWorlds {
  /** What the provider serves. */
  readonly served: World;
  /** What it calls of components that watch. */
  readonly watcher: World;
}

export function keyvalueWorlds(): KeyvalueWorlds {
  return { served: servedOf(STORE, ATOMICS, BATCH), watcher: servedOf(WATCHER) };
}
