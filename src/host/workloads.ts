/**
 * All workloads of this host: starts, scales, moves and stops them, one change at a time for each id, and tells
 * the lattice how each change ended.
 */
import type { Acknowledged, Commands, ScaleRequest, WorkloadDescription } from "../core/command.ts";
import type { HostEvent } from "../core/event.ts";
import type { EntityId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Limits, LoadProgress, WorkloadSpec, WorkloadState } from "../core/workload.ts";
import type { Workload, WorkloadParts } from "./workload.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { startWorkload } from "./workload.ts";

/** Getting a component ready may take this long, download included. */
const START_DEADLINE_MS = 300_000;
/** Calls of a workload that is stopped have this long to end. */
const STOP_DEADLINE_MS = 10_000;

export interface WorkloadsParts extends WorkloadParts {
  readonly limits: Limits;
  readonly log: Log;
  readonly announce: (event: HostEvent) => void;
  /** Something that views show has changed. */
  readonly changed: () => void;
}

/** A workload as views see it, also before it runs and after it failed. */
export interface WorkloadEntry {
  readonly spec: WorkloadSpec;
  readonly state: WorkloadState;
  readonly workload: Workload | undefined;
  /** Limits that the sender asked for. */
  readonly askedLimits: Partial<Limits> | undefined;
}

export interface Workloads {
  /** Begins the change and answers at once; `done` settles with its outcome. */
  scale(request: ScaleRequest): Acknowledged & { readonly done: Promise<void> };
  update(request: Commands["workload.update"]["request"]): Acknowledged;
  running(id: EntityId): Workload | undefined;
  describe(): readonly WorkloadDescription[];
  entries(): readonly WorkloadEntry[];
  /** Stops all, without a word to the lattice. */
  stopAll(signal: AbortSignal): Promise<void>;
}

export function createWorkloads(parts: WorkloadsParts): Workloads {
  const entries = new Map<EntityId, WorkloadEntry>();
  const changes = new Map<EntityId, { tail: Promise<void>; starting: AbortController }>();

  const put = (id: EntityId, entry: WorkloadEntry | undefined): void => {
    if (entry === undefined) entries.delete(id);
    else entries.set(id, entry);
    parts.changed();
  };
  const running = (id: EntityId): Workload | undefined => entries.get(id)?.workload;

  /** Runs `change` after the id's earlier ones. With `supersede`, an earlier start that still loads is given up. */
  const enqueue = (
    id: EntityId,
    supersede: boolean,
    change: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> => {
    const before = changes.get(id);
    if (supersede) {
      before?.starting.abort(
        new LatticeError("aborted", `a later command for ${id} replaced this one`),
      );
    }
    const starting = new AbortController();
    const done = (before?.tail ?? Promise.resolve()).then(() => change(starting.signal));
    const tail = done.catch(() => undefined); // `done` is heard by whoever asked; later changes go on regardless
    const own = { tail, starting };
    changes.set(id, own);
    void tail.then(() => changes.get(id) === own && changes.delete(id));
    return done;
  };

  const begin = async (
    spec: WorkloadSpec,
    entry: Pick<WorkloadEntry, "askedLimits">,
    signal: AbortSignal,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<Workload> => {
    const deadline = AbortSignal.timeout(START_DEADLINE_MS);
    const workload = await startWorkload(spec, parts, {
      signal: AbortSignal.any([signal, deadline]),
      onProgress,
    });
    put(spec.id, { spec, state: { phase: "running" }, workload, ...entry });
    return workload;
  };

  const start = async (request: ScaleRequest, signal: AbortSignal): Promise<void> => {
    const spec = specOf(request, parts.limits);
    const asked = { askedLimits: request.limits };
    const showProgress = (progress: LoadProgress): void =>
      put(spec.id, { spec, state: { phase: "starting", progress }, workload: undefined, ...asked });
    showProgress({ stage: "fetch" });
    try {
      refuseConfigNames(request.configNames);
      await begin(spec, asked, signal, showProgress);
    } catch (cause) {
      put(spec.id, {
        spec,
        state: { phase: "failed", error: messageOf(cause) },
        workload: undefined,
        ...asked,
      });
      throw cause;
    }
    parts.announce({ type: "workload-scaled", ...scaled(spec) });
  };

  const stop = async (workload: Workload): Promise<void> => {
    const { spec } = workload;
    const entry = entries.get(spec.id);
    if (entry?.workload === workload)
      put(spec.id, { ...entry, spec, state: { phase: "stopping" } });
    await workload.stop(AbortSignal.timeout(STOP_DEADLINE_MS));
    if (entries.get(spec.id)?.workload === workload) put(spec.id, undefined);
    parts.announce({ type: "workload-scaled", ...scaled(spec), maxInstances: 0 });
  };

  /** Moves to another image: the new one serves before the old one leaves. */
  const move = async (
    from: Workload,
    image: string,
    annotations: WorkloadSpec["annotations"],
  ): Promise<void> => {
    const spec: WorkloadSpec = { ...from.spec, image: { reference: image }, annotations };
    const asked = { askedLimits: entries.get(spec.id)?.askedLimits };
    const next = await begin(spec, asked, new AbortController().signal, () => undefined);
    parts.announce({ type: "workload-scaled", ...scaled(next.spec) });
    await from.stop(AbortSignal.timeout(STOP_DEADLINE_MS));
    parts.announce({ type: "workload-scaled", ...scaled(from.spec), maxInstances: 0 });
  };

  const rescale = async (workload: Workload, request: ScaleRequest): Promise<void> => {
    const { spec } = workload;
    const { maxInstances, annotations } = request;
    // Upstream builds this event before it takes over the new annotations; senders wait for the old ones.
    const event = { ...scaled(spec), maxInstances };
    if (maxInstances !== spec.maxInstances) {
      const resized = workload.resize(maxInstances);
      const next = { ...resized, spec: { ...resized.spec, annotations } };
      put(spec.id, {
        spec: next.spec,
        state: { phase: "running" },
        workload: next,
        askedLimits: request.limits,
      });
    }
    parts.announce({ type: "workload-scaled", ...event });
    const current = running(spec.id);
    if (
      request.allowUpdate === true &&
      current !== undefined &&
      request.image !== spec.image.reference
    ) {
      await move(current, request.image, annotations);
    }
  };

  const carryOut = async (request: ScaleRequest, signal: AbortSignal): Promise<void> => {
    const { id, image, maxInstances, annotations } = request;
    try {
      const workload = running(id);
      if (workload !== undefined)
        return await (maxInstances === 0 ? stop(workload) : rescale(workload, request));
      if (maxInstances > 0) return await start(request, signal);
      put(id, undefined);
      parts.announce({ type: "workload-scaled", id, image, maxInstances, annotations });
    } catch (cause) {
      const error = messageOf(cause);
      parts.log.warn("workload.failed", { workload: id, image, problem: error });
      parts.announce({
        type: "workload-scale-failed",
        id,
        image,
        maxInstances,
        annotations,
        error,
      });
      throw cause;
    }
  };

  return {
    running,
    scale(request) {
      const present = running(request.id)?.spec.image.reference;
      const done = enqueue(request.id, request.maxInstances === 0, (signal) =>
        carryOut(request, signal),
      );
      return { notice: scaleNotice(present, request), done };
    },
    update({ id, image, annotations }) {
      const present = running(id);
      if (present === undefined) throw new LatticeError("not-found", `component ${id} not found`);
      const { reference } = present.spec.image;
      if (reference === image) return { notice: `component ${id} already updated to ${image}` };
      void enqueue(id, false, async () => {
        const current = running(id);
        if (current !== undefined) await move(current, image, annotations);
      }).catch((cause: unknown) => {
        // The protocol has no event for a failed update.
        parts.log.error("workload.update-failed", {
          workload: id,
          image,
          problem: messageOf(cause),
        });
      });
      return { notice: `component ${id} updating from ${reference} to ${image}` };
    },
    describe: () =>
      [...entries.values()]
        .filter(({ workload }) => workload !== undefined)
        .map(({ spec, askedLimits }) => ({
          id: spec.id,
          image: spec.image.reference,
          maxInstances: spec.maxInstances,
          annotations: spec.annotations,
          limits: askedLimits,
        })),
    entries: () => [...entries.values()],
    async stopAll(signal) {
      for (const { starting } of changes.values()) {
        starting.abort(new LatticeError("closed", "this host is stopping"));
      }
      await Promise.all([...changes.values()].map(({ tail }) => tail));
      const workloads = [...entries.values()].flatMap(({ workload }) => workload ?? []);
      await Promise.all(workloads.map((workload) => workload.stop(signal)));
      entries.clear();
      parts.changed();
    },
  };
}

function scaled(spec: WorkloadSpec): Omit<Extract<HostEvent, { type: "workload-scaled" }>, "type"> {
  const { id, image, maxInstances, annotations } = spec;
  return { id, image: image.reference, maxInstances, annotations };
}

function specOf(request: ScaleRequest, defaults: Limits): WorkloadSpec {
  const { id, image, bytes, maxInstances, annotations, config, limits } = request;
  return {
    id,
    image: bytes === undefined ? { reference: image } : { reference: image, bytes },
    maxInstances,
    annotations,
    config: config ?? new Map(),
    limits: { ...defaults, ...limits },
  };
}

/** For a command that names another image than the running one; empty where there is nothing to say. */
function scaleNotice(
  present: string | undefined,
  { id, image, allowUpdate }: ScaleRequest,
): string {
  if (present === undefined || present === image) return "";
  return allowUpdate === true
    ? `${id} runs ${present}: it is scaled now and moves to ${image} afterwards`
    : `${id} runs ${present}, not ${image}: it is scaled and keeps its image; use update to move it`;
}

function refuseConfigNames(names: readonly string[] | undefined): void {
  if (names === undefined || names.length === 0) return;
  throw new LatticeError(
    "unsupported",
    `this host does not read named configuration (${names.join(", ")})`,
  );
}
