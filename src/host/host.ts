/**
 * The host engine: owns the tables of labels and workloads, answers commands, tells of events.
 *
 * It knows nothing of NATS, of browsers or of any generation of the protocols: those are its parts.
 */
import type { Bus } from "../core/bus.ts";
import type { Callee } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { HostControl, Inventory, Labels, ScaleRequest } from "../core/command.ts";
import type { Dialect } from "../core/dialect.ts";
import type { CallRecord, HostEvent } from "../core/event.ts";
import type { Facts } from "../core/facts.ts";
import type { EntityId, HostId, LatticeId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Runtime } from "../core/runtime.ts";
import type { World } from "../core/wit.ts";
import type { Limits } from "../core/workload.ts";
import type { LocalTarget } from "./outbound/reach.ts";
import type { Registries } from "./registries.ts";
import type { WorkloadEntry } from "./workload.ts";
import type { Workloads } from "./workloads.ts";

import { flushed } from "../core/bus.ts";
import { chain } from "../core/call.ts";
import { LatticeError } from "../core/error.ts";
import { createSource } from "../core/view.ts";
import { createInterfaces } from "../interfaces/interfaces.ts";
import { aborted } from "./changes.ts";
import { commandHandlers } from "./commands.ts";
import { factCommands } from "./fact-commands.ts";
import { keepBeating } from "./heartbeat.ts";
import { trace, traceOutgoing } from "./interceptors/trace.ts";
import { createLabels } from "./labels.ts";
import { createLinks } from "./links.ts";
import { createOutbound } from "./outbound/outbound.ts";
import { createReach } from "./outbound/reach.ts";
import { createWorkloads } from "./workloads.ts";

/** Heartbeats of the 1.x lattice come each 30 s; wadm forgets a host after 70 s of silence. */
const HEARTBEAT_MS = 30_000;
/** A lattice that keeps much is still being read when the host says that it is there. */
const FIRST_READING_MS = 3_000;
/** How long calls may take to end when the host stops, unless the sender says otherwise. */
const STOP_DEADLINE_MS = 10_000;

export interface HostParts {
  readonly id: HostId;
  readonly lattice: LatticeId;
  readonly friendlyName: string;
  readonly version: string;
  readonly labels: Labels;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: Runtime;
  readonly control: Bus;
  readonly rpc: Bus;
  readonly dialects: readonly Dialect[];
  /** JetStream domain, as other members are told of it. */
  readonly jsDomain?: string;
  /** False: calls between components of this node are shared out by the lattice, as all others are. */
  readonly shortCircuit?: boolean;
  /** What the lattice says that registries are to be shown. */
  readonly registries: Pick<Registries, "put">;
  /** Whether it may answer for the whole lattice where no native host can; default true. */
  readonly shareWork?: boolean;
  readonly heartbeatMs?: number;
  /** Hears of each call that ended here, whoever made it. */
  readonly record: (call: CallRecord) => void;
  /** Something that views show has changed. */
  readonly changed: () => void;
  /** The control subscriptions stand; the lattice is told next. */
  readonly onSubscribed?: () => void;
  readonly onLabels?: (labels: Labels) => void;
}

export interface Host extends HostControl {
  /** Resolves when all control subscriptions stand and the lattice was told. */
  start(): Promise<void>;
  /** Ends calls, says goodbye, leaves the buses. Later calls give the same promise. */
  stop(timeoutMs?: number): Promise<void>;
  /** Resolves when the host was stopped, by whomever. */
  readonly stopped: Promise<void>;
  /** As the command, but resolves with its outcome. */
  scale(request: ScaleRequest): Promise<void>;
  /** Out of all queue groups, or back in them. */
  setPresent(present: boolean): void;
  /** Whether somebody can see the page; a hidden one goes on serving, but leaves what any host could do to others. */
  setShown(shown: boolean): void;
  /** Looks whether the connections still live, after anything that may have cut them. */
  probe(): void;
  /** What calls `target` by the types of `world`; here, if it runs here and has room, else in the lattice. */
  calleeFor(target: EntityId, world: World | undefined): Callee;
  inventory(): Inventory;
  entries(): readonly WorkloadEntry[];
}

export function createHost(parts: HostParts): Host {
  const { clock, log, control, rpc, dialects } = parts;
  const startedAt = clock.monotonic();
  const labels = createLabels(parts.labels);
  const present = createSource(true);
  const shown = createSource(true);
  const available = createSource(false);
  const decide = (): void =>
    available.set((parts.shareWork ?? true) && present.peek() && shown.peek());
  for (const view of [present, shown]) view.subscribe(decide);
  decide();
  const lifetime = new AbortController();
  const announce = (event: HostEvent): void => {
    for (const dialect of dialects) dialect.announce(event);
  };
  const facts = factsOf(dialects);
  const factChanges = factCommands({ facts, announce, clock });
  const intercept = chain([trace(clock, parts.record)]);
  const interfaces = createInterfaces();
  const links = createLinks(facts?.links ?? createSource(new Map()));
  const local = (target: EntityId): LocalTarget | undefined => {
    const workload = workloads.staying(target);
    if (workload === undefined) return undefined;
    const { world, callee, pool } = workload;
    return { world, callee, accepting: () => pool.load.peek().accepting };
  };
  const reach = createReach({
    dialects,
    local,
    shortCircuit: parts.shortCircuit ?? true,
    intercept: chain([traceOutgoing(clock, parts.record)]),
  });
  const workloads: Workloads = createWorkloads({
    runtime: parts.runtime,
    dialects,
    clock,
    intercept,
    interfaces,
    imports: ({ id, config }, world, own) =>
      createOutbound({
        id,
        world,
        config: createSource(config),
        links: () => links(id),
        interfaces,
        own,
        reach,
        log,
      }),
    present,
    limits: parts.limits,
    log,
    announce: (event) => {
      // Whoever stops has said goodbye: what is given up then is nobody's news.
      if (!lifetime.signal.aborted) announce(event);
    },
    changed: parts.changed,
  });

  const inventory = (): Inventory => ({
    id: parts.id,
    friendlyName: parts.friendlyName,
    lattice: parts.lattice,
    labels: labels.all(),
    uptimeSeconds: Math.floor((clock.monotonic() - startedAt) / 1000),
    version: parts.version,
    controlServer: serverOf(control),
    rpcServer: serverOf(rpc),
    jsDomain: parts.jsDomain,
    workloads: workloads.describe(),
  });
  const beat = (): void => announce({ type: "host-heartbeat", host: inventory() });

  let stopping: Promise<void> | undefined;
  let tellStopped: () => void;
  const stopped = new Promise<void>((resolve) => (tellStopped = resolve));
  const stop = async (timeoutMs: number): Promise<void> => {
    log.info("host.stopping");
    present.set(false); // first, so that groups are left by draining
    lifetime.abort(new LatticeError("closed", "this host was stopped"));
    announce({ type: "host-stopped", labels: labels.all() });
    const limit = AbortSignal.timeout(timeoutMs);
    await Promise.all([
      workloads.stopAll(limit),
      Promise.race([factChanges.settled(), aborted(limit)]),
    ]);
    await Promise.all(rpc === control ? [control.drain()] : [control.drain(), rpc.drain()]);
    await parts.runtime[Symbol.asyncDispose]();
    tellStopped();
  };
  const host: Host = {
    stopped,
    available,
    run: (name, request) => handlers[name](request),
    async start() {
      const reading = facts?.follow(lifetime.signal);
      await Promise.all(dialects.map((dialect) => dialect.obey(host, lifetime.signal)));
      await orLater(clock, FIRST_READING_MS, reading);
      parts.onSubscribed?.();
      announce({ type: "host-started", host: inventory() });
      await flushed(control, lifetime.signal);
      keepBeating(clock, parts.heartbeatMs ?? HEARTBEAT_MS, beat, lifetime.signal);
      control.status.subscribe((status) => status.phase === "open" && beat(), lifetime.signal);
    },
    stop: (timeoutMs = STOP_DEADLINE_MS) => (stopping ??= stop(timeoutMs)),
    scale: (request) => workloads.scale(request).done,
    setPresent: (value) => present.set(value && !lifetime.signal.aborted),
    setShown: (value) => shown.set(value),
    probe() {
      control.probe();
      if (rpc !== control) rpc.probe();
    },
    calleeFor(target, world) {
      const here = workloads.staying(target);
      if (here?.pool.load.peek().accepting === true) return here.callee;
      const types = world ?? here?.world;
      if (types === undefined) {
        const error = `the types of ${target} are not known here: pass the WIT text of the interface as \`wit\``;
        throw new LatticeError("types-unknown", error);
      }
      const [dialect] = dialects;
      if (dialect === undefined)
        throw new LatticeError("not-served", "this node speaks no dialect");
      return intercept(dialect.reach(target, types));
    },
    inventory,
    entries: () => workloads.entries(),
  };
  const handlers = commandHandlers({
    id: parts.id,
    inventory,
    labels,
    workloads,
    facts: factChanges.handlers,
    registries: parts.registries,
    announce: (event) => {
      announce(event);
      if (event.type === "labels-changed") parts.onLabels?.(event.labels);
    },
    stop: (timeoutMs) => host.stop(timeoutMs),
    log,
  });
  return host;
}

/** What the lattice keeps: the first generation that has a place for it tells. */
function factsOf(dialects: readonly Dialect[]): Facts | undefined {
  return dialects.find(({ facts }) => facts !== undefined)?.facts;
}

function serverOf(bus: Bus): string | undefined {
  const status = bus.status.peek();
  return status.phase === "open" ? status.server : undefined;
}

/** Resolves with `work`, or after `ms` without it. */
function orLater(clock: Clock, ms: number, work: Promise<void> | undefined): Promise<void> {
  if (work === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, resolve);
    work.then(resolve, reject).finally(cancel);
  });
}
