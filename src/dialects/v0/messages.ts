/**
 * JSON of the 0.82 control interface: requests as this host reads them, replies as `wash` and wadm of that time read them
 * (wasmCloud v0.82.0 `crates/control-interface/src/types.rs`, `crates/host/src/wasmbus/mod.rs`).
 */
import type {
  HostDescription,
  Inventory,
  ProviderDescription,
  WorkloadDescription,
} from "../../core/command.ts";
import type { Shape } from "../../wire/shape.ts";
import type { Cluster } from "./cluster.ts";
import type { Running } from "./running.ts";

import { LatticeError } from "../../core/error.ts";
import {
  anything,
  defaulting,
  dictionary,
  natural,
  optional,
  readJson,
  record,
  text,
  writeJson,
} from "../../wire/shape.ts";
import { humanDuration, plain } from "../json.ts";

type Texts = ReadonlyMap<string, string>;

const texts = dictionary(text);

export interface ActorAuctionRequest {
  readonly actor_ref: string;
  readonly constraints: Texts;
}
export const actorAuction: Shape<ActorAuctionRequest> = record<ActorAuctionRequest>({
  actor_ref: defaulting(text, ""),
  constraints: texts,
});

export interface ProviderAuctionRequest {
  readonly provider_ref: string;
  readonly link_name: string;
  readonly constraints: Texts;
}
export const providerAuction: Shape<ProviderAuctionRequest> = record<ProviderAuctionRequest>({
  provider_ref: defaulting(text, ""),
  link_name: defaulting(text, ""),
  constraints: texts,
});

export interface ScaleRequest {
  readonly actor_ref: string;
  readonly annotations: Texts | undefined;
  /** The most that may run at once; a key `max_instances` is ignored, as upstream ignores it. */
  readonly count: number;
}
export const scaleRequest: Shape<ScaleRequest> = record<ScaleRequest>({
  actor_ref: defaulting(text, ""),
  annotations: optional(texts),
  count: defaulting(natural(0xffff_ffff), 0),
});

export interface StopActorRequest {
  /** The actor's public key. */
  readonly actor_ref: string;
  readonly annotations: Texts | undefined;
}
export const stopActorRequest: Shape<StopActorRequest> = record<StopActorRequest>({
  actor_ref: defaulting(text, ""),
  annotations: optional(texts),
});

export interface UpdateRequest {
  readonly actor_id: string;
  readonly new_actor_ref: string;
  readonly annotations: Texts | undefined;
}
export const updateRequest: Shape<UpdateRequest> = record<UpdateRequest>({
  actor_id: defaulting(text, ""),
  new_actor_ref: defaulting(text, ""),
  annotations: optional(texts),
});

export interface StartProviderRequest {
  readonly provider_ref: string;
  readonly link_name: string;
  readonly annotations: Texts | undefined;
  readonly configuration: string | undefined;
}
export const startProviderRequest: Shape<StartProviderRequest> = record<StartProviderRequest>({
  provider_ref: defaulting(text, ""),
  link_name: defaulting(text, ""),
  annotations: optional(texts),
  configuration: optional(text),
});

export interface StopProviderRequest {
  /** The provider's public key. */
  readonly provider_ref: string;
  readonly link_name: string;
  readonly annotations: Texts | undefined;
}
export const stopProviderRequest: Shape<StopProviderRequest> = record<StopProviderRequest>({
  provider_ref: defaulting(text, ""),
  link_name: defaulting(text, ""),
  annotations: optional(texts),
});

/**
 * A provider's `configuration`: any text upstream, and for in-page providers a JSON object, whose values are taken as texts.
 *
 * @throws {LatticeError} `bad-input`
 */
export function configurationOf(configuration: string | undefined): Texts {
  if (configuration === undefined || configuration.trim() === "") return new Map();
  try {
    const given = readJson(new TextEncoder().encode(configuration), dictionary(anything));
    return new Map(Array.from(given, ([key, value]) => [key, scalar(key, value)]));
  } catch (cause) {
    const error = "the configuration of an in-page provider is a JSON object of plain values";
    throw new LatticeError("bad-input", error, { cause });
  }
}

function scalar(key: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new LatticeError("bad-input", `"${key}" is no plain value`);
}

export const accepted: Uint8Array = writeJson({ accepted: true, error: "" });

/** Other than upstream's, it is JSON whatever the text has in it. */
export function refused(error: string): Uint8Array {
  return writeJson({ accepted: false, error });
}

export function pingJson(
  host: HostDescription,
  { issuer, issuers }: Pick<Cluster, "issuer" | "issuers">,
): object {
  return {
    id: host.id,
    issuer,
    labels: plain(host.labels),
    friendly_name: host.friendlyName,
    uptime_seconds: host.uptimeSeconds,
    uptime_human: humanDuration(host.uptimeSeconds),
    version: host.version,
    cluster_issuers: [...issuers].join(","),
    js_domain: host.jsDomain ?? null,
    ctl_host: host.controlServer ?? "",
    rpc_host: host.rpcServer ?? "",
    lattice_prefix: host.lattice,
    lattice: host.lattice,
  };
}

/** The inventory of `get.{host}.inv`, which is also the body of a heartbeat. */
export function inventoryJson(
  host: Inventory,
  { issuer, running }: { readonly issuer: string; readonly running: Running },
): object {
  return {
    actors: host.workloads.map((each) => actorJson(each, running)),
    providers: host.providers.map((each) => providerJson(each, running)),
    host_id: host.id,
    issuer,
    friendly_name: host.friendlyName,
    labels: plain(host.labels),
    version: host.version,
    uptime_human: humanDuration(host.uptimeSeconds),
    uptime_seconds: host.uptimeSeconds,
  };
}

/** A page keeps one set of annotations for each actor, so there is one entry in `instances`. */
function actorJson(workload: WorkloadDescription, running: Running): object {
  const { id, image, maxInstances, annotations, claims } = workload;
  const known =
    running.actor(id, image) ?? running.putActor(id, image, { maxInstances, annotations });
  return {
    id,
    image_ref: image,
    name: claims?.name,
    instances: [
      {
        annotations: plain(annotations),
        image_ref: image,
        instance_id: known?.instanceId,
        revision: claims?.revision ?? 0,
        max_instances: maxInstances,
      },
    ],
  };
}

function providerJson({ id, image, annotations }: ProviderDescription, running: Running): object {
  const { contract = "", linkName = "default" } = running.provider(id) ?? {};
  return {
    annotations: plain(annotations),
    id,
    image_ref: image,
    contract_id: contract,
    link_name: linkName,
    name: providerName(contract),
    revision: 0,
  };
}

/** In-page providers are not signed by anybody; this is what they are called. */
export function providerName(contract: string): string {
  return `Inlay ${contract.slice(contract.indexOf(":") + 1)}`;
}
