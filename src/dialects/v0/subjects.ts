/** Subjects of the 0.82 lattice (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`, `crates/provider-sdk/src/lib.rs`). */
import type { LatticeId } from "../../core/ids.ts";
import type { Entity } from "./entity.ts";

import { isActor } from "./entity.ts";

/** Where calls of an actor or a provider go. */
export function rpcSubject(lattice: LatticeId, target: Entity): string {
  const { public_key, link_name } = target;
  const actor = `wasmbus.rpc.${lattice}.${public_key}`;
  return isActor(target) ? actor : `${actor}.${link_name}`;
}

/** Actors share by the subject itself, providers by one name. */
export function rpcQueue(lattice: LatticeId, target: Entity): string {
  return isActor(target) ? rpcSubject(lattice, target) : "rpc";
}
