/**
 * The topic `rates`: once a second, how many calls there were, and how the components do. A worker that computes tells of
 * itself when it is done; until then what it told last is told again.
 */
import type { PoolVitals } from "../../core/runtime.ts";
import type { Tell } from "../../core/watched.ts";
import type { ComponentRates, WatchedRates } from "../../core/watched-calls.ts";
import type { Workload } from "../workload.ts";
import type { WatchParts } from "./watch.ts";

import { createPace } from "./pace.ts";

const TELL_EVERY_MS = 1000;

/** What a component has told of itself, and when. */
interface Told {
  readonly vitals: PoolVitals;
  readonly atMs: number;
  readonly busy: number;
}

export function watchRates(
  { clock, history, entries }: Pick<WatchParts, "clock" | "history" | "entries">,
  tell: Tell<"rates">,
  signal: AbortSignal,
): void {
  const told = new WeakMap<Workload["pool"], Told>();
  const asked = new WeakSet<Workload["pool"]>();

  const ask = async (pool: Workload["pool"]): Promise<void> => {
    if (asked.has(pool) || pool.vitals === undefined) return;
    asked.add(pool);
    try {
      const vitals = await pool.vitals();
      const atMs = clock.monotonic();
      const before = told.get(pool);
      const passedMs = atMs - (before?.atMs ?? atMs);
      const ranMs = vitals.ranMs - (before?.vitals.ranMs ?? vitals.ranMs);
      told.set(pool, { vitals, atMs, busy: passedMs > 0 ? ranMs / passedMs : 0 });
    } catch {
      // It was stopped meanwhile.
    } finally {
      asked.delete(pool);
    }
  };
  const workloads = (): readonly Workload[] => entries().flatMap(({ workload }) => workload ?? []);
  const rateOf = ({ spec, pool }: Workload): readonly ComponentRates[] => {
    const own = told.get(pool);
    if (own === undefined) return [];
    const { workers, instances, memoryBytes } = own.vitals;
    return [{ id: spec.id, workers, instances, memoryBytes, busy: own.busy }];
  };
  const make = (): WatchedRates => {
    const at = clock.now();
    return { at, seconds: history.read(at), components: workloads().flatMap(rateOf) };
  };
  const changed = createPace(clock, TELL_EVERY_MS, make, tell, signal);
  /** What was asked a second ago is told now. */
  const beat = (): void => {
    changed();
    for (const { pool } of workloads()) void ask(pool); // does not fail
    const next = clock.after(TELL_EVERY_MS, beat);
    ended = next;
  };
  let ended = (): void => undefined;
  signal.addEventListener("abort", () => ended(), { once: true });
  if (!signal.aborted) beat();
}
