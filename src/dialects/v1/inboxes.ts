/**
 * The inboxes of wRPC calls: one wildcard subscription for the whole connection, and a table by call.
 *
 * Each call owns a subject `X` and everything under it (`X.params`, `X.results.0.1`). A subscription for each call
 * would cost the server two more commands, and more than the call itself.
 */
import type { Bus, BusMessage } from "../../core/bus.ts";

import { LatticeError } from "../../core/error.ts";

/** What a call does with a message; `path` is what follows its own subject: empty, `params`, `results.0`. */
export type Receive = (path: string, message: BusMessage) => void;

export interface Inbox {
  /** The subject that peers answer to. */
  readonly subject: string;
  /** Later messages are dropped in silence: a peer may still send end markers. */
  close(): void;
}

export interface Inboxes {
  open(receive: Receive): Inbox;
  /** A subject for a call that listens to nothing: what comes there is dropped. */
  unheard(): string;
  /** Calls that listen. */
  readonly size: number;
  /** Why there are no inboxes, once the server has said so. */
  denied(): LatticeError | undefined;
}

export function createInboxes(bus: Bus, signal: AbortSignal): Inboxes {
  const root = `${bus.newInbox()}.`;
  const calls = new Map<string, Receive>();
  let opened = 0;
  let refusal: LatticeError | undefined;
  const nextToken = (): string => (opened++).toString(36);
  bus.subscribe(
    `${root}>`,
    (message) => {
      const dot = message.subject.indexOf(".", root.length);
      const token =
        dot === -1 ? message.subject.slice(root.length) : message.subject.slice(root.length, dot);
      calls.get(token)?.(dot === -1 ? "" : message.subject.slice(dot + 1), message);
    },
    {
      signal,
      onDenied: (cause) => {
        refusal = new LatticeError("denied", `these credentials may not listen to ${root}>`, {
          cause,
        });
      },
    },
  );
  return {
    open(receive) {
      const token = nextToken();
      calls.set(token, receive);
      return { subject: root + token, close: () => calls.delete(token) };
    },
    unheard: () => root + nextToken(),
    denied: () => refusal,
    get size() {
      return calls.size;
    },
  };
}
