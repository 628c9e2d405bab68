/**
 * Options and ports in, a joined node out: the one file that sees all adapters.
 *
 * It runs in the host worker; nothing here needs a page.
 */
import type { NodeSetup } from "./channels/node.ts";
import type { Spawn } from "./channels/spawn.ts";
import type { Solo } from "./bus/solo.ts";
import type { Bus } from "./core/bus.ts";
import type { Clock } from "./core/clock.ts";
import type { Credentials } from "./core/credentials.ts";
import type { Dialect, DialectParts } from "./core/dialect.ts";
import type { Log } from "./core/log.ts";
import type { Offer } from "./core/offer.ts";
import type { ProviderKind } from "./core/provider.ts";
import type { RegistryLogins } from "./core/registry.ts";
import type { Host } from "./host/host-parts.ts";
import type { NodeView } from "./host/view.ts";
import type { LaterRuntime } from "./runtime/later-runtime.ts";

import { browserLabels } from "./browser-labels.ts";
import { openNatsBus } from "./bus/nats.ts";
import { createRelease } from "./channels/release.ts";
import { LatticeError } from "./core/error.ts";
import { latticeId } from "./core/ids.ts";
import { later } from "./core/later.ts";
import { imagesStore } from "./core/objects.ts";
import { isSolo, SOLO_ADDRESS } from "./core/solo-address.ts";
import { DEFAULT_LIMITS } from "./core/workload.ts";
import { createV1 } from "./dialects/v1/index.ts";
import { createHost } from "./host/host.ts";
import { friendlyName } from "./host/friendly-name.ts";
import { createRegistries } from "./host/registries.ts";
import { chooseBridge } from "./runtime/choose-bridge.ts";
import { createLaterRuntime } from "./runtime/later-runtime.ts";
import { takeIdentity } from "./storage/identities.ts";
import { VERSION } from "./version.ts";
import { hostIdOf } from "./wire/nkey-public.ts";

export interface NodePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly view: NodeView;
  readonly credentials: (bus: "control" | "rpc") => Promise<Credentials | undefined>;
  readonly registries: () => Promise<RegistryLogins | undefined>;
  /** What signs calls of 0.82. */
  readonly clusterSeed: () => Promise<string | undefined>;
  /** Starts workers; default: here. */
  readonly spawn?: Spawn;
}

type DialectName = Dialect["generation"];
type MakeDialect = (parts: DialectParts, signal: AbortSignal) => Dialect;

/** By the ports and options of the node; what is not spoken by default is loaded when it is asked for. */
const dialects: {
  readonly [Name in DialectName]?: (setup: NodeSetup, ports: NodePorts) => Promise<MakeDialect>;
} = {
  v0: loadV0,
  v1: () => Promise.resolve(createV1),
  v2: loadV2,
};

export interface Assembled {
  readonly host: Host;
  /** Loads what components need and joining does not, so that the first one need not wait for it. Does not fail. */
  readonly prepare: () => Promise<void>;
}

/**
 * Connects, and makes the host; `start` of it joins the lattice. What it opened ends with `signal`, also when it throws.
 */
export async function assemble(
  setup: NodeSetup,
  ports: NodePorts,
  signal: AbortSignal,
): Promise<Assembled> {
  const { clock, log, view } = ports;
  const lattice = latticeId(setup.lattice ?? "default");
  const loaders = (setup.dialects ?? ["v1"]).map(loaderOf);
  const bridge = chooseBridge(setup.bridge ?? "auto");

  view.step("identity");
  const { id } = await takeIdentity(hostIdOf, signal);
  const labels = new Map([...browserLabels(navigator), ...Object.entries(setup.labels ?? {})]);
  const name = setup.name ?? friendlyName(Math.random);
  view.update({ hostId: id, friendlyName: name, bridge, labels: Object.fromEntries(labels) });

  const release = createRelease();
  view.step("connect");
  const openSolo = soloOf(setup, ports);
  const open = async (bus: "control" | "rpc"): Promise<Bus> => {
    const inboxPrefix = `_INBOX.${id}`;
    if (openSolo !== undefined) return (await openSolo()).connect({ inboxPrefix, log, signal });
    return openNatsBus({
      servers: setup.servers,
      name: `inlay ${name}`,
      inboxPrefix,
      clock,
      log,
      signal,
      release,
      ...(setup.credentialed.includes(bus) ? { credentials: () => credentialsOf(bus, ports) } : {}),
    });
  };
  const [control, rpc, makers, offers] = await Promise.all([
    open("control"),
    open("rpc"),
    Promise.all(loaders.map((load) => load(setup, ports))),
    offersOf(setup, clock),
    checkImageProxy(setup.images?.proxy),
  ]);
  showStatus(view, control, rpc, signal);

  view.step("subscribe");
  const registries = createRegistries(setup.registered ? ports.registries : undefined);
  const describe = async (): Promise<void> => {
    const { exportsOf } = await import("./wire/exports-of.ts");
    view.describeBy(exportsOf);
  };
  const runtime = createLaterRuntime(clock, async () => {
    const [{ createRuntime }, { createImageCache }] = await Promise.all([
      import("./runtime/runtime.ts"),
      import("./storage/image-cache.ts"),
      describe(),
    ]);
    return createRuntime({
      clock,
      log,
      bridge,
      release,
      cache: createImageCache({ now: () => clock.now() }),
      registries: registries.source,
      openShared: (options) =>
        control.objects(imagesStore(lattice), {
          ...options,
          ...(setup.jsDomain === undefined ? {} : { domain: setup.jsDomain }),
        }),
      modules: spoken.some(({ generation }) => generation === "v0"),
      ...(setup.images === undefined ? {} : { images: setup.images }),
      ...(setup.workers === undefined ? {} : { workers: setup.workers }),
      ...(ports.spawn === undefined ? {} : { spawn: ports.spawn }),
    });
  });
  const domain = setup.jsDomain === undefined ? {} : { jsDomain: setup.jsDomain };
  const parts: DialectParts = { control, rpc, lattice, host: id, clock, log, ...domain };
  const spoken = makers.map((make) => make(parts, signal));
  showDialects(view, spoken, signal);
  const host = createHost({
    id,
    lattice,
    friendlyName: name,
    version: VERSION,
    labels,
    limits: { ...DEFAULT_LIMITS, ...setup.limits },
    clock,
    log,
    runtime,
    control,
    rpc,
    providers: [keyvalueLater(clock, describe)],
    offers,
    dialects: spoken,
    registries,
    record: (call) => view.record(call),
    changed: () => view.update({}),
    onSubscribed: () => view.step("announce"),
    onLabels: (changed) => view.update({ labels: Object.fromEntries(changed) }),
    ...domain,
    ...(setup.configService === undefined ? {} : { configService: setup.configService }),
    ...(setup.shareWork === undefined ? {} : { shareWork: setup.shareWork }),
    ...(setup.shortCircuit === undefined ? {} : { shortCircuit: setup.shortCircuit }),
  });
  return { host, prepare: () => prepare(runtime) };
}

/**
 * This tab's place in the lattice that the tabs of its origin make, if that is what is wanted: `solo:`.
 *
 * @throws {LatticeError} `bad-input` for that address beside others.
 */
function soloOf(
  { servers }: NodeSetup,
  { clock, log }: NodePorts,
): (() => Promise<Solo>) | undefined {
  if (!servers.some(isSolo)) return undefined;
  if (servers.length > 1) {
    const others = `"${SOLO_ADDRESS}" is the lattice of this origin's tabs alone: no other server goes with it`;
    throw new LatticeError("bad-input", others);
  }
  return later(clock, "the lattice of tabs", async () => {
    const [{ openSolo }, { openBroadcastChannel, webLocks }, { openKeptStreams }] =
      await Promise.all([
        import("./bus/solo.ts"),
        import("./bus/solo-browser.ts"),
        import("./storage/kept-streams.ts"),
      ]);
    return openSolo({
      openChannel: openBroadcastChannel,
      locks: webLocks,
      store: await openKeptStreams(SOLO_STORE),
      unique: () => crypto.randomUUID(),
      clock,
      log,
    });
  });
}

/** With the number of the protocol between tabs (`bus/solo-words.ts`). */
const SOLO_STORE = "inlay solo 1";

/** What is not there now is loaded when it is needed, and whoever needs it is told why it cannot be. */
async function prepare(runtime: LaterRuntime): Promise<void> {
  await Promise.allSettled([
    runtime.prepare(),
    import("./dialects/v1/rpc.ts"),
    import("./host/outbound/outbound.ts"),
    import("./host/outbound/reach.ts"),
    import("./interfaces/interfaces.ts"),
  ]);
}

/** The name is known before the provider is loaded: nodes bid for it. */
function keyvalueLater(clock: Clock, describe: () => Promise<void>): ProviderKind {
  const kind = later(clock, "inlay:///keyvalue", async () => {
    const [{ keyvalueKind }, { openIdbKeyvalue }] = await Promise.all([
      import("./providers/keyvalue/keyvalue.ts"),
      import("./storage/keyvalue-idb.ts"),
      describe(),
    ]);
    return keyvalueKind(openIdbKeyvalue);
  });
  return {
    name: "keyvalue",
    exclusive: true,
    start: async (context, signal) => (await kind(signal)).start(context, signal),
  };
}

/** @throws {LatticeError} `bad-input` for what is no address of a proxy. */
async function checkImageProxy(proxy: string | undefined): Promise<void> {
  if (proxy === undefined) return;
  const { readImageProxy } = await import("./runtime/image-proxy.ts");
  readImageProxy(proxy);
}

function loaderOf(name: DialectName): NonNullable<(typeof dialects)[DialectName]> {
  const load = dialects[name];
  if (load === undefined) {
    const spoken = Object.keys(dialects).join(", ");
    throw new LatticeError(
      "unsupported",
      `dialect "${name}" is not spoken here; there are: ${spoken}`,
    );
  }
  return load;
}

async function loadV0(
  { clusterIssuers = [], allowUnsigned, strict, watch, seeded }: NodeSetup,
  { clock, clusterSeed, view }: NodePorts,
): Promise<MakeDialect> {
  const code = later(clock, "dialect 0.82", () => import("./dialects/v0/index.ts"));
  const [{ createV0 }, seed] = await Promise.all([code(), seeded ? clusterSeed() : undefined]);
  return (parts) =>
    createV0(parts, {
      issuers: clusterIssuers,
      ...(seed === undefined ? {} : { seed }),
      ...(allowUnsigned === undefined ? {} : { allowUnsigned }),
      ...(strict === undefined ? {} : { strict }),
      ...(watch === undefined ? {} : { watch }),
      onAlarm: (alarm) => view.alarm(alarm),
      onWatched: (outcome) => view.watched(outcome),
      onWatching: (phase) => view.watching(phase),
    });
}

/** What members of sets may have of this node. Only v2 gives it any, and its heartbeat tells what there is. */
async function offersOf({ dialects: spoken }: NodeSetup, clock: Clock): Promise<readonly Offer[]> {
  if (spoken?.includes("v2") !== true) return [];
  const code = later(clock, "offers to workloads", () => import("./providers/offers/offers.ts"));
  return (await code()).createOffers();
}

async function loadV2({ name, operator }: NodeSetup, { clock }: NodePorts): Promise<MakeDialect> {
  const code = later(clock, "dialect v2", () => import("./dialects/v2/index.ts"));
  const { createV2 } = await code();
  const options = {
    ...(name === undefined ? {} : { name }),
    ...(operator === undefined ? {} : { operator }),
  };
  return (parts, signal) => createV2(parts, options, signal);
}

function showStatus(view: NodeView, control: Bus, rpc: Bus, signal: AbortSignal): void {
  const show = (): void => {
    const states = { control: control.status.peek(), rpc: rpc.status.peek() };
    const phases = [states.control.phase, states.rpc.phase];
    const { phase } = view.facts;
    const live = phase === "joined" || phase === "reconnecting";
    // A bus that is closed belongs to a node that is leaving, which says so itself.
    const next =
      !live || phases.includes("closed")
        ? phase
        : phases.every((each) => each === "open")
          ? "joined"
          : "reconnecting";
    view.update({ ...states, phase: next });
  };
  show();
  control.status.subscribe(show, signal);
  rpc.status.subscribe(show, signal);
}

/** What the page gives; whose they are is shown. */
async function credentialsOf(
  bus: "control" | "rpc",
  { credentials, view }: NodePorts,
): Promise<Credentials | undefined> {
  const [given, { knownUser }] = await Promise.all([
    credentials(bus),
    import("./wire/known-user.ts"),
  ]);
  if (given !== undefined) {
    view.update({ users: { ...view.facts.users, [bus]: knownUser(given) } });
  }
  return given;
}

function showDialects(view: NodeView, spoken: readonly Dialect[], signal: AbortSignal): void {
  for (const { facts, sharing } of spoken) {
    facts?.status.subscribe((status) => view.update({ facts: status }), signal);
    // It answers for the lattice of one generation or for those of both.
    const any = (): boolean => spoken.some((each) => each.sharing?.peek() === true);
    sharing?.subscribe(() => view.update({ sharing: any() }), signal);
  }
}
