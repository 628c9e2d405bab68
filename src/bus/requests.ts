/**
 * Requests over one shared inbox.
 *
 * Not the client library's own: those take a time instead of a signal, and wait it out when the connection is lost.
 */
import type { BusMessage, PublishOptions, Subscription } from "../core/bus.ts";
import { asLatticeError, type ErrorCode, LatticeError } from "../core/error.ts";
import { denied } from "./errors.ts";

export type Receive = (message: BusMessage) => void;

export interface Requests {
  send(
    subject: string,
    data: Uint8Array,
    options: PublishOptions & { readonly signal: AbortSignal },
  ): Promise<BusMessage>;
  /** Rejects all that wait. */
  fail(error: LatticeError): void;
  /** Rejects those that wait for an answer to `subject`, which this connection may not publish to. */
  refuse(subject: string): void;
  /** Resolves when none waits any more. */
  settled(): Promise<void>;
  /** The subscription that the answers come by; `undefined` before the first request. */
  readonly inbox: Subscription | undefined;
}

export interface RequestParts {
  readonly newInbox: () => string;
  readonly subscribe: (
    subject: string,
    receive: Receive,
    onDenied: (error: Error) => void,
  ) => Subscription;
  readonly publish: (subject: string, data: Uint8Array, options: PublishOptions) => void;
}

interface Waiting {
  readonly subject: string;
  readonly resolve: (message: BusMessage) => void;
  readonly reject: (error: LatticeError) => void;
}

/** The server's words that have a code of their own: ADR-4 and JetStream's direct get (ADR-31). */
const STATUS_CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [404, "not-found"],
  [408, "deadline"],
  [409, "closed"],
  [503, "not-served"],
]);

function unguessable(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (each) => each.toString(36)).join(
    "",
  );
}

export function createRequests({ newInbox, subscribe, publish }: RequestParts): Requests {
  const waiting = new Map<string, Waiting>();
  let inbox: { readonly prefix: string; readonly subscription: Subscription } | undefined;
  let count = 0;
  let whenSettled: (() => void)[] = [];

  const receive: Receive = (message) => {
    const token = message.subject.slice(message.subject.lastIndexOf(".") + 1);
    const request = waiting.get(token);
    if (request === undefined) return; // a second answer, or one after the deadline
    if (message.status === undefined) request.resolve(message);
    else request.reject(statusError(message.status, request.subject));
  };
  const fail = (error: LatticeError): void => {
    for (const { reject } of Array.from(waiting.values())) reject(error);
  };
  const open = (): string => {
    if (inbox !== undefined) return inbox.prefix;
    const prefix = newInbox();
    const subscription = subscribe(`${prefix}.*`, receive, () => {
      inbox = undefined;
      fail(denied("subscribe", `${prefix}.*`));
    });
    inbox = { prefix, subscription };
    return prefix;
  };
  const settle = (token: string): void => {
    waiting.delete(token);
    if (waiting.size > 0) return;
    for (const done of whenSettled) done();
    whenSettled = [];
  };

  return {
    fail,
    send(subject, data, { signal, ...options }) {
      if (signal.aborted) return Promise.reject(asLatticeError(signal.reason, "aborted"));
      // Whoever is asked sees where its answer goes, and must not guess where others go.
      const token = `${(++count).toString(36)}-${unguessable()}`;
      return new Promise<BusMessage>((resolve, reject) => {
        const abort = (): void => done(() => reject(asLatticeError(signal.reason, "aborted")));
        const done = (tell: () => void): void => {
          signal.removeEventListener("abort", abort);
          settle(token);
          tell();
        };
        waiting.set(token, {
          subject,
          resolve: (message) => done(() => resolve(message)),
          reject: (error) => done(() => reject(error)),
        });
        signal.addEventListener("abort", abort, { once: true });
        try {
          publish(subject, data, { ...options, reply: `${open()}.${token}` });
        } catch (thrown) {
          done(() => reject(asLatticeError(thrown)));
        }
      });
    },
    refuse(subject) {
      for (const request of Array.from(waiting.values())) {
        if (request.subject === subject) request.reject(denied("publish", subject));
      }
    },
    settled() {
      if (waiting.size === 0) return Promise.resolve();
      return new Promise((resolve) => whenSettled.push(resolve));
    },
    get inbox() {
      return inbox?.subscription;
    },
  };
}

function statusError(status: number, subject: string): LatticeError {
  if (status === 503) return new LatticeError("not-served", `nobody subscribes to "${subject}"`);
  const code = STATUS_CODES.get(status) ?? "unsupported";
  return new LatticeError(code, `the server answered "${subject}" with status ${status}`);
}
