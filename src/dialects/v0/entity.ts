/** Who takes part in a call of 0.82: actors and providers, as structs and as URLs (wasmCloud v0.82.0 `crates/core/src/lib.rs`). */
import type { Shape } from "../../wire/shape.ts";

import { struct } from "../../wire/msgpack.ts";
import { defaulting, text } from "../../wire/shape.ts";

export interface Entity {
  readonly public_key: string;
  /** Empty for actors. */
  readonly link_name: string;
  /** Empty for actors. */
  readonly contract_id: string;
}

export const entity: Shape<Entity> = struct<Entity>({
  public_key: defaulting(text, ""),
  link_name: defaulting(text, ""),
  contract_id: defaulting(text, ""),
});

export function actor(publicKey: string): Entity {
  return { public_key: publicKey, link_name: "", contract_id: "" };
}

export function isActor({ link_name, contract_id }: Entity): boolean {
  return link_name === "" || contract_id === "";
}

export function urlOf({ public_key, link_name, contract_id }: Entity): string {
  if (/^m/i.test(public_key)) return `wasmbus://${public_key}`;
  const contract = contract_id.replaceAll(":", "/").replaceAll(" ", "_").toLowerCase();
  const link = link_name.replaceAll(" ", "_").toLowerCase();
  return `wasmbus://${contract}/${link}/${public_key}`;
}

export function targetUrlOf(target: Entity, operation: string): string {
  return `${urlOf(target)}/${operation}`;
}
