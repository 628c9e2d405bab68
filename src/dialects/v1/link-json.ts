/** Links as JSON: the same form in commands, events and storage (wasmCloud `crates/control-interface/src/types/link.rs` @ v1.9.2). */
import type { Link, LinkKey } from "../../core/link.ts";
import type { Shape } from "../../wire/shape.ts";

import { entityId } from "../../core/ids.ts";
import { DEFAULT_LINK } from "../../core/link.ts";
import { defaulting, list, record, text } from "../../wire/shape.ts";

/** The fields in the order in which a Rust host writes them. */
export interface LinkJson {
  readonly source_id: string;
  readonly target: string;
  readonly name: string;
  readonly wit_namespace: string;
  readonly wit_package: string;
  readonly interfaces: readonly string[];
  readonly source_config: readonly string[];
  readonly target_config: readonly string[];
}
export const linkShape: Shape<LinkJson> = record<LinkJson>({
  source_id: text,
  target: text,
  name: defaulting(text, DEFAULT_LINK),
  wit_namespace: text,
  wit_package: text,
  interfaces: list(text),
  source_config: defaulting(list(text), []),
  target_config: defaulting(list(text), []),
});

export type LinkKeyJson = Pick<LinkJson, "source_id" | "name" | "wit_namespace" | "wit_package">;
/** The link's name is under `name` here too, not `link_name`. */
export const linkKeyShape: Shape<LinkKeyJson> = record<LinkKeyJson>({
  source_id: text,
  name: defaulting(text, DEFAULT_LINK),
  wit_namespace: text,
  wit_package: text,
});

/** @throws {LatticeError} `bad-input` for ids that cannot be called. */
export function linkOf(json: LinkJson): Link {
  return {
    ...linkKeyOf(json),
    target: entityId(json.target),
    interfaces: json.interfaces,
    sourceConfig: json.source_config,
    targetConfig: json.target_config,
  };
}

/** @throws {LatticeError} `bad-input` for an id that cannot be one. */
export function linkKeyOf(json: LinkKeyJson): LinkKey {
  return {
    source: entityId(json.source_id),
    name: json.name,
    namespace: json.wit_namespace,
    package: json.wit_package,
  };
}

export function linkJson(link: Link): LinkJson {
  return {
    source_id: link.source,
    target: link.target,
    name: link.name,
    wit_namespace: link.namespace,
    wit_package: link.package,
    interfaces: link.interfaces,
    source_config: link.sourceConfig,
    target_config: link.targetConfig,
  };
}

export function linkKeyJson(key: LinkKey): LinkKeyJson {
  return {
    source_id: key.source,
    name: key.name,
    wit_namespace: key.namespace,
    wit_package: key.package,
  };
}
