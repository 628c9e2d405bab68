/** The interfaces whose functions a contract carries, without their versions: small enough to be known before any is used. */
import { ACTOR_GUEST } from "../../../interfaces/actor.ts";
import { withoutVersion } from "../../../core/wit.ts";

const CARRIED: ReadonlySet<string> = new Set([
  ACTOR_GUEST,
  "wrpc:keyvalue/store",
  "wrpc:keyvalue/atomics",
  "wrpc:keyvalue/batch",
  "wasmcloud:messaging/consumer",
  "wasmcloud:messaging/handler",
  "wrpc:http/incoming-handler",
  "wrpc:http/outgoing-handler",
  "wrpc:blobstore/blobstore",
]);

/** Whether 0.82 has words for calls of `instance`. */
export function isCarried(instance: string): boolean {
  return CARRIED.has(withoutVersion(instance));
}
