/** Calls out of this host's components and providers: the parts that make them, each loaded when it is first needed. */
import type { Callee, Interceptor } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Dialect } from "../core/dialect.ts";
import type { Facts } from "../core/facts.ts";
import type { EntityId } from "../core/ids.ts";
import type { Later } from "../core/later.ts";
import type { Log } from "../core/log.ts";
import type { World } from "../core/wit.ts";
import type { CallTap } from "./interceptors/tap.ts";
import type { LinksOf } from "./links.ts";
import type { Companions } from "./outbound/companions.ts";
import type { Drops } from "./outbound/drops.ts";
import type { Reach } from "./outbound/reach.ts";
import type { Targets } from "./targets.ts";
import type { WorkloadParts } from "./workload.ts";

import { messageOf } from "../core/error.ts";
import { later } from "../core/later.ts";
import { shown } from "./interceptors/shown.ts";

export interface CallsOutParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly dialects: readonly Dialect[];
  readonly targets: Targets;
  readonly links: LinksOf;
  /** What the lattice keeps; absent where no dialect knows. */
  readonly facts: Facts | undefined;
  readonly companions: Companions;
  /** Whether calls of what runs here stay here. */
  readonly shortCircuit: boolean;
  /** What calls that go to the lattice pass. */
  readonly intercept: Interceptor;
  readonly tap: CallTap;
}

export interface CallsOut extends Pick<WorkloadParts, "interfaces" | "placed" | "imports"> {
  readonly reach: Later<Reach>;
  /** As {@link Drops}; what cannot be told is left to time. */
  readonly drop: Drops;
}

export function createCallsOut(parts: CallsOutParts): CallsOut {
  const { clock, dialects, targets, facts, log } = parts;
  const interfaces = later(clock, "the interfaces of components", async () =>
    (await import("../interfaces/interfaces.ts")).createInterfaces(),
  );
  const outbound = later(clock, "imports of components", () => import("./outbound/outbound.ts"));
  const reach = later(clock, "calls of components", async () => {
    const { createReach } = await import("./outbound/reach.ts");
    return createReach({
      dialects,
      local: targets.local,
      shortCircuit: parts.shortCircuit,
      intercept: parts.intercept,
      companions: parts.companions,
    });
  });
  const drops = later(clock, "resources of other components", async () =>
    (await import("./outbound/drops.ts")).createDrops(targets.local, dialects),
  );
  const owned = later(clock, "resources of components", () => import("./owned-resources.ts"));
  const inLattice = (target: EntityId, world: World): Callee =>
    parts.intercept(shown([world], targets.distant(target, world)));
  return {
    interfaces,
    reach,
    drop(...dropped) {
      drops()
        .then((drop) => drop(...dropped))
        .catch((cause: unknown) => {
          log.debug("resource.drop-untold", { problem: messageOf(cause) });
        });
    },
    async placed({ id }, world, callee, signal) {
      const { resources } = callee;
      if (resources === undefined) return callee;
      const { takenAtPlace } = await owned(signal);
      return takenAtPlace(callee, world, resources.place, () => inLattice(id, world));
    },
    imports: async ({ id }, { world, claims }, own, config, signal) =>
      (await outbound(signal)).createOutbound({
        id,
        world,
        claims,
        config,
        links: () => parts.links(id),
        linkless: () => {
          const status = facts?.status.peek();
          return status?.phase === "absent" ? status.reason : undefined;
        },
        interfaces: await (await interfaces(signal)).importedBy(world),
        own,
        reach: await reach(signal),
        dialects,
        dropped: await drops(signal),
        log,
        tap: parts.tap,
      }),
  };
}
