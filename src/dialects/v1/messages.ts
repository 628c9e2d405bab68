/**
 * JSON of the 1.x control interface: requests as this host reads them, replies as `wash` and wadm read them
 * (wasmCloud `crates/control-interface/src/types/*` @ v1.9.2).
 */
import type {
  HostDescription,
  Inventory,
  ProviderDescription,
  WorkloadDescription,
} from "../../core/command.ts";
import type { Shape } from "../../wire/shape.ts";
import type { Label } from "../host-requests.ts";

import { humanDuration, plain } from "../json.ts";
import {
  defaulting,
  dictionary,
  flag,
  list,
  natural,
  optional,
  record,
  text,
  writeJson,
} from "../../wire/shape.ts";

const u32 = natural(0xffff_ffff);
const texts = dictionary(text);

export interface AuctionRequest {
  readonly component_ref: string;
  readonly component_id: string;
  readonly constraints: ReadonlyMap<string, string>;
}
export const auctionRequest: Shape<AuctionRequest> = record<AuctionRequest>({
  component_ref: defaulting(text, ""),
  component_id: text,
  constraints: texts,
});

export interface ScaleRequest {
  readonly component_ref: string;
  readonly component_id: string;
  readonly annotations: ReadonlyMap<string, string> | undefined;
  /** The wire's name of the most instances; a key `max_instances` is ignored, as upstream ignores it. */
  readonly count: number;
  readonly component_limits: ReadonlyMap<string, string> | undefined;
  readonly config: readonly string[];
  readonly allow_update: boolean;
}
export const scaleRequest: Shape<ScaleRequest> = record<ScaleRequest>({
  component_ref: defaulting(text, ""),
  component_id: text,
  annotations: optional(texts),
  count: defaulting(u32, 0),
  component_limits: optional(texts),
  config: defaulting(list(text), []),
  allow_update: defaulting(flag, false),
});

export interface UpdateRequest {
  readonly component_id: string;
  readonly new_component_ref: string;
  readonly annotations: ReadonlyMap<string, string> | undefined;
}
export const updateRequest: Shape<UpdateRequest> = record<UpdateRequest>({
  component_id: defaulting(text, ""),
  new_component_ref: defaulting(text, ""),
  annotations: optional(texts),
});

export const labelKeyRequest: Shape<Pick<Label, "key">> = record<Pick<Label, "key">>({ key: text });

/** The envelope of every reply. `response` is left out, not null, when there is nothing to give. */
export function success(message: string, response?: unknown): Uint8Array {
  return writeJson({ success: true, message, response });
}

export function failure(message: string): Uint8Array {
  return writeJson({ success: false, message });
}

export function hostJson(host: HostDescription): object {
  return {
    id: host.id,
    friendly_name: host.friendlyName,
    labels: plain(host.labels),
    lattice: host.lattice,
    uptime_human: humanDuration(host.uptimeSeconds),
    uptime_seconds: host.uptimeSeconds,
    version: host.version,
    ctl_host: host.controlServer,
    rpc_host: host.rpcServer,
    js_domain: host.jsDomain,
  };
}

/** The inventory of `host.get`, which is also the body of a heartbeat. */
export function inventoryJson(host: Inventory): object {
  return {
    components: host.workloads.map(componentJson),
    providers: host.providers.map(providerJson),
    host_id: host.id,
    friendly_name: host.friendlyName,
    labels: plain(host.labels),
    version: host.version,
    uptime_human: humanDuration(host.uptimeSeconds),
    uptime_seconds: host.uptimeSeconds,
  };
}

function componentJson(workload: WorkloadDescription): object {
  return {
    id: workload.id,
    image_ref: workload.image,
    name: workload.claims?.name ?? workload.id,
    annotations: plain(workload.annotations),
    revision: workload.claims?.revision ?? 0,
    max_instances: workload.maxInstances,
    limits: limitsJson(workload.limits),
  };
}

/** `name` and `revision` are what a provider's claims say; in-page providers have none. */
function providerJson(provider: ProviderDescription): object {
  return {
    id: provider.id,
    image_ref: provider.image,
    revision: 0,
    annotations: plain(provider.annotations),
  };
}

function limitsJson(limits: WorkloadDescription["limits"]): object | null {
  if (limits === undefined) return null;
  const { maxMemoryBytes, callDeadlineMs } = limits;
  return {
    max_memory_limit: maxMemoryBytes === undefined ? undefined : String(maxMemoryBytes),
    max_execution_time: callDeadlineMs === undefined ? undefined : String(callDeadlineMs / 1000),
  };
}
