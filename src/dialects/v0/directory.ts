/** Who is who in calls of 0.82: what this host serves, and what links say of those that it calls. */
import type { Call } from "../../core/call.ts";
import type { Served } from "../../core/dialect.ts";
import type { EntityId } from "../../core/ids.ts";
import type { Entity } from "./entity.ts";

import { actor } from "./entity.ts";

export interface Directory {
  /** Notes what is served, with the contract that a provider has. */
  put(served: Served, contract: string | undefined): Entity;
  remove(id: EntityId): void;
  /** Who calls. */
  readonly origin: (source: EntityId) => Entity;
  /** Who is called: an actor, or a provider under the call's link name, by the contract of the link or of the function. */
  target(call: Pick<Call, "source" | "target" | "link">, contract: string | undefined): Entity;
}

export interface DirectoryParts {
  /** The contract of the link from an actor to a provider under a name. */
  readonly contractOf: (source: EntityId, target: EntityId, link: string) => string | undefined;
}

/** Public keys of providers begin so. */
const isProvider = (id: string): boolean => /^V[A-Z2-7]{55}$/.test(id);

export function createDirectory({ contractOf }: DirectoryParts): Directory {
  const own = new Map<EntityId, Entity>();
  return {
    put({ id, linkName }, contract) {
      const entity =
        linkName === undefined
          ? actor(id)
          : { public_key: id, link_name: linkName, contract_id: contract ?? "" };
      own.set(id, entity);
      return entity;
    },
    remove: (id) => void own.delete(id),
    origin: (source) => own.get(source) ?? actor(source),
    target({ source, target, link }, contract) {
      const here = own.get(target);
      if (here !== undefined) return here;
      if (!isProvider(target)) return actor(target);
      const linked = source === undefined ? undefined : contractOf(source, target, link);
      return { public_key: target, link_name: link, contract_id: linked ?? contract ?? "" };
    },
  };
}
