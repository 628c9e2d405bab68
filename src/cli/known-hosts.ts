/**
 * Host names that have answered lately: one that nobody serves at this moment is busy or on its way to another tab, where a
 * name that never answered is nobody's. Bounded; only who answers gets in, so that requests alone fill nothing.
 */
import type { Clock } from "../core/clock.ts";

/** As long as operators take to move a workload, several times over: a minute without its host, and its start elsewhere. */
const REMEMBERED_MS = 10 * 60_000;
/** As many as one server may have, with names of 253 letters at most. */
const MOST_NAMES = 10_000;

export interface KnownHosts {
  /** `name` has answered just now. */
  answered(name: string): void;
  /** Whether it has within the last {@link REMEMBERED_MS}. */
  has(name: string): boolean;
}

export function createKnownHosts(
  { monotonic }: Pick<Clock, "monotonic">,
  { most = MOST_NAMES, rememberedMs = REMEMBERED_MS } = {},
): KnownHosts {
  /** When each did; who answered last is last. */
  const known = new Map<string, number>();
  return {
    answered(name) {
      known.delete(name);
      known.set(name, monotonic());
      const [oldest] = known.keys();
      if (known.size > most && oldest !== undefined) known.delete(oldest);
    },
    has(name) {
      const at = known.get(name);
      if (at === undefined) return false;
      if (monotonic() - at <= rememberedMs) return true;
      known.delete(name);
      return false;
    },
  };
}
