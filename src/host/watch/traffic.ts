/**
 * How many calls a second this node sees, by who called whom. A call that one component of the node makes of another by way of
 * the lattice is seen twice, at its beginning and at its end; that happens where the target's line is full, or the node is
 * told to share such calls out.
 */
import type { CallRecord } from "../../core/event.ts";
import type { Traffic } from "../../core/watched.ts";

const SECOND_MS = 1_000;
/** A rate is of this many whole seconds. */
const SECONDS = 5;
/** Who calls says who it is, so that a peer could name any number of sources. */
const MOST_PAIRS = 500;

export interface TrafficCount {
  add(call: CallRecord, nowMs: number): void;
  /** The busiest first. */
  rates(nowMs: number): readonly Traffic[];
}

interface Counted {
  readonly source: string | undefined;
  readonly target: string;
  /** By the second's number, from the oldest on. */
  readonly seconds: Map<number, { calls: number; failed: number }>;
}

export function createTraffic(): TrafficCount {
  const counts = new Map<string, Counted>();
  return {
    add({ source, target, outcome }, nowMs) {
      const key = JSON.stringify([source, target]);
      let counted = counts.get(key);
      if (counted === undefined) {
        if (counts.size >= MOST_PAIRS) return;
        counts.set(key, (counted = { source, target, seconds: new Map() }));
      }
      const second = Math.floor(nowMs / SECOND_MS);
      let now = counted.seconds.get(second);
      if (now === undefined) counted.seconds.set(second, (now = { calls: 0, failed: 0 }));
      now.calls++;
      if (outcome === "failed" || outcome === "refused") now.failed++;
    },
    rates(nowMs) {
      const present = Math.floor(nowMs / SECOND_MS);
      const rates: Traffic[] = [];
      for (const [key, { source, target, seconds }] of counts) {
        let calls = 0;
        let failed = 0;
        for (const [second, count] of seconds) {
          if (second < present - SECONDS) seconds.delete(second);
          else if (second < present) {
            calls += count.calls;
            failed += count.failed;
          }
        }
        if (seconds.size === 0) counts.delete(key);
        if (calls === 0) continue;
        rates.push({
          source,
          target,
          perSecond: calls / SECONDS,
          failedPerSecond: failed / SECONDS,
        });
      }
      return rates.toSorted((one, other) => other.perSecond - one.perSecond);
    },
  };
}
