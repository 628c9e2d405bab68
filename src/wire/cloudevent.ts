/** CloudEvents 1.0 in structured JSON mode, as wasmCloud hosts write them. */
import { writeJson } from "./shape.ts";

export interface CloudEvent {
  /** Unique among the events of `source`. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly data: object;
}

export function encodeCloudEvent({ id, source, type, atMs, data }: CloudEvent): Uint8Array {
  return writeJson({
    specversion: "1.0",
    id,
    source,
    type,
    datacontenttype: "application/json",
    time: new Date(atMs).toISOString(),
    data,
  });
}
