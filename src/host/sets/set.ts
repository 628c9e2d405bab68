/**
 * One set, from its manifest to its end. It is started in the order of wasmCloud's hosts (wasmCloud
 * `crates/wash-runtime/src/host/mod.rs` at v2.7.0): images, links and offers, components, what brings them calls, the service.
 * What was begun ends in the opposite order, whether it runs or was still being started.
 */
import type { Dialect, Serving } from "../../core/dialect.ts";
import type { Offer } from "../../core/offer.ts";
import type { Mount, Volume } from "../../core/runtime.ts";
import type { LoadProgress, WorkloadState } from "../../core/workload.ts";
import type { WorkloadSetSpec } from "../../core/workload-set.ts";
import type { WorkloadEntry } from "../workload.ts";
import type { Item, ItemParts, RunningItem } from "./member.ts";
import type { SetNames } from "./names.ts";
import type { Ingress, Plan } from "./plan.ts";
import type { OffersParts } from "./set-offers.ts";

import { asLatticeError, LatticeError, messageOf } from "../../core/error.ts";
import { isServable } from "../../interfaces/servable.ts";
import { aborted } from "../changes.ts";
import { sameTypes } from "../outbound/same-types.ts";
import { SERVICE } from "./check-set.ts";
import { checkService, runOf, startItem, workloadSpecOf } from "./member.ts";
import { answererText, makePlan } from "./plan.ts";
import { runService } from "./service.ts";
import { createSetOffers, follow } from "./set-offers.ts";

export interface SetParts extends ItemParts, OffersParts {
  readonly realm: ItemParts["realm"];
  readonly offers: readonly Offer[];
  readonly dialects: readonly Pick<Dialect, "ingress">[];
  /** What views show of it has changed. */
  readonly changed: () => void;
}

/** How a set that ran has come to an end by itself. */
export type SetEnd =
  | { readonly phase: "completed" }
  | { readonly phase: "failed"; readonly reason: string };

/** A member as views see it, also before it runs. */
export interface SetMemberEntry {
  readonly name: string;
  readonly role: "component" | "service";
  readonly entry: WorkloadEntry;
  /** What answers each import, in words. */
  readonly met: ReadonlyMap<string, string>;
}

export interface WorkloadSet {
  /**
   * Resolves when it runs; `onEnd` hears when it can do so no more, perhaps before. Leaves what it has begun to {@link end}
   * when it throws.
   */
  start(signal: AbortSignal, onEnd: (end: SetEnd) => void): Promise<void>;
  /**
   * Takes no more calls, lets those that run end until `signal` aborts, and ends all. Does not throw. Later calls give the same
   * promise.
   */
  end(signal: AbortSignal): Promise<void>;
  /** Empty before the start and after the end. */
  members(): readonly SetMemberEntry[];
}

type Unloaded = Omit<Item, "component">;

export function createSet(spec: WorkloadSetSpec, names: SetNames, parts: SetParts): WorkloadSet {
  const { log, realm } = parts;
  /** Everything that was started ends with it at the latest. */
  const lifetime = new AbortController();
  const serviceLife = new AbortController();
  const items = itemsOf(spec, names);
  const states = new Map<string, WorkloadState>();
  const volumes = new Map<string, Volume>();
  const offers = createSetOffers(spec, names, parts);
  const running = new Map<string, RunningItem>();
  const servings: Serving[] = [];
  let plan: Plan | undefined;
  let service: Promise<void> = Promise.resolve();
  let ending: Promise<void> | undefined;

  const show = (name: string, state: WorkloadState): void => {
    states.set(name, state);
    parts.changed();
  };

  const load = async (item: Unloaded, signal: AbortSignal): Promise<Item> => {
    const { name } = item;
    const { kind, image, resources } = item.spec;
    const mounts = resources.mounts.length > 0;
    const onProgress = (progress: LoadProgress): void =>
      show(name, { phase: "starting", progress });
    onProgress({ stage: "resolve" });
    try {
      return {
        ...item,
        component: await parts.runtime.load(image, { signal, onProgress, mounts }),
      };
    } catch (cause) {
      if (signal.aborted) throw cause;
      const whose = kind === "service" ? "service" : `component '${name}'`;
      const { code } = asLatticeError(cause, "image-unavailable");
      const error = `failed to pull image for ${whose}: ${messageOf(cause)}`;
      throw new LatticeError(code, error, { cause });
    }
  };
  const mountsOf = ({ spec: own }: Item): readonly Mount[] =>
    own.resources.mounts.flatMap(({ volume: name, path, readOnly }) => {
      const volume = volumes.get(name);
      return volume === undefined ? [] : [{ path, readOnly, volume }];
    });
  const run = async (item: Item, made: Plan, signal: AbortSignal): Promise<void> => {
    const { name } = item;
    const own = {
      answerers: made.answerers.get(name) ?? new Map(),
      config: made.config.get(name) ?? new Map(),
      mounts: mountsOf(item),
    };
    const lasting = { signal, lifetime: lifetime.signal };
    running.set(name, await startItem(item, own, names, parts, lasting));
    show(name, { phase: "running" });
  };
  const takeHttp = async (
    { item, hosts, passedOver }: Ingress,
    signal: AbortSignal,
  ): Promise<void> => {
    const served = running.get(item)?.served;
    if (served === undefined) return;
    const told = { workload: names.label, component: item };
    if (passedOver.length > 0) {
      log.warn("set.http-passed-over", { ...told, others: passedOver.join(", ") });
    }
    for (const dialect of parts.dialects) {
      // It ends with the set; whoever gives the start up does not wait for a connection as well.
      const taking = dialect.ingress?.(served, { set: spec.id, hosts }, lifetime.signal);
      taking?.catch(() => undefined); // heard below, unless the start was given up
      const serving = await Promise.race([taking, aborted(signal)]);
      signal.throwIfAborted();
      if (serving !== undefined) servings.push(serving);
    }
    if (servings.length === 0) log.warn("set.http-unreachable", told);
  };
  /** The set has failed when `broken` has a reason. */
  const fails = (broken: Serving["broken"], what: string, onEnd: (end: SetEnd) => void): void => {
    const tell = ({ message }: LatticeError): void =>
      onEnd({ phase: "failed", reason: `${what}: ${message}` });
    follow(broken, tell, lifetime.signal);
  };
  const watch = ({ item, workload }: RunningItem, onEnd: (end: SetEnd) => void): void => {
    const { load: calls, broken } = workload.pool;
    calls.subscribe(() => parts.changed(), lifetime.signal);
    fails(broken, `component '${item.name}' cannot be called any more`, onEnd);
  };
  const serve = async (
    { item: { id, component, spec: own }, workload: { callee } }: RunningItem,
    onEnd: (end: SetEnd) => void,
  ): Promise<void> => {
    const func = runOf(component);
    if (func === undefined || own.kind !== "service") return;
    const { maxRestarts } = own;
    const called = { id, run: func, callee, maxRestarts, clock: parts.clock, log };
    const ended = await runService(called, serviceLife.signal);
    if (ended.how === "failed") onEnd({ phase: "failed", reason: ended.reason });
    if (ended.how !== "well") return;
    log.info("service.ended", { workload: id });
    if (spec.members.length === 0) onEnd({ phase: "completed" });
  };

  const end = async (signal: AbortSignal): Promise<void> => {
    const problem = (cause: unknown): void =>
      log.warn("set.end-failed", { workload: names.label, problem: messageOf(cause) });
    /** Waits for all, but not longer than the signal; what fails is told. */
    const all = async (works: readonly Promise<void>[]): Promise<void> => {
      const done = Promise.all(works.map((work) => work.catch(problem)));
      await Promise.race([done, aborted(signal)]);
    };
    for (const name of running.keys()) show(name, { phase: "stopping" });
    serviceLife.abort(new LatticeError("aborted", "the workload is stopped"));
    const drained = servings.map(async (serving) => serving.drain());
    await all([service, ...drained, ...offers.end(signal)]);
    // Who imports goes first, so that no call finds nobody.
    for (const { workload } of [...running.values()].toReversed()) {
      await workload.stop(signal).catch(problem);
    }
    lifetime.abort(new LatticeError("closed", `${names.label} was stopped`));
    await all(offers.dispose());
    await all([...volumes.values()].map(async (volume) => volume[Symbol.asyncDispose]()));
    running.clear();
    realm.review();
    parts.changed();
  };

  return {
    members: () =>
      items.flatMap(({ name, id, spec: own }): SetMemberEntry[] => {
        const state = states.get(name);
        if (state === undefined || lifetime.signal.aborted) return [];
        const workload = running.get(name)?.workload;
        const config = plan?.config.get(name) ?? new Map();
        const shown = workload?.spec ?? workloadSpecOf({ id, spec: own }, config, parts.limits);
        const role = own.kind === "service" ? "service" : "component";
        const entry = { spec: shown, state, workload, askedLimits: undefined };
        return [{ name, role, entry, met: wordsOf(plan, name) }];
      }),
    async start(signal, onEnd) {
      for (const { name } of spec.volumes) volumes.set(name, await openVolume(name, parts, signal));
      const loaded: Item[] = [];
      for (const item of items) loaded.push(await load(item, signal));
      for (const { spec: own, component } of loaded) {
        if (own.kind === "service") checkService(component);
      }
      plan = await planOf(spec, loaded, parts, signal);
      await offers.bind(plan.matches, loaded, { signal, lifetime: lifetime.signal });
      for (const name of plan.order) {
        const item = loaded.find((each) => each.name === name);
        if (item !== undefined) await run(item, plan, signal);
      }
      await offers.begin(running, signal);
      if (plan.ingress !== undefined) await takeHttp(plan.ingress, signal);
      signal.throwIfAborted();
      for (const each of running.values()) watch(each, onEnd);
      for (const { broken } of servings) fails(broken, "HTTP requests come no more", onEnd);
      offers.watch(
        (offer, { message }) => onEnd({ phase: "failed", reason: `${offer}: ${message}` }),
        lifetime.signal,
      );
      const served = running.get(SERVICE);
      if (served !== undefined) service = serve(served, onEnd);
    },
    end: (signal) => (ending ??= end(signal)),
  };
}

/** In the order of the manifest, the service last. */
function itemsOf({ members, service }: WorkloadSetSpec, names: SetNames): readonly Unloaded[] {
  const items = members.map((member): Unloaded => {
    const { name } = member;
    return { name, id: names.member(name), spec: { kind: "member", ...member } };
  });
  if (service === undefined) return items;
  const id = names.member(SERVICE);
  return [...items, { name: SERVICE, id, spec: { kind: "service", ...service } }];
}

async function planOf(
  { interfaces: entries }: WorkloadSetSpec,
  loaded: readonly Item[],
  parts: Pick<SetParts, "offers" | "interfaces">,
  signal: AbortSignal,
): Promise<Plan> {
  const interfaces = await parts.interfaces(signal);
  const items = loaded.map(({ name, spec: { kind, resources }, component: { world } }) => ({
    name,
    service: kind === "service",
    world,
    resources,
  }));
  return makePlan({
    entries,
    items,
    offers: parts.offers,
    fits: (func, wanted, offered) => sameTypes(wanted, offered) && isServable(func, offered, true),
    answersAlways: (instance) => interfaces.importOf(instance)?.links.length === 0,
  });
}

async function openVolume(
  name: string,
  { runtime }: Pick<SetParts, "runtime">,
  signal: AbortSignal,
): Promise<Volume> {
  if (runtime.openVolume !== undefined) return runtime.openVolume(name, signal);
  throw new LatticeError("unsupported", `volume '${name}': this host has no volumes`);
}

function wordsOf(plan: Plan | undefined, name: string): ReadonlyMap<string, string> {
  const answerers = plan?.answerers.get(name) ?? new Map();
  return new Map([...answerers].map(([imported, by]) => [imported, answererText(by)]));
}
