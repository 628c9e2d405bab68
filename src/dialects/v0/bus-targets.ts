/**
 * Whom components mean by a `target-entity` of `wasmcloud:bus/lattice`: what they are linked to by a contract, or an actor
 * (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`, `resolve_target`).
 */
import type { Importer } from "../../core/dialect.ts";
import type { EntityId } from "../../core/ids.ts";
import type { WitValue } from "../../core/wit.ts";

import { LatticeError } from "../../core/error.ts";
import { DEFAULT_LINK } from "../../core/link.ts";
import { partOf, stringOf } from "../../interfaces/parts.ts";

/** Who is meant by what actors write. */
export interface Names {
  /** The provider that `source` is linked to. */
  linked(source: EntityId, contract: string, link: string): EntityId | undefined;
  /** The actor with this key or alias. */
  actor(name: string): EntityId | undefined;
}

export type TargetEntity = { readonly link: string } | { readonly actor: string };

export interface BusTarget {
  readonly target: EntityId;
  readonly link: string;
}

/** `option<target-entity>`; none is the default link. */
export function targetEntity(value: WitValue): TargetEntity {
  if (value === undefined) return { link: DEFAULT_LINK };
  const val = partOf(value, "val");
  if (stringOf(partOf(value, "tag")) === "actor") return { actor: stringOf(partOf(val, "val")) };
  return { link: val === undefined ? DEFAULT_LINK : stringOf(val) };
}

/** @throws {LatticeError} `link-missing` with upstream's text; `denied` for a contract that was not signed for. */
export function resolveTarget(
  names: Names,
  importer: Pick<Importer, "id" | "claims">,
  meant: TargetEntity,
  contract: string,
): BusTarget {
  if ("actor" in meant) return { target: demandActor(names, meant.actor), link: DEFAULT_LINK };
  const { link } = meant;
  const target = names.linked(importer.id, contract, link);
  if (target === undefined) throw new LatticeError("link-missing", "link not found");
  demandCapability(importer, contract);
  return { target, link };
}

/** Who is signed may use what was signed. */
export function demandCapability(
  { id, claims }: Pick<Importer, "id" | "claims">,
  contract: string,
): void {
  if (claims === undefined || claims.capabilities?.includes(contract) === true) return;
  throw new LatticeError("denied", `the signed claims of ${id} do not list ${contract}`);
}

export function demandActor(names: Names, name: string): EntityId {
  const actor = names.actor(name);
  if (actor !== undefined) return actor;
  throw new LatticeError("link-missing", "unknown actor call alias");
}
