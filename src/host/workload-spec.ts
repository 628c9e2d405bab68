/** What commands make of workloads, as pure functions: specs, what a scale changes, and what is told of it. */
import type { SignedClaims } from "../core/claims.ts";
import type { ScaleRequest, WorkloadDescription } from "../core/command.ts";
import type { WorkloadScaled } from "../core/event.ts";
import type { Limits, WorkloadSpec } from "../core/workload.ts";
import type { WorkloadEntry } from "./workload.ts";

export function specOf(request: ScaleRequest, defaults: Limits): WorkloadSpec {
  const { id, image, bytes, maxInstances, annotations, limits } = request;
  return {
    id,
    image: bytes === undefined ? { reference: image } : { reference: image, bytes },
    maxInstances,
    annotations,
    config: request.config ?? new Map(),
    configNames: request.configNames ?? [],
    limits: { ...defaults, ...limits },
  };
}

export interface Rescaled {
  readonly spec: WorkloadSpec;
  /** `instance`: other instances are needed; `size`: only more or fewer of them. */
  readonly change: "none" | "size" | "instance";
}

/** `spec` as `request` wants it. What the request does not name stays; another image is not this function's matter. */
export function rescaled(spec: WorkloadSpec, request: ScaleRequest, defaults: Limits): Rescaled {
  const { bytes, maxInstances, annotations } = request;
  const limits = request.limits === undefined ? spec.limits : { ...defaults, ...request.limits };
  const config = request.config ?? spec.config;
  const configNames = request.configNames ?? spec.configNames;
  const image = bytes === undefined ? spec.image : { reference: request.image, bytes };
  const same =
    bytes === undefined &&
    sameLimits(limits, spec.limits) &&
    sameMap(config, spec.config) &&
    sameList(configNames, spec.configNames);
  if (!same) {
    return {
      spec: { ...spec, image, maxInstances, annotations, limits, config, configNames },
      change: "instance",
    };
  }
  const relabelled = request.relabel === true && !sameMap(annotations, spec.annotations);
  if (maxInstances === spec.maxInstances && !relabelled) return { spec, change: "none" };
  return { spec: { ...spec, maxInstances, annotations }, change: "size" };
}

export function scaled(
  spec: WorkloadSpec,
  claims: SignedClaims | undefined,
): Omit<WorkloadScaled, "type"> {
  const { id, image, maxInstances, annotations } = spec;
  return { id, image: image.reference, maxInstances, annotations, claims };
}

/** What an inventory says of an entry: nothing, unless it runs. */
export function describe({ spec, workload, askedLimits }: WorkloadEntry): WorkloadDescription[] {
  if (workload === undefined) return [];
  const { id, image, maxInstances, annotations } = spec;
  const { claims } = workload.component;
  return [{ id, image: image.reference, maxInstances, annotations, limits: askedLimits, claims }];
}

/** For a command that names another image than the running one; empty where there is nothing to say. */
export function scaleNotice(
  present: string | undefined,
  { id, image, allowUpdate }: ScaleRequest,
): string {
  if (present === undefined || present === image) return "";
  return allowUpdate === true
    ? `${id} runs ${present}: it is scaled now and moves to ${image} afterwards`
    : `${id} runs ${present}, not ${image}: it is scaled and keeps its image; use update to move it`;
}

function sameLimits(a: Limits, b: Limits): boolean {
  return (
    a.maxMemoryBytes === b.maxMemoryBytes &&
    a.callDeadlineMs === b.callDeadlineMs &&
    a.queueLimit === b.queueLimit
  );
}

export function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

/** In the same order, which decides whose values count. */
function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
