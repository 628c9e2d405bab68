/** Membership in queue groups that comes and goes: what one host of many answers for all. */
import type { Bus, BusMessage, Subscription } from "../core/bus.ts";
import type { Log } from "../core/log.ts";
import type { View } from "../core/view.ts";
import type { SharedSubject } from "./route.ts";

import { messageOf } from "../core/error.ts";

export interface MembershipParts {
  readonly bus: Bus;
  readonly log: Log;
  readonly subjects: readonly SharedSubject[];
  readonly receive: (message: BusMessage) => void;
  /** Whether this host is to be a member now. */
  readonly wanted: View<boolean>;
}

/**
 * A member while `wanted` says so, until `signal` aborts. It leaves by draining: what the server had routed here by then
 * is still answered. Subjects that these credentials may not listen to are given up for good.
 */
export function keepMembership(parts: MembershipParts, signal: AbortSignal): void {
  const { bus, log, receive, wanted } = parts;
  const denied = new Set<string>();
  let held: readonly Subscription[] = [];

  const join = (): void => {
    log.info("groups.joined");
    held = parts.subjects
      .filter(({ subject }) => !denied.has(subject))
      .map(({ subject, queue }) =>
        bus.subscribe(subject, receive, {
          queue,
          onDenied(error) {
            denied.add(subject);
            log.warn("groups.denied", { subject, problem: error.message });
          },
        }),
      );
  };
  const leave = (): void => {
    log.info("groups.left");
    for (const subscription of held) {
      subscription.drain().catch((cause: unknown) => {
        log.warn("groups.left-unclean", {
          subject: subscription.subject,
          problem: messageOf(cause),
        });
      });
    }
    held = [];
  };
  const follow = (member: boolean): void => {
    if (member === held.length > 0) return;
    if (member) join();
    else leave();
  };
  signal.addEventListener("abort", () => follow(false), { once: true });
  wanted.subscribe(follow, signal);
  follow(wanted.peek());
}
