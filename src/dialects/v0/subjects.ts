/** Subjects of the 0.82 lattice (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`, `crates/provider-sdk/src/lib.rs`). */
import type { HostId, LatticeId } from "../../core/ids.ts";
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

/** `wasmbus.ctl.{lattice}.{tail}`. */
export function controlSubject(lattice: LatticeId, tail: string): string {
  return `wasmbus.ctl.${lattice}.${tail}`;
}

/** Each event is told here, and on the older subject of all events. */
export function eventSubjects(lattice: LatticeId, name: string): readonly string[] {
  return [`wasmbus.evt.${lattice}`, `wasmbus.evt.${lattice}.${name}`];
}

/** What a host listens to, past `wasmbus.ctl.{lattice}.`. Every host gets its own copy of each. */
export function controlSubscriptions(host: HostId): readonly string[] {
  return [
    "registries.put",
    "ping.hosts",
    "auction.>",
    `cmd.${host}.*`,
    `get.${host}.inv`,
    `labels.${host}.*`,
  ];
}

/** What one host answers for the whole lattice, past `wasmbus.ctl.{lattice}.`: each with its queue group. */
export const SHARED_SUBSCRIPTIONS = [
  { subject: "linkdefs.*", queue: "linkdefs" },
  { subject: "get.*", queue: "get" },
  { subject: "config.>", queue: "config" },
  { subject: "get.config.>", queue: "get.config" },
] as const;
