/** What a message counts for wherever it is kept: its text and its bytes, and what memory takes beside them. */
import type { BusMessage } from "../core/bus.ts";

/** For each message, also an empty one: without it, whoever sends many of those is bounded by nothing. */
const BESIDE_BYTES = 64;

/** Bytes; text counts by its UTF-16 units. */
export function messageSize({ subject, reply = "", data, headers }: BusMessage): number {
  let size = BESIDE_BYTES + subject.length + reply.length + data.byteLength;
  for (const [name, value] of headers ?? []) size += name.length + value.length;
  return size;
}
