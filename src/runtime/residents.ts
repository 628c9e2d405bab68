/**
 * The resources that one run of a component has given out, and the instances that they live in: a resource lives in one
 * instance, which stays for as long as anybody has a handle.
 *
 * Callers and workers are not trusted: what a handle leads to is known here alone, a handle is of no use to whoever does
 * not have its 128 random bits, and all that somebody can make this node keep is bounded in number and in time.
 */
import type { Call } from "../core/call.ts";
import type { Cancel, Clock } from "../core/clock.ts";
import type { FuncType, WitValue, World } from "../core/wit.ts";
import type { Runner } from "./runner.ts";

import { LatticeError } from "../core/error.ts";
import {
  convertParams,
  convertResults,
  isOwn,
  ownHandles,
  seeParams,
  seeResults,
} from "../wire/own-handles.ts";
import { randomId, readHandle, writeHandle } from "../wire/resource-handle.ts";

/** Instances that are kept for one component, and of them for callers under one name. */
export const MOST_INSTANCES = { all: 64, perSource: 32 } as const;
/** Handles that one component has given out, and of them to callers under one name. */
export const MOST_RESOURCES = { all: 1024, perSource: 512 } as const;
/** A resource that nobody uses for so long is dropped: nobody tells of callers that have crashed. */
export const IDLE_MS: number = 5 * 60_000;
/** How often it is looked whether there are any. */
const SWEEP_MS = IDLE_MS / 10;

export interface ResidentsParts {
  /** For messages. */
  readonly name: string;
  /** As the lattice sees it. */
  readonly world: World;
  readonly clock: Clock;
  /** An instance has ended that `runner` kept. */
  readonly freed: (runner: Runner) => void;
}

export interface Residents {
  /** Where all handles of this run lead. */
  readonly place: string;
  /**
   * The instance that `call` has to run in; `undefined` for calls that may run in any.
   *
   * @throws {LatticeError} `gone` for a handle that leads nowhere, `bad-input` for handles that cannot be used together,
   * `overloaded` when no more instances are kept.
   */
  stayOf(call: Call): Stay | undefined;
  /** Whoever had the handle has no use for it any more. Handles that lead nowhere are nobody's concern. */
  drop(handle: Uint8Array): void;
  /** Whether `runner` keeps any instance. */
  holds(runner: Runner): boolean;
  /** All that `runner` kept is gone. */
  lost(runner: Runner): void;
  end(): void;
}

/** One call's place in an instance that is kept. */
export interface Stay {
  /** For the worker. */
  readonly number: number;
  /** False while another call runs there; one that is not made yet may be made anywhere. */
  ready(runner: Runner): boolean;
  /**
   * The call begins, with numbers in the place of handles. Handles that it takes for good lead nowhere from now on.
   *
   * @throws {LatticeError} `gone` if one of them has ended meanwhile.
   */
  enter(runner: Runner): Call;
  /** The results with handles in the place of numbers. Rejects as the call does, and the instance ends with it then. */
  give(results: Promise<readonly WitValue[]>): Promise<readonly WitValue[]>;
  /** The call has ended, or never begins. */
  leave(): void;
}

interface Resident {
  readonly number: number;
  readonly key: string;
  readonly source: string;
  runner: Runner | undefined;
  busy: boolean;
  /** Calls that wait for it. */
  waiting: number;
  /** Its resources by id. */
  readonly resources: Map<string, Resource>;
  /** What was dropped while a call ran. */
  readonly dropped: number[];
  over: boolean;
}

interface Resource {
  readonly id: string;
  readonly resident: Resident;
  /** What the worker calls it. */
  readonly slot: number;
  /** Its name in its interface. */
  readonly name: string;
  usedAt: number;
}

/** `undefined` if `world` exports no function that gives handles of its own. */
export function createResidents(parts: ResidentsParts): Residents | undefined {
  const { name, world, clock } = parts;
  const functions = [...world.exports.values()].flatMap((each) => [...each.values()]);
  if (!functions.some((type) => ownHandles(type).given)) return undefined;
  const place = randomId();
  const residents = new Set<Resident>();
  const bySession = new Map<string, Resident>();
  const resources = new Map<string, Resource>();
  let lastNumber = 0;
  let cancelSweep: Cancel | undefined;

  const ofSource = (source: string): Resident[] =>
    [...residents].filter((resident) => resident.source === source);
  const find = (handle: WitValue): Resource => {
    const read = readHandle(handle);
    const found = read?.place === place ? resources.get(read.id) : undefined;
    if (found === undefined) throw gone(name);
    return found;
  };
  const create = (key: string, source: string): Resident => {
    if (residents.size >= MOST_INSTANCES.all) throw full(name, "instances", MOST_INSTANCES.all);
    if (ofSource(source).length >= MOST_INSTANCES.perSource) {
      throw full(name, `instances for ${nameOf(source)}`, MOST_INSTANCES.perSource);
    }
    const resident: Resident = {
      number: ++lastNumber,
      key,
      source,
      runner: undefined,
      busy: false,
      waiting: 0,
      resources: new Map(),
      dropped: [],
      over: false,
    };
    residents.add(resident);
    bySession.set(key, resident);
    return resident;
  };
  const forget = ({ id, resident }: Resource): void => {
    resources.delete(id);
    resident.resources.delete(id);
  };
  /** Nothing of it can be used from now on. */
  const close = (resident: Resident): void => {
    if (resident.over) return;
    resident.over = true;
    residents.delete(resident);
    if (bySession.get(resident.key) === resident) bySession.delete(resident.key);
    for (const resource of Array.from(resident.resources.values())) forget(resource);
    const { runner } = resident;
    if (runner === undefined) return;
    // A runner that is lost has ended it.
    runner.drop(resident.number).catch(() => undefined);
    parts.freed(runner);
  };
  /** Ends an instance that nobody has anything in. */
  const settle = (resident: Resident): void => {
    if (resident.busy || resident.over) return;
    for (const slot of resident.dropped.splice(0)) {
      // A destructor that traps takes the instance with it.
      resident.runner?.drop(resident.number, slot).catch(() => close(resident));
    }
    if (resident.waiting === 0 && resident.resources.size === 0) close(resident);
  };
  const release = (resource: Resource): void => {
    forget(resource);
    resource.resident.dropped.push(resource.slot);
    settle(resource.resident);
  };
  const sweep = (): void => {
    cancelSweep = undefined;
    const oldest = clock.monotonic() - IDLE_MS;
    for (const resource of Array.from(resources.values())) {
      if (resource.usedAt <= oldest && !resource.resident.busy) release(resource);
    }
    plan();
  };
  const plan = (): void => {
    if (resources.size > 0) cancelSweep ??= clock.after(SWEEP_MS, sweep);
  };
  const issue = (resident: Resident, resource: string, slot: number): Uint8Array => {
    const id = randomId();
    const made: Resource = { id, resident, slot, name: resource, usedAt: clock.monotonic() };
    resources.set(id, made);
    resident.resources.set(id, made);
    plan();
    return writeHandle({ place, id });
  };
  /** Why there is no room for `more` resources. */
  const crowded = ({ source }: Resident, more: number): LatticeError | undefined => {
    if (resources.size + more > MOST_RESOURCES.all) {
      return full(name, "resources", MOST_RESOURCES.all);
    }
    const theirs = ofSource(source).reduce((sum, each) => sum + each.resources.size, 0);
    if (theirs + more <= MOST_RESOURCES.perSource) return undefined;
    return full(name, `resources for ${nameOf(source)}`, MOST_RESOURCES.perSource);
  };
  /** The resources that `call` names, which have to be of one instance. */
  const named = (call: Call, type: FuncType): ReadonlySet<Resource> => {
    const found = new Set<Resource>();
    const moved = new Set<Resource>();
    seeParams(type, call.args, isOwn, ({ kind, resource }, value) => {
      const known = find(value);
      if (known.name !== resource) throw unfit(call, `one of ${known.name} for ${resource}`);
      if (moved.has(known) || (kind === "own" && found.has(known))) throw unfit(call, "one twice");
      found.add(known);
      if (kind === "own") moved.add(known);
    });
    if (new Set([...found].map(({ resident }) => resident)).size > 1) {
      throw unfit(call, "some that live in different instances");
    }
    return found;
  };

  const stayIn = (resident: Resident, call: Call, type: FuncType): Stay => {
    let phase: "waiting" | "running" | "over" = "waiting";
    resident.waiting++;
    const used = new Set<Resource>();
    return {
      number: resident.number,
      ready: (runner) =>
        resident.over || (!resident.busy && (resident.runner ?? runner) === runner),
      enter(runner) {
        if (resident.over) throw gone(name);
        const now = clock.monotonic();
        for (const resource of named(call, type)) used.add(resource);
        const args = convertParams(type, call.args, isOwn, ({ kind }, value) => {
          const resource = find(value);
          resource.usedAt = now;
          if (kind === "own") forget(resource);
          return resource.slot;
        });
        phase = "running";
        resident.waiting--;
        resident.busy = true;
        resident.runner ??= runner;
        return { ...call, args };
      },
      async give(results) {
        let values: readonly WitValue[];
        const slots: number[] = [];
        try {
          values = await results;
          seeResults(type, values, isOwn, (_, slot) => slots.push(slotOf(slot)));
        } catch (cause) {
          // An instance that trapped, or that somebody gave up, cannot be entered again.
          close(resident);
          throw cause;
        }
        const obstacle = resident.over ? gone(name) : crowded(resident, slots.length);
        if (obstacle !== undefined) {
          resident.dropped.push(...slots);
          throw obstacle;
        }
        return convertResults(type, values, isOwn, ({ resource }, slot) =>
          issue(resident, resource, slotOf(slot)),
        );
      },
      leave() {
        if (phase === "over") return;
        if (phase === "waiting") resident.waiting--;
        else resident.busy = false;
        phase = "over";
        const now = clock.monotonic();
        for (const resource of used) resource.usedAt = now;
        settle(resident);
      },
    };
  };

  return {
    place,
    stayOf(call) {
      const type = world.exports.get(call.instance)?.get(call.func);
      if (type === undefined) return undefined;
      const { taken, given } = ownHandles(type);
      if (!taken && !given) return undefined;
      const [first] = named(call, type);
      if (first !== undefined) return stayIn(first.resident, call, type);
      if (!given) return undefined;
      const source = call.source ?? "";
      const key = `${call.session ?? ""} ${source}`;
      return stayIn(bySession.get(key) ?? create(key, source), call, type);
    },
    drop(handle) {
      const read = readHandle(handle);
      const found = read?.place === place ? resources.get(read.id) : undefined;
      if (found !== undefined) release(found);
    },
    holds: (runner) => [...residents].some((resident) => resident.runner === runner),
    lost(runner) {
      for (const resident of Array.from(residents)) {
        if (resident.runner === runner) close(resident);
      }
    },
    end() {
      cancelSweep?.();
      for (const resident of Array.from(residents)) close(resident);
    },
  };
}

function slotOf(value: WitValue): number {
  if (typeof value === "number") return value;
  throw new LatticeError("internal", "a worker gave a resource without its number");
}

function nameOf(source: string): string {
  return source === "" ? "callers without a name" : source;
}

function gone(name: string): LatticeError {
  return new LatticeError(
    "gone",
    `${name} has no such resource: it was dropped, was idle for too long, or ended with its instance`,
  );
}

function full(name: string, what: string, most: number): LatticeError {
  return new LatticeError("overloaded", `${name} keeps ${most} ${what}, which is all it takes`);
}

function unfit({ instance, func }: Call, what: string): LatticeError {
  return new LatticeError(
    "bad-input",
    `${instance}#${func} was given handles that do not go together: ${what}`,
  );
}
