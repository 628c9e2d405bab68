/** The events of providers: names and data (wasmCloud `wasmbus/event.rs` @ v1.9.2, for providers without claims). */
import type { ProviderEvent } from "../../core/event.ts";
import type { HostId } from "../../core/ids.ts";
import type { Row } from "./events.ts";

import { plain } from "../json.ts";

type Type = ProviderEvent["type"];
type HealthType = Extract<Type, `provider-health-${string}`>;

export const providerRows: { readonly [T in Type]: Row<T> } = {
  "provider-started": {
    name: "provider_started",
    data: (event, host) => ({
      host_id: host,
      image_ref: event.image,
      provider_id: event.id,
      annotations: plain(event.annotations),
    }),
  },
  "provider-start-failed": {
    name: "provider_start_failed",
    data: (event, host) => ({
      provider_ref: event.image,
      provider_id: event.id,
      host_id: host,
      error: event.error,
      link_name: "default",
    }),
  },
  "provider-stopped": {
    name: "provider_stopped",
    data: (event, host) => ({
      host_id: host,
      provider_id: event.id,
      annotations: plain(event.annotations),
      reason: event.reason,
      instance_id: event.id,
      public_key: event.id,
      link_name: "default",
    }),
  },
  "provider-health-passed": { name: "health_check_passed", data: health },
  "provider-health-failed": { name: "health_check_failed", data: health },
  "provider-health-status": { name: "health_check_status", data: health },
};

function health({ id }: Extract<ProviderEvent, { type: HealthType }>, host: HostId): object {
  return { host_id: host, provider_id: id };
}
