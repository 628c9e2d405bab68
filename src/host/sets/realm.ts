/**
 * All that runs in the sets of this node, by its id: what calls of members find, and nobody else's. Calls stay in the node, and
 * what is quick may run beside its caller.
 */
import type { Importee } from "../../core/call.ts";
import type { Values } from "../../core/facts.ts";
import type { EntityId } from "../../core/ids.ts";
import type { LinkTable } from "../../core/link.ts";
import type { Log } from "../../core/log.ts";
import type { Component, Pool } from "../../core/runtime.ts";
import type { View } from "../../core/view.ts";
import type { Interfaces, InterfacesOfWorkload } from "../../interfaces/interfaces.ts";
import type { CallTap } from "../interceptors/tap.ts";
import type { Companions, CompanionsParts } from "../outbound/companions.ts";
import type { LocalTarget } from "../outbound/reach.ts";
import type { Workload } from "../workload.ts";

import { createDrops } from "../outbound/drops.ts";
import { createOutbound } from "../outbound/outbound.ts";
import { createReach } from "../outbound/reach.ts";

export interface RealmParts {
  readonly log: Log;
  /** What lets components run beside their callers. */
  readonly companions: (own: Pick<CompanionsParts, "links" | "workload">) => Companions;
  /** Who watches calls; default nobody. */
  readonly tap?: CallTap;
}

export interface Realm {
  /** Has calls of `id` go to `target` until `signal` aborts. */
  put(id: EntityId, target: LocalTarget, signal: AbortSignal): void;
  /** The same for a component, whose calls may then be answered beside their caller. */
  putMember(id: EntityId, workload: Workload, signal: AbortSignal): void;
  /** Answers the imports of the component `id`, whose imports lead where `links` says, until `signal` aborts. */
  imports(id: EntityId, importer: Importing, signal: AbortSignal): Importee;
  /** What runs has changed: its companions may have to go. */
  review(): void;
  released(pool: Pool): Promise<void>;
}

export interface Importing {
  readonly component: Component;
  readonly config: View<Values>;
  readonly links: LinkTable;
  /** Whether another component answers it. */
  readonly within: (instance: string) => boolean;
  readonly interfaces: Interfaces;
  readonly own: InterfacesOfWorkload;
}

export function createRealm({ log, companions: open, tap }: RealmParts): Realm {
  const targets = new Map<EntityId, LocalTarget>();
  const links = new Map<EntityId, LinkTable>();
  const workloads = new Map<EntityId, Workload>();
  const companions = open({
    links: (source) => links.get(source) ?? NOWHERE,
    workload: (id) => workloads.get(id),
  });
  const local = (id: EntityId): LocalTarget | undefined => targets.get(id);
  const reach = createReach({
    dialects: [],
    local,
    shortCircuit: true,
    intercept: (next) => next,
    companions,
  });
  const dropped = createDrops(local, []);
  const keep = <T>(map: Map<EntityId, T>, id: EntityId, value: T, signal: AbortSignal): void => {
    map.set(id, value);
    const forget = (): void => {
      if (map.get(id) === value) map.delete(id);
    };
    signal.addEventListener("abort", forget, { once: true });
  };
  return {
    put: (id, target, signal) => keep(targets, id, target, signal),
    putMember(id, workload, signal) {
      const { component, callee, pool, world } = workload;
      const { resources } = pool;
      const target: LocalTarget = {
        // Others of the set call what it exports by its own name, also where the lattice has another.
        world: { ...world, exports: new Map([...component.world.exports, ...world.exports]) },
        callee,
        handles: true,
        ...(resources === undefined ? {} : { resources }),
        // Nobody else could take the call: a full line refuses it itself.
        accepting: () => true,
      };
      keep(workloads, id, workload, signal);
      keep(targets, id, target, signal);
    },
    imports(id, { component, links: table, ...importing }, signal) {
      keep(links, id, table, signal);
      return createOutbound({
        id,
        world: component.world,
        claims: component.claims,
        links: () => table,
        linkless: () => undefined,
        reach,
        dialects: [],
        dropped,
        log,
        ...(tap === undefined ? {} : { tap }),
        ...importing,
      });
    },
    review: () => companions.review(),
    released: (pool) => companions.release(pool),
  };
}

const NOWHERE: LinkTable = {
  target: () => undefined,
  contract: () => undefined,
  names: () => [],
};
