/** Subjects of the wasmCloud 1.x control plane (wasmCloud `crates/host/src/wasmbus/mod.rs` @ v1.9.2). */
import type { HostId, LatticeId } from "../../core/ids.ts";

/** `wasmbus.ctl.v1.{lattice}.{tail}`. */
export function controlSubject(lattice: LatticeId, tail: string): string {
  return `wasmbus.ctl.v1.${lattice}.${tail}`;
}

/** `wasmbus.evt.{lattice}.{event}`: exactly four tokens, or wadm does not see it. */
export function eventSubject(lattice: LatticeId, event: string): string {
  return `wasmbus.evt.${lattice}.${event}`;
}

/** What a host listens to, past `wasmbus.ctl.v1.{lattice}.`. Every host gets its own copy of each. */
export function controlSubscriptions(host: HostId): readonly string[] {
  return [
    "registry.put",
    "host.ping",
    `host.*.${host}`,
    `component.*.${host}`,
    "component.auction",
    `provider.*.${host}`,
    "provider.auction",
    `label.*.${host}`,
  ];
}

/**
 * What one host answers for the whole lattice, past `wasmbus.ctl.v1.{lattice}.`: each with its queue group, which is a
 * subject's beginning.
 */
export const SHARED_SUBSCRIPTIONS = [
  { subject: "link.*", queue: "link" },
  { subject: "claims.get", queue: "claims" },
  { subject: "config.>", queue: "config" },
] as const;
