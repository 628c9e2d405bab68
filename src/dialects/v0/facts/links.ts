/** Link definitions of 0.82 as links between members of this node and others: a contract is a few interfaces. */
import type { EntityId } from "../../../core/ids.ts";
import type { Link } from "../../../core/link.ts";
import type { LinkDefinition } from "./link-definition.ts";

import { entityId } from "../../../core/ids.ts";

type Interfaces = Pick<Link, "namespace" | "package" | "interfaces">;

/** What a component imports that uses the contract. */
const INTERFACES: ReadonlyMap<string, Interfaces> = new Map([
  [
    "wasmcloud:keyvalue",
    {
      namespace: "wasi",
      package: "keyvalue",
      // Those of 0.2, and those of 0.1.
      interfaces: ["store", "atomics", "batch", "eventual", "atomic"],
    },
  ],
  [
    "wasmcloud:messaging",
    { namespace: "wasmcloud", package: "messaging", interfaces: ["consumer"] },
  ],
  [
    "wasmcloud:httpclient",
    { namespace: "wasi", package: "http", interfaces: ["outgoing-handler"] },
  ],
  [
    "wasmcloud:blobstore",
    { namespace: "wasi", package: "blobstore", interfaces: ["blobstore", "container", "types"] },
  ],
]);

/** Links and who is at their far ends. */
export interface LinkIndex {
  readonly bySource: ReadonlyMap<EntityId, readonly Link[]>;
  readonly targets: ReadonlySet<string>;
}

/** Definitions that name what no member can be called by are left out. */
export function indexLinks(definitions: ReadonlyMap<string, LinkDefinition>): LinkIndex {
  const bySource = new Map<EntityId, Link[]>();
  const targets = new Set<string>();
  for (const definition of definitions.values()) {
    const link = linkOf(definition);
    if (link === undefined) continue;
    const own = bySource.get(link.source);
    if (own === undefined) bySource.set(link.source, [link]);
    else own.push(link);
    targets.add(link.target);
  }
  return { bySource, targets };
}

function linkOf(definition: LinkDefinition): Link | undefined {
  const { actor_id, provider_id, link_name, contract_id, values } = definition;
  try {
    return {
      source: entityId(actor_id),
      target: entityId(provider_id),
      name: link_name,
      ...interfacesOf(contract_id),
      sourceConfig: [],
      targetConfig: [],
      targetValues: values,
      contract: contract_id,
    };
  } catch {
    return undefined;
  }
}

/** Contracts that no interface stands for are for actors alone, which name them. */
function interfacesOf(contract: string): Interfaces {
  const [namespace = "", name = ""] = contract.split(/:(.*)/s);
  return INTERFACES.get(contract) ?? { namespace, package: name, interfaces: [] };
}
