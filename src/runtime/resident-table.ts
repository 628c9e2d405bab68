/**
 * What one run of a component keeps for those who have handles: its resources, and the instances that they live in. All of it is
 * bounded, in number and in time. What calls do with them is in `residents.ts`.
 */
import type { Cancel, Clock } from "../core/clock.ts";
import type { WitValue } from "../core/wit.ts";
import type { Runner } from "./runner.ts";

import { LatticeError } from "../core/error.ts";
import { randomId, readHandle, writeHandle } from "../wire/resource-handle.ts";

/** Instances that are kept for one component, and of them for callers under one name. */
export const MOST_INSTANCES = { all: 64, perSource: 32 } as const;
/** Handles that one component has given out, and of them to callers under one name. */
export const MOST_RESOURCES = { all: 1024, perSource: 512 } as const;
/** A resource that nobody uses for so long is dropped: nobody tells of callers that have crashed. */
export const IDLE_MS: number = 5 * 60_000;
/** How often it is looked whether there are any. */
const SWEEP_MS = IDLE_MS / 10;

/** An instance that is kept. */
export interface Resident {
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

export interface Resource {
  readonly id: string;
  readonly resident: Resident;
  /** What the worker calls it. */
  readonly slot: number;
  /** Its name in its interface. */
  readonly name: string;
  usedAt: number;
}

export interface ResidentTableParts {
  /** For messages. */
  readonly name: string;
  readonly clock: Clock;
  /** An instance has ended that `runner` kept. */
  readonly freed: (runner: Runner) => void;
}

export interface ResidentTable {
  /** Where all handles of this run lead. */
  readonly place: string;
  readonly residents: ReadonlySet<Resident>;
  /** The instance that a session's calls share. Throws `overloaded` when no more are kept. */
  ofSession(session: string | undefined, source: string): Resident;
  /** What a handle leads to; `undefined` if that is nowhere. */
  known(handle: WitValue): Resource | undefined;
  /** A handle of a new resource, which the worker calls `slot`. */
  issue(resident: Resident, resource: string, slot: number): Uint8Array;
  /** Why there is no room for `more` resources. */
  crowded(resident: Resident, more: number): LatticeError | undefined;
  /** Nobody has a handle of it any more; the instance has it still. */
  forget(resource: Resource): void;
  /** As {@link forget}, and the instance drops it as soon as no call runs there. */
  release(resource: Resource): void;
  /** Drops what was to be dropped, and ends an instance that nobody has anything in. */
  settle(resident: Resident): void;
  /** Nothing of it can be used from now on. */
  close(resident: Resident): void;
  end(): void;
}

export function createResidentTable({ name, clock, freed }: ResidentTableParts): ResidentTable {
  const place = randomId();
  const residents = new Set<Resident>();
  const bySession = new Map<string, Resident>();
  const resources = new Map<string, Resource>();
  let lastNumber = 0;
  let cancelSweep: Cancel | undefined;

  const ofSource = (source: string): Resident[] =>
    [...residents].filter((resident) => resident.source === source);
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
    freed(runner);
  };
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

  return {
    place,
    residents,
    forget,
    release,
    settle,
    close,
    ofSession(session = "", source) {
      const key = `${session} ${source}`;
      return bySession.get(key) ?? create(key, source);
    },
    known(handle) {
      const read = readHandle(handle);
      return read?.place === place ? resources.get(read.id) : undefined;
    },
    issue(resident, resource, slot) {
      const id = randomId();
      const made: Resource = { id, resident, slot, name: resource, usedAt: clock.monotonic() };
      resources.set(id, made);
      resident.resources.set(id, made);
      plan();
      return writeHandle({ place, id });
    },
    crowded({ source }, more) {
      if (resources.size + more > MOST_RESOURCES.all) {
        return full(name, "resources", MOST_RESOURCES.all);
      }
      const theirs = ofSource(source).reduce((sum, each) => sum + each.resources.size, 0);
      if (theirs + more <= MOST_RESOURCES.perSource) return undefined;
      return full(name, `resources for ${nameOf(source)}`, MOST_RESOURCES.perSource);
    },
    end() {
      cancelSweep?.();
      for (const resident of Array.from(residents)) close(resident);
    },
  };
}

function nameOf(source: string): string {
  return source === "" ? "callers without a name" : source;
}

function full(name: string, what: string, most: number): LatticeError {
  return new LatticeError("overloaded", `${name} keeps ${most} ${what}, which is all it takes`);
}
