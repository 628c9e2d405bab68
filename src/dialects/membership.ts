/** Membership in queue groups that comes and goes: what one host of many answers for all. */
import type { Bus, BusMessage, Subscription } from "../core/bus.ts";
import type { Log } from "../core/log.ts";
import type { View } from "../core/view.ts";
import type { SharedSubject } from "./route.ts";

import { flushed } from "../core/bus.ts";
import { messageOf } from "../core/error.ts";
import { createSource } from "../core/view.ts";

export interface MembershipParts {
  readonly bus: Bus;
  readonly log: Log;
  readonly subjects: readonly SharedSubject[];
  readonly receive: (message: BusMessage) => void;
  /** Whether this host is to be a member now. */
  readonly wanted: View<boolean>;
}

/**
 * A member while `wanted` says so, until `signal` aborts; gives whether the server knows it as one. It leaves by draining:
 * what the server had routed here by then is still answered. Subjects that these credentials may not listen to are given up
 * for good.
 */
export function keepMembership(parts: MembershipParts, signal: AbortSignal): View<boolean> {
  const { bus, log, receive, wanted } = parts;
  const member = createSource(false);
  const denied = new Set<string>();
  let held: readonly Subscription[] = [];

  const join = async (): Promise<void> => {
    const mine = (held = parts.subjects
      .filter(({ subject }) => !denied.has(subject))
      .map(({ subject, queue }) =>
        bus.subscribe(subject, receive, {
          queue,
          onDenied(error) {
            denied.add(subject);
            log.warn("groups.denied", { subject, problem: error.message });
          },
        }),
      ));
    await flushed(bus, signal);
    if (held !== mine) return;
    log.info("groups.joined");
    member.set(true);
  };
  const leave = async (): Promise<void> => {
    const mine = held;
    held = [];
    await Promise.all(mine.map((subscription) => subscription.drain()));
    log.info("groups.left");
    if (held.length === 0) member.set(false);
  };
  const follow = (value: boolean): void => {
    if (value === held.length > 0) return;
    (value ? join() : leave()).catch((cause: unknown) => {
      // The subscriptions are the bus's: they come back, or end, with its line.
      if (!signal.aborted) log.warn("groups.unsettled", { problem: messageOf(cause) });
    });
  };
  wanted.subscribe(follow, signal);
  signal.addEventListener("abort", () => follow(false), { once: true });
  follow(wanted.peek());
  return member;
}
