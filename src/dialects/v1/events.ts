/** The events of the 1.x lattice as a table: name on the wire, and data (wasmCloud `wasmbus/event.rs` @ v1.9.2). */
import type { HostEvent } from "../../core/event.ts";
import type { HostId } from "../../core/ids.ts";

import { plain } from "../json.ts";
import { eventClaimsJson } from "./facts/claims.ts";
import { linkJson, linkKeyJson } from "./link-json.ts";
import { inventoryJson } from "./messages.ts";
import { providerRows } from "./provider-events.ts";

type Type = HostEvent["type"];
export type EventOf<T extends Type> = Extract<HostEvent, { type: T }>;

export interface Row<T extends Type> {
  readonly name: string;
  data(event: EventOf<T>, host: HostId): object;
}

/** What 1.x has no word for. */
type Untold = "image-refused";

const rows: { readonly [T in Exclude<Type, Untold>]: Row<T> } = {
  "host-started": {
    name: "host_started",
    data: ({ host }) => ({
      friendly_name: host.friendlyName,
      labels: plain(host.labels),
      uptime_seconds: 0,
      version: host.version,
    }),
  },
  "host-heartbeat": { name: "host_heartbeat", data: ({ host }) => inventoryJson(host) },
  "host-stopped": { name: "host_stopped", data: ({ labels }) => ({ labels: plain(labels) }) },
  "workload-scaled": {
    name: "component_scaled",
    data: (event, host) => ({
      ...(event.claims && {
        public_key: event.claims.subject,
        claims: eventClaimsJson(event.claims),
      }),
      annotations: plain(event.annotations),
      host_id: host,
      image_ref: event.image,
      max_instances: event.maxInstances,
      component_id: event.id,
    }),
  },
  "workload-scale-failed": {
    name: "component_scale_failed",
    data: (event, host) => ({
      ...(event.claims && { public_key: event.claims.subject }),
      annotations: plain(event.annotations),
      component_id: event.id,
      host_id: host,
      image_ref: event.image,
      max_instances: event.maxInstances,
      error: event.error,
    }),
  },
  ...providerRows,
  "labels-changed": {
    name: "labels_changed",
    data: ({ labels }, host) => ({ host_id: host, labels: plain(labels) }),
  },
  "link-put": { name: "linkdef_set", data: ({ link }) => linkJson(link) },
  "link-refused": {
    name: "linkdef_set_failed",
    data: ({ link, error }) => ({ ...linkJson(link), error }),
  },
  "link-removed": {
    name: "linkdef_deleted",
    data: ({ key, link }) => ({
      ...linkKeyJson(key),
      target: link?.target,
      interfaces: link?.interfaces,
    }),
  },
  "config-put": { name: "config_set", data: ({ name }) => ({ config_name: name }) },
  "config-removed": { name: "config_deleted", data: ({ name }) => ({ config_name: name }) },
};

/** The event's name on the wire and its `data`; `undefined` for what is not told. */
export function wireEvent(
  event: HostEvent,
  host: HostId,
): { readonly name: string; readonly data: object } | undefined {
  if (event.type === "image-refused") return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row of an event's own type takes that event
  const row = rows[event.type] as Row<Type>;
  return { name: row.name, data: row.data(event, host) };
}
