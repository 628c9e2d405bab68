/**
 * Actors of 0.82 in WIT's words: an operation and bytes go in, bytes or a text come out. What a waPC module exports and
 * imports has this form within the node; it never goes over a lattice by these names.
 */
import type { World } from "../core/wit.ts";

import { parseWit } from "../wire/wit-text.ts";

/** What calls an actor: `call(operation, argument)`. */
export const ACTOR_GUEST = "wasmbus:actor/guest";
/** What an actor calls: `call(binding, namespace, operation, argument)`. */
export const ACTOR_HOST = "wasmbus:actor/host";

const WIT = `
package wasmbus:actor;
interface guest {
  call: func(operation: string, argument: list<u8>) -> result<list<u8>, string>;
}
interface host {
  call: func(binding: string, namespace: string, operation: string, argument: list<u8>)
    -> result<list<u8>, string>;
}`;

/** The world of each waPC module. */
export function actorWorld(): World {
  const { interfaces } = parseWit(WIT);
  const only = (name: string): World["exports"] => {
    const functions = interfaces.get(name);
    return functions === undefined ? new Map() : new Map([[name, functions]]);
  };
  return { exports: only(ACTOR_GUEST), imports: only(ACTOR_HOST) };
}
