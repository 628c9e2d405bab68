/** One running workload: its component, its pool, its place in the lattice, and its counters. */
import type { Callee, Importee, Interceptor } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Dialect, Serving } from "../core/dialect.ts";
import type { Facts, Values } from "../core/facts.ts";
import type { Later } from "../core/later.ts";
import type { Log } from "../core/log.ts";
import type { Component, Pool, Runtime } from "../core/runtime.ts";
import type { View } from "../core/view.ts";
import type { Limits, LoadProgress, WorkloadSpec, WorkloadState } from "../core/workload.ts";
import type { World } from "../core/wit.ts";
import type { Interfaces, InterfacesOfWorkload } from "../interfaces/interfaces.ts";

import { LatticeError } from "../core/error.ts";
import { createSource } from "../core/view.ts";
import { aborted } from "./changes.ts";
import { shown } from "./interceptors/shown.ts";
import { followConfig, introduce } from "./kept-facts.ts";

export interface WorkloadParts {
  readonly runtime: Runtime;
  readonly dialects: readonly Pick<Dialect, "serve">[];
  readonly clock: Clock;
  /** What each call passes. */
  readonly intercept: Interceptor;
  /** The same for calls from this node; default: as all others. */
  readonly interceptLocal?: Interceptor | undefined;
  /** Whether somebody watches calls; default never. */
  readonly watched?: (() => boolean) | undefined;
  readonly interfaces: Later<Interfaces>;
  /** `callee`, which has `world` and is called by the id of `spec`: where the resources live that a call is about. */
  readonly placed: (
    spec: Pick<WorkloadSpec, "id">,
    world: World,
    callee: Callee & Pick<Pool, "resources">,
    signal: AbortSignal,
  ) => Promise<Callee>;
  /** Answers what the component of `spec` imports; `config` is what it reads, live. */
  readonly imports: (
    spec: WorkloadSpec,
    component: Component,
    own: InterfacesOfWorkload,
    config: View<Values>,
    signal: AbortSignal,
  ) => Promise<Importee>;
  /** What the lattice keeps; absent where no dialect knows. */
  readonly facts: Facts | undefined;
  readonly log: Log;
  /** Resolves when the host knows what the lattice keeps, or that it will not know it soon: links are among it. */
  readonly informed: () => Promise<unknown>;
  /** False while the node keeps out of all queue groups: frozen, or leaving. */
  readonly present: View<boolean>;
  /** Resolves when no call of `pool` is answered elsewhere in this node any more. */
  readonly released: (pool: Pool) => Promise<void>;
}

export interface Workload {
  readonly spec: WorkloadSpec;
  readonly component: Component;
  readonly pool: Pool;
  /** What the lattice sees of it. */
  readonly world: World;
  /** What calls from this node go through, by that world or by the component's own. */
  readonly callee: Callee;
  /** As `spec` has it, which differs in the number of calls at once and in annotations only. */
  resize(spec: WorkloadSpec): Workload;
  /** Leaves the queue groups, lets calls end until `signal` aborts, ends the workers. */
  stop(signal: AbortSignal): Promise<void>;
}

/** A workload as views see it, also before it runs and after it failed. */
export interface WorkloadEntry {
  readonly spec: WorkloadSpec;
  readonly state: WorkloadState;
  readonly workload: Workload | undefined;
  /** Limits that the sender asked for. */
  readonly askedLimits: Partial<Limits> | undefined;
}

/** Loads, runs and serves `spec`; resolves when the lattice can call it. Leaves nothing behind when it throws. */
export async function startWorkload(
  spec: WorkloadSpec,
  parts: WorkloadParts,
  options: {
    readonly signal: AbortSignal;
    readonly onProgress: (progress: LoadProgress) => void;
    /** The component that `spec` has, if it is loaded already. */
    readonly component?: Component | undefined;
    /** The component is there; that it runs is another matter. */
    readonly onLoaded?: (component: Component) => void;
  },
): Promise<Workload> {
  const { signal, onProgress, onLoaded } = options;
  const { id, maxInstances, limits } = spec;
  const served = new AbortController();
  let pool: Pool | undefined;
  try {
    const { facts } = parts;
    await Promise.race([parts.informed(), aborted(signal)]);
    signal.throwIfAborted();
    const config = await followConfig(facts, spec.configNames, signal, served.signal, spec.config);
    const component =
      options.component ?? (await parts.runtime.load(spec.image, { signal, onProgress }));
    onLoaded?.(component);
    const own = (await parts.interfaces(signal)).workload();
    const imports = await parts.imports(spec, component, own, config, signal);
    const known = { id, image: spec.image.reference, claims: component.claims };
    const introduced = introduce(parts, "workload", known, signal);
    introduced.catch(() => undefined); // heard below
    pool = await component.run({ maxInstances, limits, imports, signal });
    await introduced;
    const { load } = pool;
    onProgress({ stage: "subscribe" });
    const { intercept, interceptLocal = intercept, watched } = parts;
    const { resources } = pool;
    const callee = await parts.placed(spec, component.world, pool, signal);
    const bare = own.face(component.world, callee);
    // Others of a set call it by the component's own world.
    const face = { ...bare, callee: shown([bare.world, component.world], bare.callee) };
    const accepting = createSource(true);
    const decide = (): void => accepting.set(parts.present.peek() && load.peek().accepting);
    decide();
    parts.present.subscribe(decide, served.signal);
    load.subscribe(decide, served.signal);
    const servings = await Promise.all(
      parts.dialects.map((dialect) =>
        dialect.serve(
          {
            id,
            ...face,
            handles: true,
            ...(resources === undefined ? {} : { resources }),
            claims: component.claims,
            intercept,
            ...(watched === undefined ? {} : { watched }),
            accepting,
            deadlineMs: limits.callDeadlineMs,
          },
          served.signal,
        ),
      ),
    );
    signal.throwIfAborted();
    const recorded = interceptLocal(face.callee);
    const { released } = parts;
    return running(
      { spec, component, pool, world: face.world, callee: recorded, released },
      servings,
      served,
    );
  } catch (cause) {
    served.abort();
    await pool?.[Symbol.asyncDispose]();
    throw cause;
  }
}

type Parts = Pick<Workload, "spec" | "component" | "pool" | "world" | "callee"> &
  Pick<WorkloadParts, "released">;

function running(parts: Parts, servings: readonly Serving[], served: AbortController): Workload {
  return {
    ...parts,
    resize(spec) {
      parts.pool.resize(spec.maxInstances);
      return running({ ...parts, spec }, servings, served);
    },
    async stop(signal) {
      const released = parts.released(parts.pool);
      const left = Promise.all([released, ...servings.map((serving) => serving.drain())]).then(() =>
        parts.pool.drained(signal),
      );
      await Promise.race([left, aborted(signal)]).catch(() => undefined); // what still runs is ended below
      served.abort(new LatticeError("closed", `${parts.spec.id} was stopped`));
      await parts.pool[Symbol.asyncDispose]();
    },
  };
}
