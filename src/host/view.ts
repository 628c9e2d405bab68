/** Gathers what views show of a node: its phase, its workloads, its last calls and log lines, all bounded. */
import type { ForgeryAlarm, WatchOutcome, WatchPhase } from "../core/alarm.ts";
import type { CallRecord } from "../core/event.ts";
import type { LogEntry } from "../core/log.ts";
import type {
  JoinStep,
  JoinStepName,
  NodeState,
  ProviderView,
  WorkloadView,
} from "../core/node-state.ts";
import type { World } from "../core/wit.ts";
import type { ProviderEntry } from "./providers.ts";
import type { SetEntry } from "./sets/set-view.ts";
import type { WorkloadEntry } from "./workload.ts";

import { NO_WATCH } from "../core/alarm.ts";
import { createMetrics } from "./metrics.ts";
import { createRefusals } from "./refusals.ts";

const MOST_CALLS = 100;
const MOST_LOG_ENTRIES = 200;
const MOST_ALARMS = 100;
/** Ids whose calls are counted; the one that was called first goes first. */
const MOST_COUNTED = 500;

/** What the node itself cannot tell: the rest of {@link NodeState}. */
export type NodeFacts = Omit<
  NodeState,
  | "joinSteps"
  | "workloads"
  | "providers"
  | "workloadSets"
  | "calls"
  | "totals"
  | "alarms"
  | "watch"
  | "metrics"
  | "log"
  | "refusals"
>;

export interface NodeViewParts {
  readonly initial: NodeFacts;
  /** Milliseconds on the page's clock. */
  readonly now: () => number;
  /** Something is worth showing; `urgent`: it should not wait for more. */
  readonly changed: (urgent?: boolean) => void;
}

/** What a world exports, in words. */
export type ExportsOf = (world: World) => WorkloadView["exports"];

export interface NodeView {
  readonly facts: NodeFacts;
  update(facts: Partial<NodeFacts>): void;
  /** Ends the step of joining that lasts, and begins `name`; without a name, joining is over. */
  step(name?: JoinStepName, startedMs?: number): void;
  /** Until it is told how, no exports are shown. */
  describeBy(exportsOf: ExportsOf): void;
  record(call: CallRecord): void;
  write(entry: LogEntry): void;
  alarm(alarm: ForgeryAlarm): void;
  watched(outcome: WatchOutcome): void;
  watching(phase: WatchPhase): void;
  state(
    workloads: readonly WorkloadEntry[],
    providers: readonly ProviderEntry[],
    sets: readonly SetEntry[],
  ): NodeState;
}

interface Totals {
  answered: number;
  failed: number;
  refused: number;
}

export function createNodeView({ initial, now, changed }: NodeViewParts): NodeView {
  let facts = initial;
  let exportsOf: ExportsOf | undefined;
  const steps: JoinStep[] = [];
  const calls: CallRecord[] = [];
  const log: LogEntry[] = [];
  const alarms: ForgeryAlarm[] = [];
  const watch = { ...NO_WATCH };
  const totals = noCalls();
  const metrics = createMetrics();
  const refusals = createRefusals();
  const totalsById = new Map<string, Totals>();
  const worlds = new WeakMap<World, Pick<WorkloadView, "exports" | "imports">>();

  const namesOf = (world: World): Pick<WorkloadView, "exports" | "imports"> => {
    const known = worlds.get(world);
    if (known !== undefined) return known;
    const imports = [...world.imports.keys()];
    if (exportsOf === undefined) return { exports: [], imports };
    const names = { exports: exportsOf(world), imports };
    worlds.set(world, names);
    return names;
  };

  const viewOf = ({ spec, state, workload }: WorkloadEntry): WorkloadView => {
    const load = workload?.pool.load.peek();
    return {
      id: spec.id,
      image: spec.image.reference,
      state,
      maxInstances: spec.maxInstances,
      annotations: Object.fromEntries(spec.annotations),
      digest: workload?.component.digest,
      sizeBytes: workload?.component.sizeBytes,
      ...(workload === undefined
        ? { exports: [], imports: [] }
        : namesOf(workload.component.world)),
      running: load?.running ?? 0,
      waiting: load?.waiting ?? 0,
      accepting: load?.accepting ?? false,
      ...(totalsById.get(spec.id) ?? noCalls()),
    };
  };

  const providerView = ({ request, state, provider }: ProviderEntry): ProviderView => ({
    id: request.id,
    image: request.image,
    state,
    annotations: Object.fromEntries(request.annotations),
    exports: provider === undefined ? [] : namesOf(provider.world).exports,
    health: provider?.health(),
    links: provider?.links() ?? 0,
    running: provider?.runningCalls() ?? 0,
    accepting: provider?.serving() ?? false,
    ...(totalsById.get(request.id) ?? noCalls()),
  });

  return {
    get facts() {
      return facts;
    },
    update(change) {
      facts = { ...facts, ...change };
      changed();
    },
    step(name, startedMs = now()) {
      const last = steps.at(-1);
      if (last !== undefined && last.tookMs === undefined) {
        steps[steps.length - 1] = { ...last, tookMs: startedMs - last.startedMs };
      }
      if (name !== undefined) steps.push({ name, startedMs });
      changed();
    },
    describeBy(given) {
      exportsOf = given;
      changed();
    },
    record(call) {
      keep(calls, call, MOST_CALLS);
      metrics.add(call);
      if (call.outgoing === "component") return changed(); // whoever answers it counts it
      let own = totalsById.get(call.target);
      if (own === undefined) {
        totalsById.set(call.target, (own = noCalls()));
        for (const oldest of totalsById.keys()) {
          if (totalsById.size <= MOST_COUNTED) break;
          totalsById.delete(oldest);
        }
      }
      for (const each of [totals, own]) count(each, call);
      changed();
    },
    write(entry) {
      keep(log, entry, MOST_LOG_ENTRIES);
      refusals.write(entry);
      changed();
    },
    alarm(alarm) {
      keep(alarms, alarm, MOST_ALARMS);
      metrics.forged(alarm.check);
      changed(true);
    },
    watched(outcome) {
      watch[outcome]++;
      metrics.watched(outcome);
      changed();
    },
    watching(phase) {
      watch.phase = phase;
      changed();
    },
    state: (workloads, providers, sets) => ({
      ...facts,
      joinSteps: [...steps],
      workloads: workloads.map(viewOf),
      providers: providers.map(providerView),
      workloadSets: sets.map((set) => set.view(viewOf)),
      calls: [...calls],
      totals: { ...totals },
      alarms: [...alarms],
      watch: { ...watch },
      metrics: metrics.read([
        ...workloads,
        ...sets.flatMap(({ members }) => members.map(({ entry }) => entry)),
      ]),
      log: [...log],
      refusals: refusals.read(),
    }),
  };
}

function noCalls(): Totals {
  return { answered: 0, failed: 0, refused: 0 };
}

function count(totals: Totals, { outcome }: CallRecord): void {
  if (outcome === "ok") totals.answered++;
  else if (outcome === "refused") totals.refused++;
  else totals.failed++;
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}
