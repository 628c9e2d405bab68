/**
 * Requests to a host that are the same JSON in the control interfaces of 0.82 and 1.x (wasmCloud
 * `crates/control-interface/src/types.rs` @ v0.82.0, `crates/control-interface/src/types/*` @ v1.9.2).
 */
import type { Shape } from "../wire/shape.ts";

import { defaulting, natural, optional, record, text } from "../wire/shape.ts";

export interface StopHostRequest {
  readonly host_id: string;
  /** Milliseconds, whatever the documentation of 0.82 says. */
  readonly timeout: number | undefined;
}
export const stopHostRequest: Shape<StopHostRequest> = record<StopHostRequest>({
  host_id: defaulting(text, ""),
  timeout: optional(natural(Number.MAX_SAFE_INTEGER)),
});

export interface Label {
  readonly key: string;
  readonly value: string;
}
export const labelRequest: Shape<Label> = record<Label>({ key: text, value: text });
