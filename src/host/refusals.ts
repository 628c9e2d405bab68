/** What servers refuse this node, gathered from what its buses log: bounded, the least recent goes first. */
import type { Refusal } from "../core/access.ts";
import type { LogEntry } from "../core/log.ts";

const MOST_REFUSALS = 100;

const OPERATIONS: Readonly<Partial<Record<string, Refusal["operation"]>>> = {
  "bus.publish-denied": "publish",
  "bus.subscription-denied": "subscribe",
};

export interface Refusals {
  write(entry: LogEntry): void;
  /** The most recent last. */
  read(): readonly Refusal[];
}

export function createRefusals(): Refusals {
  const refusals = new Map<string, Refusal>();
  return {
    write({ at, event, fields }) {
      const operation = OPERATIONS[event];
      const { subject, queue } = fields;
      if (operation === undefined || typeof subject !== "string") return;
      const group = typeof queue === "string" ? { queue } : {};
      const key = `${operation} ${subject} ${group.queue ?? ""}`;
      const times = (refusals.get(key)?.times ?? 0) + 1;
      refusals.delete(key);
      refusals.set(key, { operation, subject, ...group, times, at });
      for (const oldest of refusals.keys()) {
        if (refusals.size <= MOST_REFUSALS) break;
        refusals.delete(oldest);
      }
    },
    read: () => [...refusals.values()],
  };
}
