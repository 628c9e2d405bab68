/**
 * A running component: its runners, the calls they execute, and the bounded line of calls that wait.
 *
 * Knows nothing of workers; time comes from the clock port.
 */
import type { Call, Results } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Pool, PoolLoad } from "../core/runtime.ts";
import type { Limits } from "../core/workload.ts";
import type { Kept } from "./kept.ts";
import type { Residents, Stay } from "./residents.ts";
import type { Runner } from "./runner.ts";

import { asLatticeError, LatticeError } from "../core/error.ts";
import { createSource, until } from "../core/view.ts";
import { abortOf, createEarlyEnds } from "./early-ends.ts";
import { abandon } from "./guest-streams.ts";
import { createVitals } from "./vitals.ts";

export interface PoolParts {
  /** For messages. */
  readonly name: string;
  readonly maxInstances: number;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
  /** Calls that one runner executes at once; default: all that may run. */
  readonly callsPerRunner?: number;
  readonly open: (signal: AbortSignal) => Promise<Runner>;
  /** Of a component that exports resources; `freed` is called when a runner keeps less than before. */
  readonly residents?: (freed: (runner: Runner) => void) => Residents | undefined;
  /** Instances that serve several calls; default none. */
  readonly kept?: Kept | undefined;
  /** Gives up the opening; means nothing afterwards. */
  readonly opening: AbortSignal;
  /** Ends the pool. */
  readonly signal: AbortSignal;
}

/** A call from its acceptance to its end. */
interface Ticket {
  /** As its runner has it, from then on. */
  call: Call;
  /** Of a call that has to run in one instance. */
  readonly stay: Stay | undefined;
  readonly resolve: (results: Results) => void;
  readonly reject: (reason: unknown) => void;
  /** Neither its deadline nor its caller matter any more: it has ended, or is given up. */
  readonly forget: () => void;
  /** Where it runs; absent while it waits. */
  lane?: Lane;
}

interface Lane {
  readonly runner: Runner;
  busy: number;
}

/** Resolves when the first runner is ready. Rejects with the reason why it cannot be. */
export async function openPool(parts: PoolParts): Promise<Pool> {
  const { name, limits, clock, log, open, kept } = parts;
  const ended = new AbortController();
  const load = createSource<PoolLoad>({ running: 0, waiting: 0, accepting: true });
  const broken = createSource<LatticeError | undefined>(undefined);
  const lanes = new Set<Lane>();
  const line: Ticket[] = [];
  const earlyEnds = createEarlyEnds({ name, clock, deadlineMs: limits.callDeadlineMs });
  let maxInstances = atLeastOne(parts.maxInstances);
  let running = 0;
  let opening = 0;

  const perLane = (): number => parts.callsPerRunner ?? maxInstances;
  const residents = parts.residents?.((runner) => {
    for (const lane of lanes) if (lane.runner === runner) dropSurplus(lane);
  });
  const show = (): void => {
    const before = load.peek();
    const beyond = running + line.length - maxInstances;
    load.set({ running, waiting: line.length, accepting: accepts(before, beyond, limits) });
  };
  const laneFor = ({ stay }: Ticket): Lane | undefined => {
    for (const lane of lanes) {
      if (lane.busy < perLane() && stay?.ready(lane.runner) !== false) return lane;
    }
    return undefined;
  };
  /** The first call that may start now: one may wait for its instance while others go on. */
  const next = (): readonly [ticket: Ticket, lane: Lane] | undefined => {
    if (running >= maxInstances) return undefined;
    for (const [index, ticket] of line.entries()) {
      const lane = laneFor(ticket);
      if (lane === undefined) continue;
      line.splice(index, 1);
      return [ticket, lane];
    }
    return undefined;
  };
  /** Starts what may start, and opens runners for what may not. */
  const pump = (): void => {
    if (ended.signal.aborted) return;
    for (let found = next(); found !== undefined; found = next()) begin(...found);
    show();
    const wanted = Math.ceil(Math.min(maxInstances, running + line.length) / perLane());
    for (let missing = wanted - lanes.size - opening; missing > 0; missing--) void openLane();
  };
  const begin = (ticket: Ticket, lane: Lane): void => {
    const { stay } = ticket;
    try {
      if (stay !== undefined) ticket.call = stay.enter(lane.runner);
    } catch (reason) {
      refuse(ticket, reason);
      return;
    }
    running++;
    lane.busy++;
    ticket.lane = lane;
    const place = stay === undefined ? kept?.enter(lane.runner) : undefined;
    const free = (): void => {
      ticket.forget();
      running--;
      lane.busy--;
      stay?.leave();
      pump();
      dropSurplus(lane);
    };
    ticket.call.probe?.begun();
    const invoked = lane.runner.invoke(ticket.call, stay?.number ?? place?.number);
    const results = stay === undefined ? invoked.results : stay.give(invoked.results);
    // The ticket may be settled already, by its deadline or its caller; then these change nothing.
    results.then(ticket.resolve, ticket.reject);
    const over = invoked.ended.then((well) => place?.leave(well));
    // Who gives handles out has them in the table before the instance is anybody else's.
    void (stay === undefined ? over : Promise.allSettled([results, over])).then(free);
  };
  /** After a resize to less there are runners that get nothing to do. */
  const dropSurplus = (lane: Lane): void => {
    if (lane.busy > 0 || lanes.size <= Math.ceil(maxInstances / perLane())) return;
    if (residents?.holds(lane.runner) === true) return;
    if (lanes.delete(lane))
      lane.runner.end(new LatticeError("closed", `${name} needs fewer workers`));
  };
  const addLane = async (): Promise<void> => {
    opening++;
    try {
      const runner = await open(ended.signal);
      ended.signal.throwIfAborted();
      const lane: Lane = { runner, busy: 0 };
      lanes.add(lane);
      broken.set(undefined);
      const { lost } = runner;
      lost.addEventListener("abort", () => replace(lane, asLatticeError(lost.reason)), {
        once: true,
      });
    } finally {
      opening--;
    }
  };
  /** As {@link addLane}, for those who wait: they hear when there is no runner for them. */
  const openLane = async (): Promise<void> => {
    try {
      await addLane();
    } catch (thrown) {
      if (ended.signal.aborted) return;
      const reason = asLatticeError(thrown);
      log.error("pool.no-runner", { component: name, code: reason.code, error: reason.message });
      if (lanes.size === 0) {
        for (const ticket of line.splice(0)) refuse(ticket, reason);
        if (opening === 0) broken.set(reason);
      }
      show();
      return;
    }
    pump();
  };
  /** Ends a call that has not begun. */
  const refuse = (ticket: Ticket, reason: unknown): void => {
    ticket.reject(reason);
    ticket.forget();
    ticket.stay?.leave();
    abandon(ticket.call.args, reason);
  };
  const replace = (lane: Lane, reason: LatticeError): void => {
    const known = lanes.delete(lane);
    residents?.lost(lane.runner);
    kept?.lost(lane.runner);
    if (!known || ended.signal.aborted) return;
    log.warn("pool.runner-lost", { component: name, error: reason.message });
    if (lanes.size + opening === 0) void openLane();
    // Calls that waited for an instance of it hear that it is gone.
    else pump();
  };
  const giveUp = (ticket: Ticket, reason: unknown): void => {
    if (ticket.lane !== undefined) {
      ticket.reject(reason);
      ticket.forget();
      ticket.lane.runner.cancel(ticket.call);
      return;
    }
    const index = line.indexOf(ticket);
    if (index !== -1) line.splice(index, 1);
    refuse(ticket, reason);
    show();
  };
  const end = (): void => {
    if (ended.signal.aborted) return;
    const reason = new LatticeError("closed", `the component ${name} was stopped`);
    ended.abort(reason);
    residents?.end();
    for (const { runner } of lanes) runner.end(reason);
    lanes.clear();
    for (const ticket of line.splice(0)) refuse(ticket, reason);
    show();
  };

  const obstacleTo = (call: Call): LatticeError | undefined => {
    if (ended.signal.aborted) return asLatticeError(ended.signal.reason);
    if (call.signal.aborted) return abortOf(call);
    const full = running + line.length >= maxInstances + limits.queueLimit;
    return full ? overload(name, maxInstances, limits) : undefined;
  };

  parts.signal.throwIfAborted();
  parts.signal.addEventListener("abort", end, { once: true, signal: ended.signal });
  parts.opening.throwIfAborted();
  parts.opening.addEventListener("abort", end, { once: true });
  try {
    await addLane();
    parts.opening.removeEventListener("abort", end);
  } catch (cause) {
    end();
    throw parts.opening.aborted ? asLatticeError(parts.opening.reason, "aborted") : cause;
  }
  return {
    load,
    broken,
    ...(residents === undefined ? {} : { resources: residents }),
    invoke(call) {
      let stay: Stay | undefined;
      try {
        const obstacle = obstacleTo(call);
        if (obstacle !== undefined) throw obstacle;
        stay = residents?.stayOf(call);
      } catch (obstacle) {
        abandon(call.args, obstacle);
        return Promise.reject(obstacle);
      }
      return new Promise((resolve, reject) => {
        const forget = earlyEnds.watch(call, (reason) => giveUp(ticket, reason));
        const ticket: Ticket = { call, stay, resolve, reject, forget };
        line.push(ticket);
        call.probe?.queued();
        pump();
      });
    },
    resize(wanted) {
      maxInstances = atLeastOne(wanted);
      pump();
      for (const lane of lanes) dropSurplus(lane);
    },
    accompany(portable, witness) {
      const [lane, other] = lanes;
      // Of several, those without it would answer otherwise.
      return other === undefined ? lane?.runner.accompany?.(portable, witness) : undefined;
    },
    vitals: createVitals(() => [...lanes].map(({ runner }) => runner)),
    drained: async (signal) => {
      await until(load, ({ running, waiting }) => running === 0 && waiting === 0, signal);
    },
    async [Symbol.asyncDispose]() {
      end();
    },
  };
}

/** False from the moment the line is full until it is half empty. `beyond`: calls above what may run. */
function accepts(before: PoolLoad, beyond: number, { queueLimit }: Limits): boolean {
  if (beyond >= queueLimit) return false;
  return before.accepting || beyond <= Math.floor(queueLimit / 2);
}

function atLeastOne(instances: number): number {
  return Math.max(1, Math.floor(instances));
}

function overload(name: string, running: number, { queueLimit }: Limits): LatticeError {
  return new LatticeError(
    "overloaded",
    `${name} runs ${running} calls and ${queueLimit} wait, which is all it takes`,
  );
}
