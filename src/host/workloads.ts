/**
 * All workloads of this host: starts, scales, moves and stops them, one change at a time for each id, and tells
 * the lattice how each change ended.
 */
import type { Acknowledged, Commands, ScaleRequest, WorkloadDescription } from "../core/command.ts";
import type { HostEvent } from "../core/event.ts";
import type { EntityId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Component } from "../core/runtime.ts";
import type { Limits, LoadProgress, WorkloadSpec } from "../core/workload.ts";
import type { Workload, WorkloadEntry, WorkloadParts } from "./workload.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { createChanges } from "./changes.ts";
import { startWorkload } from "./workload.ts";
import { describe, rescaled, scaled, scaleNotice, specOf } from "./workload-spec.ts";

/** Getting a component ready may take this long, download included. */
const START_DEADLINE_MS = 300_000;
/** Calls of a workload that is stopped have this long to end. */
const STOP_DEADLINE_MS = 10_000;
/** Failed starts that are kept to be shown. */
const MOST_FAILED = 50;

export interface WorkloadsParts extends WorkloadParts {
  readonly limits: Limits;
  readonly log: Log;
  readonly announce: (event: HostEvent) => void;
  /** Something that views show has changed. */
  readonly changed: () => void;
}

export interface Workloads {
  /** Begins the change and answers at once; `done` settles with its outcome. */
  scale(
    request: ScaleRequest,
    /** What the image has, if it is loaded already. */
    component?: Component,
  ): Acknowledged & { readonly done: Promise<void> };
  /** As {@link Workloads.scale}; a failure is in the log, and `done` rejects with it. */
  update(
    request: Commands["workload.update"]["request"],
  ): Acknowledged & { readonly done: Promise<void> };
  running(id: EntityId): Workload | undefined;
  /** What runs under `id` and is not about to stop. */
  staying(id: EntityId): Workload | undefined;
  describe(): readonly WorkloadDescription[];
  entries(): readonly WorkloadEntry[];
  /** Gives up what starts, and stops all, within the signal. */
  stopAll(signal: AbortSignal): Promise<void>;
}

export function createWorkloads(parts: WorkloadsParts): Workloads {
  const { announce, log } = parts;
  const entries = new Map<EntityId, WorkloadEntry>();
  const changes = createChanges();

  const put = (id: EntityId, entry: WorkloadEntry | undefined): void => {
    entries.delete(id); // so that the newest stands last
    if (entry !== undefined) entries.set(id, entry);
    const failed = [...entries].filter(([, { state }]) => state.phase === "failed");
    for (const [oldest] of failed.slice(0, -MOST_FAILED)) entries.delete(oldest);
    parts.changed();
  };
  const running = (id: EntityId): Workload | undefined => entries.get(id)?.workload;

  const begin = async (
    spec: WorkloadSpec,
    askedLimits: WorkloadEntry["askedLimits"],
    signal: AbortSignal,
    {
      component,
      onProgress = () => undefined,
      onLoaded = () => undefined,
    }: {
      readonly component?: Component | undefined;
      readonly onProgress?: (progress: LoadProgress) => void;
      readonly onLoaded?: (component: Component) => void;
    } = {},
  ): Promise<Workload> => {
    const late = new AbortController();
    const cancel = parts.clock.after(START_DEADLINE_MS, () => {
      const seconds = START_DEADLINE_MS / 1000;
      late.abort(new LatticeError("deadline", `${spec.id} was not ready within ${seconds} s`));
    });
    try {
      const either = AbortSignal.any([signal, late.signal]);
      const hooks = { signal: either, component, onProgress, onLoaded };
      const workload = await startWorkload(spec, parts, hooks);
      workload.pool.load.subscribe(() => parts.changed()); // a call that has begun is to be seen before it ends
      put(spec.id, { spec, state: { phase: "running" }, workload, askedLimits });
      return workload;
    } finally {
      cancel();
    }
  };

  const start = async (
    request: ScaleRequest,
    signal: AbortSignal,
    component: Component | undefined,
    onLoaded: (component: Component) => void,
  ): Promise<void> => {
    let workload: Workload;
    const spec = specOf(request, parts.limits);
    const shown = { spec, workload: undefined, askedLimits: request.limits };
    const showProgress = (progress: LoadProgress): void =>
      put(spec.id, { ...shown, state: { phase: "starting", progress } });
    showProgress({ stage: "resolve" });
    try {
      const hooks = { component, onProgress: showProgress, onLoaded };
      workload = await begin(spec, request.limits, signal, hooks);
    } catch (cause) {
      put(spec.id, { ...shown, state: { phase: "failed", error: messageOf(cause) } });
      throw cause;
    }
    announce({ type: "workload-scaled", ...told(workload) });
  };

  const stop = async (workload: Workload): Promise<void> => {
    const { spec } = workload;
    const entry = entries.get(spec.id);
    if (entry?.workload === workload) put(spec.id, { ...entry, state: { phase: "stopping" } });
    await workload.stop(AbortSignal.timeout(STOP_DEADLINE_MS));
    if (entries.get(spec.id)?.workload === workload) put(spec.id, undefined);
    announce({ type: "workload-scaled", ...told(workload), maxInstances: 0 });
  };

  /** Puts `spec` in the place of `from`: the new one serves before the old one leaves. */
  const replace = async (
    from: Workload,
    spec: WorkloadSpec,
    askedLimits: WorkloadEntry["askedLimits"],
    signal: AbortSignal,
    between: (workload: Workload) => void = () => undefined,
  ): Promise<void> => {
    between(await begin(spec, askedLimits, signal));
    await from.stop(AbortSignal.timeout(STOP_DEADLINE_MS));
  };

  /** Moves to another image, and tells of both. */
  const move = async (from: Workload, spec: WorkloadSpec, signal: AbortSignal): Promise<void> => {
    await replace(from, spec, entries.get(spec.id)?.askedLimits, signal, (to) =>
      announce({ type: "workload-scaled", ...told(to) }),
    );
    announce({ type: "workload-scaled", ...told(from), maxInstances: 0 });
  };

  const rescale = async (
    workload: Workload,
    request: ScaleRequest,
    signal: AbortSignal,
  ): Promise<void> => {
    const { spec } = workload;
    const askedLimits = request.limits ?? entries.get(spec.id)?.askedLimits;
    const next = rescaled(spec, request, parts.limits);
    // Upstream builds this event before it takes over the new annotations; senders wait for the old ones.
    const event =
      request.relabel === true
        ? scaled(next.spec, workload.component.claims)
        : { ...told(workload), maxInstances: next.spec.maxInstances };
    if (next.change === "instance") await replace(workload, next.spec, askedLimits, signal);
    if (next.change === "size") {
      const resized = workload.resize(next.spec);
      put(spec.id, {
        spec: next.spec,
        state: { phase: "running" },
        workload: resized,
        askedLimits,
      });
    }
    announce({ type: "workload-scaled", ...event });
    const current = running(spec.id);
    if (
      request.allowUpdate === true &&
      current !== undefined &&
      request.image !== spec.image.reference
    ) {
      await move(current, { ...current.spec, image: { reference: request.image } }, signal);
    }
  };

  const carryOut = async (
    request: ScaleRequest,
    signal: AbortSignal,
    component: Component | undefined,
  ): Promise<void> => {
    const { id, image, maxInstances, annotations } = request;
    let claims = running(id)?.component.claims;
    try {
      signal.throwIfAborted();
      const workload = running(id);
      if (workload !== undefined) {
        return await (maxInstances === 0 ? stop(workload) : rescale(workload, request, signal));
      }
      if (maxInstances > 0) {
        return await start(request, signal, component, (loaded) => ({ claims } = loaded));
      }
      put(id, undefined);
      announce({ type: "workload-scaled", id, image, maxInstances, annotations });
    } catch (cause) {
      const error = messageOf(cause);
      log.warn("workload.failed", { workload: id, image, problem: error });
      const event = { id, image, maxInstances, annotations, claims, error };
      announce({ type: "workload-scale-failed", ...event });
      throw cause;
    }
  };

  return {
    running,
    staying(id) {
      const entry = entries.get(id);
      return entry?.state.phase === "running" ? entry.workload : undefined;
    },
    scale(request, component) {
      const { id, maxInstances } = request;
      const present = running(id)?.spec.image.reference;
      if (maxInstances === 0) {
        changes.giveUp(id, new LatticeError("aborted", `a later command stopped ${id}`));
      }
      const done = changes.enqueue(id, (signal) => carryOut(request, signal, component));
      return { notice: scaleNotice(present, request), done };
    },
    update({ id, image, annotations }) {
      const present = running(id);
      if (present === undefined) throw new LatticeError("not-found", `component ${id} not found`);
      const { reference } = present.spec.image;
      if (reference === image) {
        return {
          notice: `component ${id} already updated to ${image}`,
          done: Promise.resolve(),
        };
      }
      const done = changes.enqueue(id, async (signal) => {
        const current = running(id);
        if (current === undefined || signal.aborted) return;
        await move(current, { ...current.spec, image: { reference: image }, annotations }, signal);
      });
      void done.catch((cause: unknown) => {
        // The protocol has no event for a failed update.
        log.error("workload.update-failed", { workload: id, image, problem: messageOf(cause) });
      });
      return { notice: `component ${id} updating from ${reference} to ${image}`, done };
    },
    describe: () => [...entries.values()].flatMap(describe),
    entries: () => [...entries.values()],
    async stopAll(signal) {
      await changes.end(new LatticeError("closed", "this host is stopping"), signal);
      const workloads = [...entries.values()].flatMap(({ workload }) => workload ?? []);
      await Promise.all(workloads.map((workload) => workload.stop(signal)));
      entries.clear();
      parts.changed();
    },
  };
}

/** What is told of it. */
function told({ spec, component }: Workload): ReturnType<typeof scaled> {
  return scaled(spec, component.claims);
}
