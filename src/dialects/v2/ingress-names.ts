/**
 * How HTTP requests reach workloads of v2 in a tab: by the wRPC of 1.x, under a prefix of Inlay's own. `wasmCloud` has no
 * words for that: its hosts listen on a port. A gateway and the tabs agree by what is here.
 *
 * A request for one workload goes to {@link setTarget}, which one host serves; one for a host name to {@link hostTarget}, which
 * all replicas serve in one queue group. Both are targets in the lattice {@link ingressLattice}; the function is that of
 * `wrpc:http/incoming-handler`.
 */
import type { EntityId, LatticeId } from "../../core/ids.ts";

import { LatticeError } from "../../core/error.ts";
import { MOST_HOSTNAME_LETTERS } from "../../core/hostname.ts";
import { entityId, MOST_ENTITY_LETTERS } from "../../core/ids.ts";

/**
 * What all subjects begin with: `inlay-http.{lattice}`. Components of workloads are kept out of it
 * (`providers/offers/reserved-subjects.ts`), which asks for a first token that is always the same.
 */
export function ingressLattice(lattice: LatticeId): LatticeId {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as a lattice it is in front of subjects alone, where two tokens do as well
  return `inlay-http.${lattice}` as LatticeId;
}

/**
 * Whoever serves the workload of this id for requests of this host name, which is one of its own: an id alone leads nowhere, so
 * that whoever lets only some names pass in front of a gateway lets only their workloads be reached. `undefined` where both
 * are too long to be one target: then {@link hostTarget} alone finds it.
 *
 * @throws {LatticeError} `bad-input` for what is no name of a host.
 */
export function setTarget(set: string, host: string): EntityId | undefined {
  const target = `set-${token(set)}/${token(nameOf(host))}`;
  return target.length > MOST_ENTITY_LETTERS ? undefined : entityId(target);
}

/**
 * Whoever serves this host name. `host` may be what a `Host` header says: letters of either case mean the same, and a port means
 * nothing, as for hosts of upstream (`crates/wash-runtime/src/host/http.rs` @ v2.7.0).
 *
 * @throws {LatticeError} `bad-input` for what is no name.
 */
export function hostTarget(host: string): EntityId {
  const name = token(nameOf(host));
  const target = `host-${name}`;
  // The longest names there are have no room for more.
  return entityId(target.length > MOST_ENTITY_LETTERS ? `h-${name}` : target);
}

function nameOf(host: string): string {
  const name = host.trim().toLowerCase().replace(/:\d*$/, "");
  if (name !== "" && name.length <= MOST_HOSTNAME_LETTERS && !/[\s/]/.test(name)) return name;
  throw new LatticeError("bad-input", `"${host.slice(0, 80)}" is not the name of an HTTP host`);
}

/** One to one: a dot is `_`, and each byte of anything but letters, digits and `-` is `=` and two hex digits. */
function token(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return Array.from(bytes, (byte) => {
    const letter = String.fromCharCode(byte);
    if (/[-a-z\d]/i.test(letter)) return letter;
    return letter === "." ? "_" : `=${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}
