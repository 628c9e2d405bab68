/**
 * The queue groups of what is served: a host is a member as long as the target accepts calls, and leaves by draining, so
 * that what the server had routed here by then is still answered.
 */
import type { Bus, BusMessage, Subscription } from "../core/bus.ts";
import type { EntityId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { View } from "../core/view.ts";

import { flushed } from "../core/bus.ts";
import { LatticeError } from "../core/error.ts";
import { createSource } from "../core/view.ts";

/** One subject, and what becomes of a message on it; it never fails. */
export interface GroupSubject {
  readonly subject: string;
  readonly queue: string;
  readonly answer: (message: BusMessage) => Promise<void>;
}

export interface GroupParts {
  readonly rpc: Bus;
  readonly log: Log;
  readonly id: EntityId;
  readonly subjects: readonly GroupSubject[];
  /** A member while all of these hold. */
  readonly accepting: readonly View<boolean>[];
}

export interface QueueGroups {
  /** Joins if it is to; resolves when the server knows it, with the refusal of a subject if there was one. */
  join(): Promise<LatticeError | undefined>;
  /** A call that came another way, and is waited for as well. */
  count(answered: Promise<void>): void;
  /** A subject that the server refused, in a group or beside. */
  deny(subject: string, cause: Error): void;
  /** The last refusal. */
  readonly denied: View<LatticeError | undefined>;
  /** Ends the subscriptions at once, without draining. */
  unsubscribe(): void;
  /** Leaves for good; resolves when no call is left. */
  drain(): Promise<void>;
}

/** Follows what is accepted, once it was told to join, until `signal` aborts. */
export function createQueueGroups(parts: GroupParts, signal: AbortSignal): QueueGroups {
  const { rpc, log, id, subjects, accepting } = parts;
  const inFlight = new Set<Promise<void>>();
  let subscriptions: readonly Subscription[] = [];
  const denied = createSource<LatticeError | undefined>(undefined);
  let draining = false;
  let change = Promise.resolve();

  const count = (answered: Promise<void>): void => {
    inFlight.add(answered);
    void answered.finally(() => inFlight.delete(answered));
  };
  const deny = (subject: string, cause: Error): void => {
    log.error("serve.denied", { subject, problem: cause.message });
    const error = `these credentials may not serve ${subject}`;
    denied.set(new LatticeError("denied", error, { cause }));
  };
  const unsubscribe = (): void => {
    for (const each of subscriptions) each.unsubscribe();
  };
  /** Brings membership in line with what is wanted now. */
  const align = async (): Promise<void> => {
    const wanted = !draining && !signal.aborted && accepting.every((each) => each.peek());
    if (wanted && subscriptions.length === 0) {
      subscriptions = subjects.map(({ subject, queue, answer }) =>
        rpc.subscribe(subject, (message) => count(answer(message)), {
          queue,
          onDenied: (cause) => deny(subject, cause),
        }),
      );
      log.info("serve.joined", { workload: id });
    } else if (!wanted && subscriptions.length > 0) {
      const left = subscriptions;
      subscriptions = [];
      log.info("serve.left", { workload: id });
      await Promise.all(left.map((each) => each.drain()));
    }
  };
  /** As {@link align}, after earlier changes: they never overlap. */
  const settle = (): Promise<void> => (change = change.then(align));

  for (const each of accepting) each.subscribe(() => void settle(), signal);
  signal.addEventListener("abort", unsubscribe, { once: true });
  return {
    count,
    deny,
    denied,
    unsubscribe,
    async join() {
      await settle();
      await flushed(rpc, signal);
      // The server refuses before it answers the flush.
      return denied.peek();
    },
    async drain() {
      draining = true;
      await settle();
      await Promise.all(inFlight);
    },
  };
}
