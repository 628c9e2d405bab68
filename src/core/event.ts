/** What happens in a host, as the lattice and the views are told. */
import type { Annotations, Inventory, Labels, ProviderDescription } from "./command.ts";
import type { SignedClaims } from "./claims.ts";
import type { EntityId } from "./ids.ts";
import type { Link, LinkKey } from "./link.ts";

export type HostEvent =
  | { readonly type: "host-started"; readonly host: Inventory }
  | { readonly type: "host-heartbeat"; readonly host: Inventory }
  | { readonly type: "host-stopped"; readonly labels: Labels }
  | WorkloadScaled
  | (Omit<WorkloadScaled, "type"> & {
      readonly type: "workload-scale-failed";
      readonly error: string;
    })
  /** An image that was to run did not come to be a workload: nobody knows whose it is. */
  | (Omit<WorkloadScaled, "type" | "id" | "claims"> & {
      readonly type: "image-refused";
      readonly error: string;
    })
  | ProviderEvent
  | { readonly type: "labels-changed"; readonly labels: Labels }
  | FactEvent;

/** What was done, or refused, to what the lattice keeps. */
export type FactEvent =
  | { readonly type: "link-put"; readonly link: Link }
  | { readonly type: "link-refused"; readonly link: Link; readonly error: string }
  /** `link`: the one that went, if there was one. */
  | { readonly type: "link-removed"; readonly key: LinkKey; readonly link: Link | undefined }
  | { readonly type: "config-put" | "config-removed"; readonly name: string };

/** What becomes of providers. */
export type ProviderEvent =
  | (ProviderDescription & { readonly type: "provider-started" })
  | {
      readonly type: "provider-start-failed";
      readonly id: EntityId;
      readonly image: string;
      readonly linkName?: string | undefined;
      readonly error: string;
    }
  | (ProviderDescription & { readonly type: "provider-stopped"; readonly reason: string })
  /** Its health became good, became bad, or was looked at and is as before. */
  | {
      readonly type: "provider-health-passed" | "provider-health-failed" | "provider-health-status";
      readonly id: EntityId;
    };

export interface WorkloadScaled {
  readonly type: "workload-scaled";
  readonly id: EntityId;
  readonly image: string;
  /** 0: it no longer runs here. */
  readonly maxInstances: number;
  readonly annotations: Annotations;
  /** Of the component, if it is signed and was loaded. */
  readonly claims?: SignedClaims | undefined;
}

/** How a call ended. `failed`: the machinery or the guest failed; a WIT `err` is `ok`. */
export type CallOutcome = "ok" | "failed" | "refused" | "aborted";

/** One finished call, as traces show it. Times in milliseconds. */
export interface CallRecord {
  readonly id: string;
  readonly source: EntityId | undefined;
  readonly target: EntityId;
  readonly instance: string;
  readonly func: string;
  readonly traceparent: string | undefined;
  /** Since the epoch. */
  readonly at: number;
  readonly tookMs: number;
  readonly outcome: CallOutcome;
  /** Code and message, for all but `ok`. */
  readonly error?: string;
  /** It went to the lattice, from whom in this node; absent for calls that were answered here. */
  readonly outgoing?: "component" | "page";
}
