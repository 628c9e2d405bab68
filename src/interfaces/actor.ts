/**
 * Actors of 0.82 in WIT's words: an operation and bytes go in, bytes or a text come out. What a waPC module exports and
 * imports has this form within the node; it never goes over a lattice by these names.
 */
import type { World } from "../core/wit.ts";

import { ACTOR_GUEST, ACTOR_HOST } from "./actor-names.ts";
import { parseWit } from "../wire/wit-text.ts";

export { ACTOR_GUEST, ACTOR_HOST };

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
