/**
 * Which targets of calls within this node run beside their caller, in its worker: those that have shown themselves quick.
 * A call then crosses to no other realm. What is called, how it fails, and what is recorded of it stay the same.
 *
 * A pair of caller and target has a trial for each function that one calls of the other. Whatever the decision rests on
 * (links, what runs, how much of it) is looked at again with each change of it.
 */
import type { Call, Callee } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { CallRecord } from "../../core/event.ts";
import type { EntityId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Companion, Pool, Portable } from "../../core/runtime.ts";
import type { FuncType } from "../../core/wit.ts";
import type { LinksOf } from "../links.ts";
import type { Workload } from "../workload.ts";

import { asLatticeError } from "../../core/error.ts";
import { DEFAULT_LINK } from "../../core/link.ts";
import { SLOW_MS } from "../../core/runtime.ts";
import { createWitness } from "./witness.ts";

export interface CompanionsParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Hears of each call that a companion has answered. */
  readonly record: (call: CallRecord, parent: string | undefined) => void;
  readonly links: LinksOf;
  /** What runs under an id and is not about to stop. */
  readonly workload: (id: EntityId) => Pick<Workload, "spec" | "component" | "pool"> | undefined;
}

export interface Companions {
  /** `callee`, a component of this node, watched while it calls of it by others may be for a companion. */
  watch(callee: Callee, type: FuncType): Callee;
  /** Looks whether all companions may stay. */
  review(): void;
  /** Ends all that `pool` takes part in; resolves when no call of it is answered elsewhere and all were told. */
  release(pool: Pool): Promise<void>;
}

/** Quick calls that a function owes before it is entrusted to a companion; one that is not takes {@link SETBACK} away. */
const TRIAL_CALLS = 32;
const SETBACK = 4;
/** Each time that it loses its companion by being slow, the next trial is longer by this factor. */
const LONGER = 4;
/**
 * What a slow call of a companion costs, in quick ones, and how much a function may have saved for that. On a busy machine
 * any call is slow now and then, because its worker had to wait for a processor.
 */
const SLOW_COSTS = 32;
const MOST_CREDIT = 4 * SLOW_COSTS;
/** A call that takes this long ends the matter for the pair: its caller's other guests waited. */
const LONG_MS = 500;

/** One function of a pair. */
interface Trial {
  readonly instance: string;
  readonly func: string;
  readonly type: FuncType;
  /** Quick calls, less setbacks; of them are {@link wanted}. */
  quick: number;
  wanted: number;
  entrusted: boolean;
  /** What it has left for slow calls while it is entrusted. */
  credit: number;
}

/** A caller and a target, each as it runs now. */
interface Pair {
  readonly source: EntityId;
  readonly target: EntityId;
  readonly caller: Pool;
  readonly callee: Pool;
  readonly portable: Portable;
  /** By name; `never` for a function that no companion can answer. */
  readonly trials: Map<string, Trial | "never">;
  /** It has shown that it should not have a companion. */
  barred: boolean;
}

interface Active {
  readonly companion: Companion;
  /** Ends what was subscribed for it. */
  readonly over: AbortController;
}

export function createCompanions(parts: CompanionsParts): Companions {
  const { clock, log, record, links, workload } = parts;
  const pairs = new WeakMap<Pool, WeakMap<Pool, Pair>>();
  const released = new WeakSet<Pool>();
  const active = new Map<Pair, Active>();
  /** Companions that were dismissed and may answer still. */
  const leaving = new Map<Promise<void>, Pair>();

  const pairOf = ({ source, target }: Call): Pair | undefined => {
    const from = source === undefined ? undefined : workload(source);
    const to = workload(target);
    const portable = to?.pool.portable;
    if (source === undefined || from?.pool.accompany === undefined) return undefined;
    if (to === undefined || portable === undefined) return undefined;
    const [caller, callee] = [from.pool, to.pool];
    if (released.has(caller) || released.has(callee)) return undefined;
    let targets = pairs.get(caller);
    if (targets === undefined) pairs.set(caller, (targets = new WeakMap()));
    let pair = targets.get(callee);
    if (pair === undefined) {
      pair = { source, target, caller, callee, portable, trials: new Map(), barred: false };
      targets.set(callee, pair);
    }
    return pair;
  };

  const trialOf = (pair: Pair, { instance, func }: Call, type: FuncType): Trial | undefined => {
    const name = nameOf(instance, func);
    let trial = pair.trials.get(name);
    if (trial === undefined) {
      // What goes by another interface than the guest's own is the host's work.
      const own = workload(pair.source)?.component.world.imports.get(instance)?.get(func) === type;
      trial =
        own && pair.portable.serves(instance, func)
          ? { instance, func, type, quick: 0, wanted: TRIAL_CALLS, entrusted: false, credit: 0 }
          : "never";
      pair.trials.set(name, trial);
    }
    return trial === "never" ? undefined : trial;
  };

  const companionsOf = (pool: Pool, among: Iterable<Pair>): number =>
    [...among].filter(({ callee }) => callee === pool).length;

  /** Whether calls of `trial` may be answered by a companion, as things are now. */
  const linked = ({ source, target }: Pair, { instance }: Trial): boolean =>
    links(source).target(DEFAULT_LINK, instance) === target;

  const stands = (pair: Pair): boolean => {
    const present = workload(pair.target);
    if (present?.pool !== pair.callee || !pair.callee.load.peek().accepting) return false;
    // Each worker answers one call of it at a time, its own as well.
    if (companionsOf(pair.callee, active.keys()) >= present.spec.maxInstances) return false;
    return entrustedOf(pair).every((trial) => linked(pair, trial));
  };

  /** Gives the pair a companion, unless as many workers run the target as it may have instances. */
  const join = (pair: Pair): Active | undefined => {
    const { caller, callee, portable } = pair;
    const most = workload(pair.target)?.spec.maxInstances ?? 0;
    if (companionsOf(callee, [...active.keys(), ...leaving.values()]) + 1 >= most) return undefined;
    const witness = createWitness({
      ...pair,
      log,
      record,
      typeOf: (instance, func) => trialIn(pair, instance, func)?.type,
      took: (instance, func, tookMs) => judge(pair, instance, func, tookMs),
    });
    const companion = caller.accompany?.(portable, witness);
    if (companion === undefined || companion.lost.aborted) return undefined;
    const over = new AbortController();
    const joined = { companion, over };
    active.set(pair, joined);
    const { lost } = companion;
    const onLost = (): void => {
      const { code, message } = asLatticeError(lost.reason);
      forget(pair);
      if (code === "closed") return; // with a worker that is not needed any more
      pair.barred = true;
      log.warn("companion.lost", { ...namesOf(pair), code, problem: message });
    };
    lost.addEventListener("abort", onLost, { once: true, signal: over.signal });
    callee.load.subscribe(({ accepting }) => {
      if (!accepting) void dismiss(pair, "its line is full");
    }, over.signal);
    return joined;
  };

  const entrust = (pair: Pair, trial: Trial): void => {
    trial.quick = 0;
    if (!linked(pair, trial)) return;
    const joined = active.get(pair) ?? join(pair);
    if (joined === undefined) return;
    trial.entrusted = true;
    trial.credit = MOST_CREDIT;
    const { instance, func } = trial;
    log.info("companion.entrusted", { ...namesOf(pair), instance, func });
    joined.companion.entrust(instance, func);
  };

  /** The trials of `pair` begin again. */
  const forget = (pair: Pair): void => {
    active.get(pair)?.over.abort();
    active.delete(pair);
    for (const trial of entrustedOf(pair)) trial.entrusted = false;
  };

  /** What it still answers is told before {@link leaving} is rid of it. */
  const dismiss = async (pair: Pair, why: string): Promise<void> => {
    const joined = active.get(pair);
    if (joined === undefined) return;
    forget(pair);
    log.info("companion.dismissed", { ...namesOf(pair), why });
    const left = joined.companion.dismiss();
    leaving.set(left, pair);
    await left;
    leaving.delete(left);
  };

  /** A companion has answered a call. */
  const judge = (pair: Pair, instance: string, func: string, tookMs: number): void => {
    const trial = trialIn(pair, instance, func);
    if (trial?.entrusted !== true) return;
    if (tookMs <= SLOW_MS) {
      trial.credit = Math.min(trial.credit + 1, MOST_CREDIT);
      return;
    }
    trial.credit -= SLOW_COSTS;
    if (tookMs >= LONG_MS) {
      pair.barred = true;
      void dismiss(pair, "it kept the other guests of its caller waiting");
    } else if (trial.credit >= 0) {
      active.get(pair)?.companion.entrust(instance, func); // again: a slow call takes it away
    } else {
      trial.entrusted = false;
      trial.wanted *= LONGER;
      log.info("companion.slow", { ...namesOf(pair), instance, func });
    }
  };

  return {
    watch: (callee, type) => ({
      async invoke(call) {
        const pair = call.link === DEFAULT_LINK ? pairOf(call) : undefined;
        const trial = pair === undefined || pair.barred ? undefined : trialOf(pair, call, type);
        if (pair === undefined || trial === undefined || trial.entrusted)
          return callee.invoke(call);
        const began = clock.monotonic();
        let quick = false;
        try {
          const results = await callee.invoke(call);
          quick = clock.monotonic() - began <= SLOW_MS;
          return results;
        } finally {
          trial.quick = quick ? trial.quick + 1 : Math.max(0, trial.quick - SETBACK);
          if (trial.quick >= trial.wanted && !trial.entrusted) entrust(pair, trial);
        }
      },
    }),
    review() {
      for (const pair of active.keys()) {
        if (!stands(pair)) void dismiss(pair, "its link, or what is linked, has changed");
      }
    },
    async release(pool) {
      released.add(pool);
      const takesPart = ({ caller, callee }: Pair): boolean => caller === pool || callee === pool;
      for (const pair of active.keys())
        if (takesPart(pair)) void dismiss(pair, "one of them stops");
      await Promise.all([...leaving].flatMap(([left, pair]) => (takesPart(pair) ? [left] : [])));
    },
  };
}

const nameOf = (instance: string, func: string): string => `${instance}#${func}`;

function trialIn({ trials }: Pair, instance: string, func: string): Trial | undefined {
  const trial = trials.get(nameOf(instance, func));
  return trial === "never" ? undefined : trial;
}

function entrustedOf({ trials }: Pair): readonly Trial[] {
  return [...trials.values()].flatMap((trial) =>
    trial !== "never" && trial.entrusted ? [trial] : [],
  );
}

/** For the log, where `workload` is whose log it is. */
function namesOf({ source, target }: Pair): { readonly workload: string; readonly target: string } {
  return { workload: source, target };
}
