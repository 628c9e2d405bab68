/** One member of a set, or its service, as it is started and runs: a workload that nobody outside of the set can call. */
import type { Served } from "../../core/dialect.ts";
import type { EntityId } from "../../core/ids.ts";
import type { Component, KeptInstances, Mount, RunOptions } from "../../core/runtime.ts";
import type { MemberSpec, ServiceSpec } from "../../core/workload-set.ts";
import type { Limits, WorkloadSpec } from "../../core/workload.ts";
import type { Workload, WorkloadParts } from "../workload.ts";
import type { Answerer } from "./plan.ts";
import type { SetNames } from "./names.ts";
import type { Realm } from "./realm.ts";

import { LONGEST_TIMER_MS } from "../../core/clock.ts";
import { LatticeError } from "../../core/error.ts";
import { startWorkload } from "../workload.ts";
import { linksOfMember } from "./member-links.ts";

/** Calls of one member that run at once, unless more instances are to be kept ready. Upstream knows no end. */
const MOST_CALLS = 32;
/** Instances that are kept ready, whatever a manifest asks for. */
const MOST_KEPT = 64;

/** What a service may be called by, if not by what it exports alone. */
const RUN = "wasi:cli/run";

/** A member or the service, as its set knows it. */
export interface Item {
  readonly name: string;
  readonly id: EntityId;
  readonly spec:
    | ({ readonly kind: "member" } & MemberSpec)
    | ({ readonly kind: "service" } & ServiceSpec);
  readonly component: Component;
}

export interface RunningItem {
  readonly item: Item;
  readonly workload: Workload;
  /** As a dialect takes it. */
  readonly served: Served;
}

export interface ItemParts extends Pick<
  WorkloadParts,
  | "runtime"
  | "clock"
  | "intercept"
  | "interceptLocal"
  | "watched"
  | "interfaces"
  | "log"
  | "present"
> {
  readonly realm: Realm;
  readonly limits: Limits;
}

export interface ItemPlan {
  readonly answerers: ReadonlyMap<string, Answerer>;
  /** For `wasi:config`. */
  readonly config: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
}

/** Resolves when it can be called, which ends with `lifetime`. Leaves nothing behind when it throws. */
export async function startItem(
  item: Item,
  plan: ItemPlan,
  names: SetNames,
  parts: ItemParts,
  { signal, lifetime }: { readonly signal: AbortSignal; readonly lifetime: AbortSignal },
): Promise<RunningItem> {
  const { realm, clock, intercept, interceptLocal, watched, interfaces, log, present, runtime } =
    parts;
  let served: Served | undefined;
  const workload = await startWorkload(
    workloadSpecOf(item, plan.config, parts.limits),
    {
      runtime,
      clock,
      intercept,
      interceptLocal,
      watched,
      interfaces,
      log,
      present,
      // What the lattice would be given is kept until the whole set runs.
      dialects: [
        {
          serve(given) {
            served = given;
            return Promise.resolve({ drain: () => Promise.resolve() });
          },
        },
      ],
      facts: undefined,
      informed: () => Promise.resolve(),
      placed: async (_spec, _world, pool) => pool,
      imports: async (_spec, component, own, config, starting) => {
        const known = await interfaces(starting);
        const links = linksOfMember(plan.answerers, names, known);
        const within = (instance: string): boolean =>
          plan.answerers.get(instance)?.by === "component";
        const importing = { component, config, links, within, interfaces: known, own };
        return realm.imports(item.id, importing, lifetime);
      },
      released: (pool) => realm.released(pool),
    },
    { signal, onProgress: () => undefined, component: withMeans(item, plan.mounts) },
  );
  if (served === undefined) throw new LatticeError("internal", `${item.name} was not served`);
  realm.putMember(item.id, workload, lifetime);
  return { item, workload, served };
}

/** What runs `item`, as views show it also before it does. */
export function workloadSpecOf(
  { id, spec, component }: Omit<Item, "name" | "component"> & Partial<Pick<Item, "component">>,
  config: WorkloadSpec["config"],
  limits: Limits,
): WorkloadSpec {
  const runs = spec.kind === "service" && component !== undefined && runOf(component) !== undefined;
  const live = component !== undefined && isLive(spec, component);
  const kept = spec.kind === "service" ? undefined : keptOf(spec);
  return {
    id,
    image: spec.image,
    maxInstances: live ? 1 : Math.max(MOST_CALLS, kept?.instances ?? 0),
    annotations: new Map(),
    config,
    configNames: [],
    // The call that a service is lasts as long as the set; its other calls are their callers' matter.
    limits: runs ? { ...limits, callDeadlineMs: LONGEST_TIMER_MS } : limits,
  };
}

/** The full name of the `wasi:cli/run` that a component exports. */
export function runOf({ world }: Pick<Component, "world">): string | undefined {
  return [...world.exports.keys()].find((name) => name === RUN || name.startsWith(`${RUN}@`));
}

/** @throws {LatticeError} `bad-input` for a service that nobody could call. */
export function checkService(component: Pick<Component, "world">): void {
  if (runOf(component) !== undefined || component.world.exports.size === 1) return;
  throw new LatticeError(
    "bad-input",
    `service must export wasi:cli/run or have exactly one export, and has ${component.world.exports.size}`,
  );
}

/** The component with what its manifest gives it. */
function withMeans({ spec, component }: Item, mounts: readonly Mount[]): Component {
  const { environment } = spec.resources;
  const live = isLive(spec, component) ? { instances: 1, maxCalls: 0 } : undefined;
  const kept = spec.kind === "service" ? live : keptOf(spec);
  const means: Partial<RunOptions> = {
    ...(environment.size === 0 ? {} : { environment }),
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(kept === undefined ? {} : { kept }),
  };
  return {
    ...component,
    async run(options) {
      const pool = await component.run({ ...options, ...means });
      if (kept === undefined && mounts.length === 0) return pool;
      // Elsewhere it would not have what its own instances share.
      const { portable: _, ...bound } = pool;
      return bound;
    },
  };
}

/**
 * As many calls as upstream's warm instances take at once (`crates/wash-runtime/src/engine/instance_pool.rs` at v2.7.0: each
 * of `poolSize` serves `maxConcurrency`) find an instance that is kept; but one for each call, since functions of WASI 0.2 are
 * not entered a second time while they wait. They are made when that many calls come.
 */
function keptOf({
  poolSize,
  maxInvocations,
  maxConcurrency,
}: MemberSpec): KeptInstances | undefined {
  if (poolSize <= 0) return undefined;
  const instances = Math.min(poolSize * Math.max(1, maxConcurrency), MOST_KEPT);
  return { instances, maxCalls: Math.max(0, maxInvocations) };
}

/** A service that is only called is one instance, which has what earlier calls left. */
function isLive({ kind }: Item["spec"], component: Component): boolean {
  return kind === "service" && runOf(component) === undefined;
}
