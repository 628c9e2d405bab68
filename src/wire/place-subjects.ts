/**
 * The subjects that lead to the resources of one place (`resource-handle.ts`), below those that wRPC has for a component.
 *
 * `{lattice}.{id}.wrpc.0.0.1.at.{place}.{instance}.{function}`, with the place as 32 hex digits, leads to that one
 * place; so does `….at.{place}.{instance}.[resource-drop]{resource}`, whose payload is the handle as a value, for which
 * there is no answer.
 */
import type { EntityId, LatticeId } from "../core/ids.ts";

import { PROTOCOL, subjectPrefix, wireFunction } from "./wrpc.ts";

/** What the subjects of everything at `place` begin with, dot included. */
export function placePrefix(lattice: LatticeId, id: EntityId, place: string): string {
  return `${subjectPrefix(lattice, id)}.${PROTOCOL}.at.${place}.`;
}

/** What stands behind {@link placePrefix} for a function, by its component-level name. */
export function placeTail(instance: string, func: string): string {
  const name = wireFunction(func) ?? func;
  return instance === "" ? name : `${instance}.${name}`;
}
