/**
 * Workloads that are named by their image alone, as in 0.82: the image is loaded to find out who it is, and then runs as
 * any workload does. Changes of one image run one after the other, and a stop gives up a start that still loads.
 */
import type { Annotations, Commands, Identify } from "../core/command.ts";
import type { Clock } from "../core/clock.ts";
import type { HostEvent } from "../core/event.ts";
import type { EntityId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Component, Runtime } from "../core/runtime.ts";
import type { Workload } from "./workload.ts";
import type { Workloads } from "./workloads.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { createChanges } from "./changes.ts";
import { sameMap } from "./workload-spec.ts";

/** Loading may take as long as a start. */
const LOAD_DEADLINE_MS = 300_000;

export interface ActorsParts {
  readonly runtime: Runtime;
  readonly workloads: Workloads;
  readonly clock: Clock;
  readonly log: Log;
  readonly announce: (event: HostEvent) => void;
}

type Scale = Commands["actor.scale"]["request"];

export interface Actors {
  /** Begins at once; the outcome is told by event and log. */
  scale(request: Scale): void;
  stop(request: Commands["actor.stop"]["request"]): Promise<undefined>;
  update(request: Commands["actor.update"]["request"]): Promise<undefined>;
  /** Gives up what still loads; resolves when that has ended, or with the signal. */
  end(signal: AbortSignal): Promise<void>;
}

interface Loaded {
  readonly id: EntityId;
  readonly component: Component;
}

export function createActors(parts: ActorsParts): Actors {
  const { runtime, workloads, clock, log, announce } = parts;
  const changes = createChanges<string>();

  const load = async (image: string, identify: Identify, signal: AbortSignal): Promise<Loaded> => {
    const late = new AbortController();
    const cancel = clock.after(LOAD_DEADLINE_MS, () => {
      const seconds = LOAD_DEADLINE_MS / 1000;
      late.abort(new LatticeError("deadline", `${image} was not loaded within ${seconds} s`));
    });
    try {
      signal.throwIfAborted();
      const either = AbortSignal.any([signal, late.signal]);
      const component = await runtime.load({ reference: image }, { signal: either });
      return { id: identify(component), component };
    } finally {
      cancel();
    }
  };
  const byImage = (image: string): Workload | undefined => {
    const found = workloads.describe().find((each) => each.image === image);
    return found && workloads.running(found.id);
  };
  const start = async (request: Scale, signal: AbortSignal): Promise<void> => {
    const { image, identify, maxInstances, annotations } = request;
    let loaded: Loaded;
    try {
      loaded = await load(image, identify, signal);
    } catch (cause) {
      const error = messageOf(cause);
      log.warn("workload.failed", { image, problem: error });
      announce({ type: "image-refused", image, maxInstances, annotations, error });
      return;
    }
    const { id, component } = loaded;
    const present = workloads.running(id);
    if (present !== undefined && present.spec.image.reference !== image) {
      const { reference } = present.spec.image;
      const error = `actor is already running with a different image reference \`${reference}\``;
      log.warn("workload.failed", { workload: id, image, problem: error });
      // As upstream, which has no event for a stop that failed.
      if (maxInstances <= present.spec.maxInstances) return;
      const { claims } = component;
      const failed = { id, image, maxInstances, annotations, claims, error };
      return announce({ type: "workload-scale-failed", ...failed });
    }
    await workloads.scale({ id, image, maxInstances, annotations }, component).done;
  };
  const carryOut = async (request: Scale, signal: AbortSignal): Promise<void> => {
    const { image, maxInstances, annotations } = request;
    const present = byImage(image);
    if (present === undefined) {
      if (maxInstances > 0) await start(request, signal);
      return;
    }
    const { spec } = present;
    const same = sameMap(spec.annotations, annotations);
    const { id } = spec;
    if (maxInstances === 0 && !same) return;
    if (maxInstances === spec.maxInstances && same) return;
    await workloads.scale({ id, image, maxInstances, annotations, relabel: true }).done;
  };

  return {
    scale(request) {
      const { image, maxInstances, annotations } = request;
      if (maxInstances === 0) {
        changes.giveUp(image, new LatticeError("aborted", `a later command stopped ${image}`));
        for (const { spec, state } of workloads.entries()) {
          if (state.phase !== "starting" || spec.image.reference !== image) continue;
          if (!sameMap(spec.annotations, annotations)) continue;
          void workloads
            .scale({ id: spec.id, image, maxInstances, annotations })
            .done.catch(() => undefined); // told
        }
      }
      // What became of it was told.
      changes.enqueue(image, (signal) => carryOut(request, signal)).catch(() => undefined);
    },
    async stop({ id, annotations }) {
      const present = workloads.running(id);
      if (present === undefined) {
        throw new LatticeError("not-found", "actor is not running on this host");
      }
      const { spec } = present;
      if (!has(spec.annotations, annotations)) {
        const error = "no actors with matching annotations found to stop";
        throw new LatticeError("not-found", error);
      }
      const { image, annotations: own } = spec;
      await workloads.scale({ id, image: image.reference, maxInstances: 0, annotations: own }).done;
    },
    async update({ id, image, annotations, identify }) {
      const present = workloads.running(id);
      if (present === undefined) throw new LatticeError("not-found", "actor not found");
      const { spec } = present;
      if (!sameMap(spec.annotations, annotations)) {
        const error = "actor instance with matching annotations not found";
        throw new LatticeError("not-found", error);
      }
      if (spec.image.reference === image) return;
      await changes.enqueue(image, async (signal) => {
        const next = await load(image, identify, signal);
        if (next.id === id) return workloads.update({ id, image, annotations }).done;
        const { maxInstances } = spec;
        await workloads.scale({ id: next.id, image, maxInstances, annotations }, next.component)
          .done;
        await workloads.scale({
          id,
          image: spec.image.reference,
          maxInstances: 0,
          annotations,
        }).done;
      });
    },
    end: (signal) => changes.end(new LatticeError("closed", "this host is stopping"), signal),
  };
}

/** Whether `annotations` has all of `wanted`. */
function has(annotations: Annotations, wanted: Annotations): boolean {
  return [...wanted].every(([key, value]) => annotations.get(key) === value);
}
