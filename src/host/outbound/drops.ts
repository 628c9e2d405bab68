/** Tells those who have resources that somebody in this node has no use for a handle any more. */
import type { Dialect } from "../../core/dialect.ts";
import type { EntityId } from "../../core/ids.ts";
import type { LocalTarget } from "./reach.ts";

import { carriersOf } from "../../core/carriers.ts";
import { isHandleOf } from "../../interfaces/places.ts";

/** `target`: who gave the handle out. Nobody answers, and a handle that leads nowhere is nobody's concern. */
export type Drops = (
  target: EntityId,
  instance: string,
  resource: string,
  handle: Uint8Array,
) => void;

export function createDrops(
  local: (target: EntityId) => LocalTarget | undefined,
  dialects: readonly Dialect[],
): Drops {
  return (target, instance, resource, handle) => {
    const here = local(target)?.resources;
    if (here !== undefined && isHandleOf(here.place, handle)) here.drop(handle);
    else carriersOf(dialects, target, instance)[0]?.drop?.(target, instance, resource, handle);
  };
}
