/**
 * Alarms of forged invocations, each told once: the gate and the watch both see what comes to this node, and neither sees
 * all that the other does.
 */
import type { ForgeryAlarm } from "../../core/alarm.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Alarm } from "./guard.ts";

import { urlOf } from "./entity.ts";

/** Who has seen it. */
export type Witness = "gate" | "watch";

export interface Alarms {
  raise(witness: Witness, alarm: Alarm): void;
}

export interface AlarmsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly tell: (alarm: ForgeryAlarm) => void;
}

/** Within which both witnesses have seen a message; twice as long at most. */
const TOGETHER_MS = 10_000;
/** Messages that are remembered for it, of each half. */
const MOST_REMEMBERED = 5_000;
/** Lines of the log in a second; a flood must not push everything else out of it. */
const MOST_LINES = 10;
const SECOND_MS = 1000;

type Counts = Record<Witness, number>;

/** Of the same message as often as the witness that saw it more often says. */
export function createAlarms({ clock, log, tell }: AlarmsParts): Alarms {
  let young = new Map<string, Counts>();
  let old = new Map<string, Counts>();
  let since = clock.monotonic();
  const countsOf = (key: string): Counts => {
    const now = clock.monotonic();
    if (now - since >= TOGETHER_MS || young.size >= MOST_REMEMBERED) {
      old = now - since >= 2 * TOGETHER_MS ? new Map() : young;
      young = new Map();
      since = now;
    }
    const counts = young.get(key) ?? old.get(key) ?? { gate: 0, watch: 0 };
    young.set(key, counts);
    return counts;
  };
  const write = limited(clock, log);
  return {
    raise(witness, alarm) {
      const counts = countsOf(keyOf(alarm));
      const other = witness === "gate" ? "watch" : "gate";
      if (++counts[witness] <= counts[other]) return;
      const forgery = forgeryOf(alarm, clock.now());
      write(forgery);
      tell(forgery);
    },
  };
}

/** What two messages that differ would have to share to be taken for one; even then each witness counts both. */
function keyOf({ subject, invocation }: Alarm): string {
  const { id, encoded_claims, operation, msg } = invocation;
  const parts = [id.slice(0, 80), operation.slice(0, 80), encoded_claims.slice(-86), msg.length];
  return [subject, ...parts].join(" ");
}

/** Bounded, whatever the forger wrote. */
function forgeryOf({ check, text, subject, invocation }: Alarm, at: number): ForgeryAlarm {
  const { origin, target, operation, host_id } = invocation;
  return {
    at,
    check,
    problem: text,
    origin: showable(urlOf(origin), 160),
    target: showable(urlOf(target), 160),
    operation: showable(operation, 80),
    subject: showable(subject, 160),
    host: showable(host_id, 60),
  };
}

/** Without characters that nobody sees, or that turn others around. */
function showable(text: string, most: number): string {
  return text.slice(0, most).replaceAll(/\p{C}/gu, "?");
}

function limited(clock: Clock, log: Log): (forgery: ForgeryAlarm) => void {
  let since = -SECOND_MS;
  let lines = 0;
  let left = 0;
  return (forgery) => {
    const now = clock.monotonic();
    if (now - since >= SECOND_MS) {
      if (left > 0) log.warn("invocation.forged.more", { count: left });
      since = now;
      lines = 0;
      left = 0;
    }
    const { at: _, ...fields } = forgery;
    if (lines++ < MOST_LINES) log.warn("invocation.forged", fields);
    else left++;
  };
}
