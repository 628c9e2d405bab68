/**
 * Credit for streams between two Inlay nodes.
 *
 * NATS takes from a sender whatever comes, and wRPC has no word for "not so fast": a reader that is slow must keep what
 * it does not read yet, or give up. So a caller says in a header of the invocation how many bytes of a stream may be
 * under way to it unread, a callee that knows the header says the same with its acceptance, and each reports what was
 * read, on subjects that no other peer listens to. Other peers see one more header, which they ignore, and get none of
 * the rest.
 */
import type { Channel } from "../../wire/wrpc.ts";

import { channelSubject } from "../../wire/wrpc.ts";

/** Header of an invocation and of its acceptance: bytes of one stream that may be unread on the way to who sends it. */
export const FLOW_HEADER = "inlay-flow";

/** What this node takes: a round trip's worth of a fast connection, and little enough for hundreds of streams at once. */
export const WINDOW_BYTES: number = 512 * 1024;

/** Below this a window would be a way to slow a peer down. */
const SMALLEST_WINDOW_BYTES = 128 * 1024;

/** Above this it would be a way to have this node write to its connection without end. */
const LARGEST_WINDOW_BYTES = 2 * 1024 * 1024;

/** The window that a peer announced, as far as it is used; `undefined` if it knows nothing of windows. */
export function readWindow(headers: ReadonlyMap<string, string> | undefined): number | undefined {
  const text = headers?.get(FLOW_HEADER);
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const window = Number(text);
  return window >= SMALLEST_WINDOW_BYTES ? Math.min(window, LARGEST_WINDOW_BYTES) : undefined;
}

/** Under a peer's inbox: reports of the reader on the channel of what that peer sends. */
const FLOW = "flow";

/** `INBOX.flow.params.0.1`: how much of that channel was read. */
export const flowSubject = (inbox: string, channel: Channel): string =>
  channelSubject(`${inbox}.${FLOW}`, channel);

/** `INBOX.flow`: the caller gave the whole call up. */
export const abandonSubject = (inbox: string): string => `${inbox}.${FLOW}`;

/** What follows `flow.` in `tail`, the rest of a subject behind an inbox; empty for the whole call. */
export function flowTail(tail: string): string | undefined {
  if (tail === FLOW) return "";
  return tail.startsWith(`${FLOW}.`) ? tail.slice(FLOW.length + 1) : undefined;
}

/** A report: the bytes of the channel that were read since its beginning, in digits. */
export const writeRead = (bytes: number): Uint8Array => new TextEncoder().encode(String(bytes));

/** Nobody reads the channel any more. */
export const STOP: Uint8Array = new Uint8Array(0);

/** The bytes read by a report; `"stop"` if nobody reads any more, `undefined` for what is no report. */
export function readReport(data: Uint8Array): number | "stop" | undefined {
  if (data.length === 0) return "stop";
  if (data.length > 15) return undefined;
  const text = new TextDecoder().decode(data);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
