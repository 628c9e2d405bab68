/**
 * The events of the 0.82 lattice as a table: what a host's event is there, in names and data (wasmCloud v0.82.0
 * `crates/host/src/wasmbus/event.rs`). What becomes of links and configuration is told by `facts/reactions.ts` and by
 * whoever changed the configuration.
 */
import type { SignedClaims } from "../../core/claims.ts";
import type { Annotations } from "../../core/command.ts";
import type { HostEvent, WorkloadScaled } from "../../core/event.ts";
import type { EntityId, HostId } from "../../core/ids.ts";
import type { Running } from "./running.ts";

import { plain } from "../json.ts";
import { inventoryJson, providerName } from "./messages.ts";

export interface WireEvent {
  readonly name: string;
  readonly data: object;
}

/** What an event says besides itself. */
export interface EventContext {
  readonly host: HostId;
  /** Public nkey of the host's cluster key. */
  readonly issuer: string;
  /** Of this host. */
  readonly version: string;
  readonly running: Running;
  /** The contract that a provider of this host serves. */
  readonly contractOf: (id: EntityId) => string;
}

/**
 * What hosts of 0.82 say of all dates of claims, word for word: theirs are not written out (wasmCloud v0.82.0
 * `crates/host/src/wasmbus/event.rs`, `format_actor_claims` and `provider_started`). Nothing is left to do here.
 */
const UNWRITTEN_DATE = "TODO";

type Type = HostEvent["type"];
type EventOf<T extends Type> = Extract<HostEvent, { type: T }>;

/** 0.82 has no words for these, or they are told where they happen. */
type Untold =
  | "labels-changed"
  | "link-put"
  | "link-refused"
  | "link-removed"
  | "config-put"
  | "config-removed";
type Told = Exclude<Type, Untold>;

type Rows = {
  readonly [T in Told]: (event: EventOf<T>, context: EventContext) => readonly WireEvent[];
};

const rows: Rows = {
  "host-started": ({ host }) => [
    {
      name: "host_started",
      data: {
        friendly_name: host.friendlyName,
        labels: plain(host.labels),
        uptime_seconds: 0,
        version: host.version,
      },
    },
  ],
  "host-heartbeat": ({ host }, context) => [
    { name: "host_heartbeat", data: inventoryJson(host, context) },
  ],
  "host-stopped": ({ labels }) => [{ name: "host_stopped", data: { labels: plain(labels) } }],
  "workload-scaled": scaled,
  "workload-scale-failed": (event, { host }) => failures(event.id, event, host),
  // Upstream has these in its log alone. Whoever sent the command, perhaps through wash, is told here.
  "image-refused": (event, { host }) => failures("", event, host),
  "provider-started"({ id, image, annotations, linkName = "default" }, context) {
    const contract = context.contractOf(id);
    const { instanceId } = context.running.putProvider(id, { linkName, contract });
    const data = {
      host_id: context.host,
      public_key: id,
      image_ref: image,
      link_name: linkName,
      contract_id: contract,
      instance_id: instanceId,
      annotations: plain(annotations),
      claims: {
        issuer: context.issuer,
        tags: null,
        name: providerName(contract),
        version: context.version,
        not_before_human: UNWRITTEN_DATE,
        expires_human: UNWRITTEN_DATE,
      },
    };
    return [{ name: "provider_started", data }];
  },
  "provider-start-failed": ({ image, linkName = "default", error }) => [
    { name: "provider_start_failed", data: { provider_ref: image, link_name: linkName, error } },
  ],
  "provider-stopped"({ id, annotations, linkName = "default", reason }, { host, running }) {
    const known = running.provider(id);
    running.removeProvider(id);
    const data = {
      host_id: host,
      public_key: id,
      link_name: linkName,
      contract_id: known?.contract ?? "",
      instance_id: known?.instanceId ?? id,
      annotations: plain(annotations),
      reason,
    };
    return [{ name: "provider_stopped", data }];
  },
  "provider-health-passed": ({ id }, { running }) => health("passed", id, running),
  "provider-health-failed": ({ id }, { running }) => health("failed", id, running),
  "provider-health-status": ({ id }, { running }) => health("status", id, running),
};

/**
 * The events of the 0.82 lattice that `event` is; none for what it has no word for. Notes in `context.running` what is
 * told, so that the next ones can say what has changed.
 */
export function wireEvents(event: HostEvent, context: EventContext): readonly WireEvent[] {
  if (!Object.hasOwn(rows, event.type)) return [];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row of an event's own type takes that event
  const row = rows[event.type as Told] as (
    event: HostEvent,
    context: EventContext,
  ) => readonly WireEvent[];
  return row(event, context);
}

/** Growth and shrinkage, each with an event that is deprecated and still read. */
function scaled(event: WorkloadScaled, { host, running }: EventContext): readonly WireEvent[] {
  const { id, image, maxInstances, annotations } = event;
  const before = running.actor(id, image);
  if (maxInstances === 0) {
    if (before === undefined) return [];
    running.putActor(id, image, undefined);
    // A stop tells of what there was, never of 0.
    const gone = { ...event, annotations: before.annotations };
    const { maxInstances: count } = before;
    return stopped(gone, { host, count, left: running.total(id), max: count });
  }
  running.putActor(id, image, { maxInstances, annotations });
  const grown = maxInstances - (before?.maxInstances ?? 0);
  if (grown < 0) {
    return stopped(event, { host, count: -grown, left: maxInstances, max: maxInstances });
  }
  if (grown === 0 && before !== undefined && samePairs(before.annotations, annotations)) return [];
  return started(event, host, grown === 0 ? maxInstances : grown);
}

function started(event: WorkloadScaled, host: HostId, count: number): readonly WireEvent[] {
  const { id, image, maxInstances } = event;
  const annotations = plain(event.annotations);
  const claims = claimsJson(id, event.claims);
  return [
    {
      name: "actors_started",
      data: { public_key: id, image_ref: image, annotations, host_id: host, claims, count },
    },
    actorScaled(event, host, maxInstances),
  ];
}

interface Stopped {
  readonly host: HostId;
  readonly count: number;
  readonly left: number;
  readonly max: number;
}

function stopped(event: WorkloadScaled, { host, count, left, max }: Stopped): readonly WireEvent[] {
  const { id, image } = event;
  const annotations = plain(event.annotations);
  return [
    {
      name: "actors_stopped",
      data: {
        public_key: id,
        annotations,
        host_id: host,
        count,
        remaining: left,
        image_ref: image,
      },
    },
    actorScaled(event, host, max),
  ];
}

function actorScaled(event: WorkloadScaled, host: HostId, max: number): WireEvent {
  const { id, image } = event;
  return {
    name: "actor_scaled",
    data: {
      public_key: id,
      claims: claimsJson(id, event.claims),
      annotations: plain(event.annotations),
      host_id: host,
      image_ref: image,
      max_instances: max,
    },
  };
}

interface Failure {
  readonly image: string;
  readonly annotations: Annotations;
  readonly maxInstances: number;
  readonly error: string;
}

function failures(
  publicKey: string,
  { image, annotations, maxInstances, error }: Failure,
  host: HostId,
): readonly WireEvent[] {
  const common = { public_key: publicKey, annotations: plain(annotations), host_id: host };
  return [
    { name: "actors_start_failed", data: { ...common, image_ref: image, error } },
    {
      name: "actor_scale_failed",
      // The host of 0.82 has `image_ref`, and its wash looks for `actor_ref`.
      data: {
        ...common,
        image_ref: image,
        actor_ref: image,
        max_instances: maxInstances,
        error,
      },
    },
  ];
}

/** Of a module that nobody signed, only who it is. */
function claimsJson(id: EntityId, claims: SignedClaims | undefined): object {
  return {
    call_alias: claims?.callAlias ?? null,
    caps: claims?.capabilities ?? null,
    issuer: claims?.issuer ?? "",
    tags: claims?.tags ?? null,
    name: claims === undefined ? id : (claims.name ?? null),
    version: claims?.version ?? null,
    revision: claims?.revision ?? null,
    not_before_human: UNWRITTEN_DATE,
    expires_human: UNWRITTEN_DATE,
  };
}

function health(
  outcome: "passed" | "failed" | "status",
  id: EntityId,
  running: Running,
): readonly WireEvent[] {
  const { linkName = "default", contract = "" } = running.provider(id) ?? {};
  const data = { public_key: id, link_name: linkName, contract_id: contract };
  return [{ name: `health_check_${outcome}`, data }];
}

function samePairs(one: Annotations, other: Annotations): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
