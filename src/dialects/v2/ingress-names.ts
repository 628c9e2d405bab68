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
import { entityId } from "../../core/ids.ts";

/** What a name is at most; a port is no part of it. */
const MOST_HOST_LETTERS = 253;

/**
 * What all subjects begin with: `inlay-http.{lattice}`. Components of workloads are kept out of it
 * (`providers/offers/reserved-subjects.ts`), which asks for a first token that is always the same.
 */
export function ingressLattice(lattice: LatticeId): LatticeId {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as a lattice it is in front of subjects alone, where two tokens do as well
  return `inlay-http.${lattice}` as LatticeId;
}

/**
 * Whoever serves the workload of this id.
 *
 * @throws {LatticeError} `bad-input` for ids that are too long to be a target.
 */
export function setTarget(set: string): EntityId {
  return entityId(`set-${token(set)}`);
}

/**
 * Whoever serves this host name. `host` may be what a `Host` header says: letters of either case mean the same, and a port means
 * nothing, as for hosts of upstream (`crates/wash-runtime/src/host/http.rs` @ v2.7.0).
 *
 * @throws {LatticeError} `bad-input` for what is no name.
 */
export function hostTarget(host: string): EntityId {
  const name = host.trim().toLowerCase().replace(/:\d*$/, "");
  if (name === "" || name.length > MOST_HOST_LETTERS || /[\s/]/.test(name)) {
    throw new LatticeError("bad-input", `"${host.slice(0, 80)}" is not the name of an HTTP host`);
  }
  return entityId(`host-${token(name)}`);
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
