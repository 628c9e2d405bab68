/**
 * The host engine: owns the tables of labels and workloads, answers commands, tells of events.
 *
 * It knows nothing of NATS, of browsers or of any generation of the protocols: those are its parts.
 */
import type { Bus } from "../core/bus.ts";
import type { Inventory } from "../core/command.ts";
import type { Dialect } from "../core/dialect.ts";
import type { HostEvent } from "../core/event.ts";
import type { Facts } from "../core/facts.ts";
import type { EntityId } from "../core/ids.ts";
import type { Actors } from "./actors.ts";
import type { Host, HostParts } from "./host-parts.ts";
import type { Providers } from "./providers.ts";
import type { OwnHost } from "./watch/own-host.ts";
import type { Workload, WorkloadEntry } from "./workload.ts";
import type { Workloads } from "./workloads.ts";

import { LONGEST_TIMER_MS } from "../core/clock.ts";
import { LatticeError } from "../core/error.ts";
import { later } from "../core/later.ts";
import { createSource } from "../core/view.ts";
import { createCallHistory } from "./call-history.ts";
import { createCallsOut } from "./calls-out.ts";
import { aborted } from "./changes.ts";
import { commandHandlers } from "./commands.ts";
import { watchConnections } from "./connections.ts";
import { factCommands } from "./fact-commands.ts";
import { firstReading } from "./first-reading.ts";
import { keepBeating } from "../core/beat.ts";
import { createInterceptors } from "./interceptors/interceptors.ts";
import { createLabels } from "./labels.ts";
import { createLinks, joinLinks } from "./links.ts";
import { createLateCompanions } from "./late-companions.ts";
import { createLateSets } from "./late-sets.ts";
import { createPresence } from "./presence.ts";
import { createProviders } from "./providers.ts";
import { createRecorded } from "./recorded.ts";
import { askForRegistries } from "./registries.ts";
import { createTargets } from "./targets.ts";
import { createWorkloads } from "./workloads.ts";

/** Heartbeats of the 1.x lattice come each 30 s; wadm forgets a host after 70 s of silence. */
const HEARTBEAT_MS = 30_000;
/** How long calls may take to end when the host stops, unless the sender says otherwise. */
const STOP_DEADLINE_MS = 10_000;

export function createHost(parts: HostParts): Host {
  const { clock, log, control, rpc, dialects } = parts;
  const { record, onCall } = createRecorded(parts.record);
  const startedAt = clock.monotonic();
  const labels = createLabels(parts.labels);
  const presence = createPresence(parts.shareWork ?? true);
  const lifetime = new AbortController();
  const changes = createSource({});
  const changed = (): void => {
    changes.set({});
    parts.changed();
  };
  const announce = (event: HostEvent): void => {
    for (const dialect of dialects) dialect.announce(event);
  };
  const facts = factsOf(dialects);
  const factChanges = factCommands({ facts, announce, clock });
  /** Whoever stops has said goodbye: what is given up then is nobody's news. */
  const announceAlive = (event: HostEvent): void => {
    if (!lifetime.signal.aborted) announce(event);
  };
  const history = createCallHistory();
  onCall((call) => history.add(call), lifetime.signal);
  const { tap, away, beside, ...passing } = createInterceptors(clock, record);
  const others = dialects.flatMap((dialect) => dialect.links ?? []);
  const elsewhere = joinLinks(others, lifetime.signal);
  const kept = joinLinks(facts === undefined ? others : [facts.links, ...others], lifetime.signal);
  const links = createLinks(kept);
  const workload = (id: EntityId): Workload | undefined => workloads.staying(id);
  const companions = createLateCompanions({ clock, log, record: beside, links, workload });
  kept.subscribe(() => companions.review(), lifetime.signal);
  const targets = createTargets({
    clock,
    dialects,
    workload,
    provider: (id) => providers.running(id),
  });
  const callsOut = createCallsOut({
    clock,
    log,
    dialects,
    targets,
    links,
    facts,
    companions,
    shortCircuit: parts.shortCircuit ?? true,
    intercept: away("component"),
    tap,
  });
  /** What the lattice keeps was read, and what the host asked for was answered: then components and providers may start. */
  let informed: Promise<unknown> = Promise.resolve();
  const workloads: Workloads = createWorkloads({
    informed: () => informed,
    runtime: parts.runtime,
    dialects,
    clock,
    ...passing,
    interfaces: callsOut.interfaces,
    placed: callsOut.placed,
    imports: callsOut.imports,
    facts,
    present: presence.present,
    limits: parts.limits,
    log,
    announce: announceAlive,
    changed() {
      companions.review();
      changed();
    },
    released: (pool) => companions.release(pool),
  });

  let openedActors: Actors | undefined;
  const actors = later(clock, "actors", async () => {
    const { createActors } = await import("./actors.ts");
    const { runtime } = parts;
    openedActors = createActors({ runtime, workloads, clock, log, announce: announceAlive });
    return openedActors;
  });
  const sets = createLateSets({
    runtime: parts.runtime,
    clock,
    log,
    ...passing,
    tap,
    companions: (own) => createLateCompanions({ clock, log, record: beside, ...own }),
    interfaces: callsOut.interfaces,
    present: presence.present,
    limits: parts.limits,
    offers: parts.offers ?? [],
    dialects,
    rpc,
    lattice: parts.lattice,
    jsDomain: parts.jsDomain,
    changed: parts.changed,
  });
  const providers: Providers = createProviders({
    informed: () => informed,
    code: later(clock, "providers", () => import("./provider-run.ts")),
    kinds: parts.providers ?? [],
    dialects,
    facts,
    links: elsewhere,
    control,
    host: parts.id,
    lattice: parts.lattice,
    jsDomain: parts.jsDomain,
    clock,
    log,
    ...passing,
    present: presence.present,
    callDeadlineMs: parts.limits.callDeadlineMs,
    reach: callsOut.reach,
    placed: callsOut.placed,
    announce: announceAlive,
    changed,
  });

  const everything = (): readonly WorkloadEntry[] => {
    const members = sets.entries().flatMap((set) => set.members);
    return [...workloads.entries(), ...members.map(({ entry }) => entry)];
  };
  const watching = later(clock, "what is watched", () => import("./watch/watch.ts"));

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
    providers: providers.describe(),
    sets: sets.summary(),
  });
  const own = (): OwnHost => ({ inventory: inventory(), providers: providers.entries() });
  const tell = (event: HostEvent): void => {
    announce(event);
    if (event.type === "labels-changed") parts.onLabels?.(event.labels);
  };
  const labelsChanged = (): void => tell({ type: "labels-changed", labels: labels.all() });
  const beat = (): void => announce({ type: "host-heartbeat", host: inventory() });

  const supplement = (): Promise<void> =>
    askForRegistries(dialects, labels.all(), parts.registries, lifetime.signal);

  let stopping: Promise<void> | undefined;
  let tellStopped: () => void;
  const stopped = new Promise<void>((resolve) => (tellStopped = resolve));
  const stop = async (timeoutMs: number): Promise<void> => {
    log.info("host.stopping");
    presence.setPresent(false); // first, so that groups are left by draining
    lifetime.abort(new LatticeError("closed", "this host was stopped"));
    announce({ type: "host-stopped", labels: labels.all() });
    const limit = AbortSignal.timeout(Math.min(timeoutMs, LONGEST_TIMER_MS));
    const answered = async (): Promise<void> => {
      // What the server had routed here before it heard of the leaving comes before its answer to this.
      if (control.status.peek().phase === "open") await control.flush(limit).catch(() => undefined);
      await factChanges.settled();
      await Promise.all(dialects.map(async (dialect) => dialect.settled?.()));
    };
    await Promise.all([
      openedActors?.end(limit),
      workloads.stopAll(limit),
      sets.stopAll(limit),
      providers.stopAll(limit),
      Promise.race([answered(), aborted(limit)]),
    ]);
    await Promise.all(rpc === control ? [control.drain()] : [control.drain(), rpc.drain()]);
    await parts.runtime[Symbol.asyncDispose]();
    tellStopped();
  };
  const host: Host = {
    stopping: lifetime.signal,
    stopped,
    available: presence.available,
    run: (name, request) => handlers[name](request),
    async start() {
      const supplemented = parts.configService === true ? supplement() : undefined;
      const reading = facts && firstReading(facts, clock, lifetime.signal);
      informed = Promise.all([reading, supplemented]);
      informed.catch(() => undefined); // those who wait for it hear of it
      await Promise.all(dialects.map((dialect) => dialect.obey(host, lifetime.signal)));
      lifetime.signal.throwIfAborted(); // whoever was stopped meanwhile has said goodbye
      parts.onSubscribed?.();
      announce({ type: "host-started", host: inventory() });
      watchConnections({ control, rpc, clock, log, labels, labelsChanged }, lifetime.signal);
      keepBeating(clock, parts.heartbeatMs ?? HEARTBEAT_MS, beat, lifetime.signal);
      control.status.subscribe((status) => status.phase === "open" && beat(), lifetime.signal);
    },
    stop: (timeoutMs = STOP_DEADLINE_MS) => (stopping ??= stop(timeoutMs)),
    scale: (request) => workloads.scale(request).done,
    setPresent: (value) => presence.setPresent(value && !lifetime.signal.aborted),
    setShown: (value) => presence.setShown(value),
    probe() {
      control.probe();
      if (rpc !== control) rpc.probe();
    },
    calleeFor: (target, world, via) => targets.nearest(target, world, away("page"), via),
    async watch(topic, tell, signal) {
      const { startWatching, runningOf } = await watching(signal);
      const { interfaces } = callsOut;
      const running = runningOf(host, changes);
      const heard = { own, onCall, tap, history, entries: everything, interfaces, running };
      startWatching(topic, { clock, log, dialects, facts, ...heard }, tell, signal);
    },
    inventory,
    entries: () => workloads.entries(),
    sets: () => sets.entries(),
    providers: () => providers.entries(),
    serve: (request, kind) => providers.serve(request, kind),
    drop: callsOut.drop,
  };
  const handlers = commandHandlers({
    id: parts.id,
    inventory,
    labels,
    workloads,
    actors,
    sets: sets.handlers,
    facts: factChanges.handlers,
    registries: parts.registries,
    providers,
    announce: tell,
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
