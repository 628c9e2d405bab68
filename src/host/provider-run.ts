/** One running provider: its lease, its configuration and links, its health, and its place in the lattice. */
import type { Callee, Interceptor } from "../core/call.ts";
import type { ProviderRequest } from "../core/command.ts";
import type { Dialect } from "../core/dialect.ts";
import type { Facts, Values } from "../core/facts.ts";
import type { EntityId } from "../core/ids.ts";
import type { Later } from "../core/later.ts";
import type { Health, Provider, ProviderDesk, ProviderKind } from "../core/provider.ts";
import type { View } from "../core/view.ts";
import type { Links } from "./links.ts";
import type { LocalTarget, Reach } from "./outbound/reach.ts";
import type { Lease } from "./provider-lease.ts";
import type { LeaseBucketParts } from "./provider-lease-bucket.ts";
import type { ProviderReference } from "./provider-reference.ts";
import type { WorkloadParts } from "./workload.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { DEFAULT_LINK } from "../core/link.ts";
import { createSource } from "../core/view.ts";
import { aborted } from "./changes.ts";
import { followConfig, introduce, keeps } from "./kept-facts.ts";
import { shown } from "./interceptors/shown.ts";
import { inTime, watchHealth } from "./provider-health.ts";
import { holdLease } from "./provider-lease-bucket.ts";
import { createProviderLinks } from "./provider-links.ts";
import { createProviderLoad } from "./provider-load.ts";
import { sameValues } from "./same-values.ts";

export { couldHoldLease } from "./provider-lease-bucket.ts";

export interface ProviderRunParts extends LeaseBucketParts {
  readonly kinds: readonly ProviderKind[];
  readonly dialects: readonly Dialect[];
  readonly facts: Facts | undefined;
  /** Links that lattices keep in another place than {@link facts}. */
  readonly links: View<Links>;
  /** As workloads wait for it. */
  readonly informed: () => Promise<unknown>;
  /** What each call passes. */
  readonly intercept: Interceptor;
  /** The same for calls from this node; default: as all others. */
  readonly interceptLocal?: Interceptor;
  /** Whether somebody watches calls; default never. */
  readonly watched?: () => boolean;
  /** False while the node keeps out of all queue groups. */
  readonly present: View<boolean>;
  /** Milliseconds from the acceptance of a call to its end. */
  readonly callDeadlineMs: number;
  /** What providers call others through. */
  readonly reach: Later<Reach>;
  /** As workloads have it. */
  readonly placed: WorkloadParts["placed"];
  readonly onHealth: (id: EntityId, change: "passed" | "failed" | "status") => void;
  /** Something that views show has changed. */
  readonly changed: () => void;
}

/** Calls from this node go to it here, unless others serve its id as well and it has no room. */
export interface RunningProvider extends LocalTarget {
  readonly request: ProviderRequest;
  /** As it was last heard of. */
  health(): Health | undefined;
  links(): number;
  /** Whether it is in its queue groups. */
  serving(): boolean;
  runningCalls(): number;
  /** Aborts when another host has its lease; whoever runs it stops it then. */
  readonly lost: AbortSignal;
  /** Leaves the queue groups, lets calls end until `signal` aborts, ends the provider, gives up its lease. */
  stop(signal: AbortSignal): Promise<void>;
}

const NEVER = new AbortController().signal;
/** A provider is served when it knows its links, or this much later. */
const LINKS_MS = 5000;

/** Starts, links and serves `request`; resolves when the lattice can call it. Leaves nothing behind when it throws. */
export async function startProvider(
  request: ProviderRequest,
  { kind, lease: wantsLease }: ProviderReference,
  parts: ProviderRunParts,
  options: { readonly stop: () => Promise<void>; readonly signal: AbortSignal },
): Promise<RunningProvider> {
  const { id } = request;
  const { clock, log } = parts;
  const { signal } = options;
  const lifetime = new AbortController();
  let lease: Lease | undefined;
  let provider: Provider | undefined;
  let running: ReturnType<typeof attach> | undefined;
  try {
    await Promise.race([parts.informed(), aborted(signal)]);
    signal.throwIfAborted();
    await introduce(parts, "provider", request, signal);
    const config = await followConfig(
      parts.facts,
      request.configNames,
      signal,
      lifetime.signal,
      request.config,
    );
    if (wantsLease) lease = await holdLease(parts, id, signal);
    const starting = kind.start(
      {
        id,
        lattice: parts.lattice,
        config: config.peek(),
        clock,
        log,
        async call(wanted, world) {
          const reach = await parts.reach(wanted.signal);
          return reach(wanted.target, world, wanted.instance, wanted.func).invoke({
            ...wanted,
            id: `${id}-${crypto.randomUUID()}`,
            source: id,
            trace: new Map(),
          });
        },
      },
      signal,
    );
    provider = await orGivenUp(starting, signal);
    running = attach({
      request,
      parts,
      provider,
      callee: await parts.placed(request, provider.world, provider, signal),
      exclusive: kind.exclusive,
      lease,
      config,
      lifetime,
      stop: options.stop,
    });
    await running.open();
    signal.throwIfAborted();
    return running;
  } catch (cause) {
    lifetime.abort(cause);
    await running?.end();
    await provider?.[Symbol.asyncDispose]();
    await lease?.release(NEVER);
    throw cause;
  }
}

interface Attached {
  readonly request: ProviderRequest;
  readonly parts: ProviderRunParts;
  readonly provider: Provider;
  /** It, or another place that a call belongs to. */
  readonly callee: Callee;
  readonly exclusive: boolean;
  readonly lease: Lease | undefined;
  readonly config: View<Values>;
  readonly lifetime: AbortController;
  readonly stop: () => Promise<void>;
}

function attach(
  attached: Attached,
): RunningProvider & { open(): Promise<void>; end(): Promise<void> } {
  const { request, parts, provider, lease, config, lifetime } = attached;
  const { clock, log, dialects, facts } = parts;
  const { id, linkName = DEFAULT_LINK } = request;
  const { world, handles = false, resources } = provider;
  const bounded = createProviderLoad(id);
  const load = provider.load ?? bounded;
  const accepting = createSource(false);
  let health: Health | undefined;
  let drain = (): Promise<unknown> => Promise.resolve();

  const links = createProviderLinks({
    id,
    linkName,
    provider,
    facts,
    links: parts.links,
    config: (names, until) => followConfig(facts, names, lifetime.signal, until),
    log,
    changed: parts.changed,
  });
  const decide = (): void =>
    accepting.set(parts.present.peek() && load.accepting.peek() && (lease?.held.peek() ?? true));
  const own: Callee = {
    invoke(call) {
      if (lifetime.signal.aborted)
        return Promise.reject(new LatticeError("closed", `${id} has ended`));
      if (lease?.valid() === false) return Promise.reject(unleased(id));
      return attached.callee.invoke(call);
    },
  };
  const served = shown([world], load === bounded ? bounded.limit(own) : own);
  const check = async (signal: AbortSignal): Promise<Health> =>
    lease?.valid() === false
      ? { healthy: false, message: unleased(id).message }
      : provider.health(signal);

  /** Configuration is told in order, the last one last. */
  let configuring = Promise.resolve();
  let configured = config.peek();
  const configure = (values: Values): void => {
    if (sameValues(configured, values)) return;
    configured = values;
    configuring = configuring
      .then(() => provider.configure(values))
      .catch((cause: unknown) =>
        log.warn("provider.config-refused", { provider: id, problem: messageOf(cause) }),
      );
  };
  const desk: ProviderDesk = {
    id,
    linkName,
    health: () => inTime(clock, check, lifetime.signal),
    linked: (link, source, target) => links.told(link, { source, target }),
    unlinked: (link) => links.untold(link),
    configured(values) {
      if (!keeps(facts)) configure(values);
    },
    shutdown: attached.stop,
  };

  const end = async (): Promise<void> => {
    await links.end();
    await configuring;
  };
  /** A store of configuration that is slow must not keep the provider from those who are linked already. */
  const inTimeOrLater = async (work: Promise<void>): Promise<void> => {
    const late = new AbortController();
    const cancel = clock.after(LINKS_MS, () => late.abort());
    await Promise.race([work, aborted(late.signal)]);
    cancel();
  };
  return {
    end,
    request,
    world,
    handles,
    ...(resources === undefined ? {} : { resources }),
    callee: (parts.interceptLocal ?? parts.intercept)(served),
    health: () => health,
    links: () => links.size(),
    // Of those that share calls this one need not be the best; another one is nowhere.
    accepting: () => !lifetime.signal.aborted && (attached.exclusive || load.accepting.peek()),
    serving: () => accepting.peek(),
    runningCalls: () => load.running(),
    lost: lease?.lost ?? NEVER,
    async open() {
      config.subscribe(configure, lifetime.signal);
      await inTimeOrLater(links.settle());
      decide();
      parts.present.subscribe(decide, lifetime.signal);
      load.accepting.subscribe(decide, lifetime.signal);
      lease?.held.subscribe(decide, lifetime.signal);
      accepting.subscribe(parts.changed, lifetime.signal);
      const { intercept, watched, callDeadlineMs: deadlineMs } = parts;
      const servings = await Promise.all(
        dialects.map(async (dialect) => {
          await dialect.attend?.(desk, lifetime.signal);
          return dialect.serve(
            {
              id,
              world,
              callee: served,
              handles,
              ...(resources === undefined ? {} : { resources }),
              linkName,
              intercept,
              ...(watched === undefined ? {} : { watched }),
              accepting,
              deadlineMs,
            },
            lifetime.signal,
          );
        }),
      );
      drain = () => Promise.all(servings.map((serving) => serving.drain()));
      watchHealth(
        {
          clock,
          check,
          onHealth(change, heard) {
            health = heard;
            parts.onHealth(id, change);
            void links.settle(); // what could not be resolved before is tried again
            parts.changed();
          },
          onSilence: (cause) =>
            log.warn("provider.health-unknown", { provider: id, problem: messageOf(cause) }),
        },
        lifetime.signal,
      );
    },
    async stop(signal) {
      await Promise.race([drain(), aborted(signal)]).catch(() => undefined); // what still runs is ended below
      lifetime.abort(new LatticeError("closed", `${id} was stopped`));
      await end();
      await provider[Symbol.asyncDispose]();
      await Promise.race([lease?.release(NEVER), aborted(signal)]);
    },
  };
}

/** What `starting` gives, unless `signal` aborts first: what comes later is ended. */
async function orGivenUp(starting: Promise<Provider>, signal: AbortSignal): Promise<Provider> {
  await Promise.race([starting, aborted(signal)]);
  if (!signal.aborted) return starting;
  const end = (late: Provider): Promise<void> => Promise.resolve(late[Symbol.asyncDispose]());
  void starting.then(end).catch(() => undefined); // nobody is left to hear of it
  throw signal.reason;
}

function unleased(id: EntityId): LatticeError {
  return new LatticeError(
    "disconnected",
    `${id} stands back: its lease could not be renewed, and another node may have taken it`,
  );
}
