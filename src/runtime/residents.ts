/**
 * Calls that have to do with resources which one run of a component has given out: a resource lives in one instance, which stays
 * for as long as anybody has a handle (`resident-table.ts`), and calls with the handle run there.
 *
 * Callers and workers are not trusted: what a handle leads to is known here alone, a handle is of no use to whoever does
 * not have its 128 random bits, and all that somebody can make this node keep is bounded in number and in time.
 */
import type { Call } from "../core/call.ts";
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
import {
  createResidentTable,
  type Resident,
  type ResidentTableParts,
  type Resource,
} from "./resident-table.ts";

export interface ResidentsParts extends ResidentTableParts {
  /** As the lattice sees it. */
  readonly world: World;
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

/** `undefined` if `world` exports no function that gives handles of its own. */
export function createResidents(parts: ResidentsParts): Residents | undefined {
  const { name, world, clock } = parts;
  const functions = [...world.exports.values()].flatMap((each) => [...each.values()]);
  if (!functions.some((type) => ownHandles(type).given)) return undefined;
  const table = createResidentTable(parts);
  const { place, residents } = table;

  const find = (handle: WitValue): Resource => {
    const found = table.known(handle);
    if (found === undefined) throw gone(name);
    return found;
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
          if (kind === "own") table.forget(resource);
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
          table.close(resident);
          throw cause;
        }
        const obstacle = resident.over ? gone(name) : table.crowded(resident, slots.length);
        if (obstacle !== undefined) {
          resident.dropped.push(...slots);
          throw obstacle;
        }
        return convertResults(type, values, isOwn, ({ resource }, slot) =>
          table.issue(resident, resource, slotOf(slot)),
        );
      },
      leave() {
        if (phase === "over") return;
        if (phase === "waiting") resident.waiting--;
        else resident.busy = false;
        phase = "over";
        const now = clock.monotonic();
        for (const resource of used) resource.usedAt = now;
        table.settle(resident);
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
      return stayIn(table.ofSession(call.session, call.source ?? ""), call, type);
    },
    drop(handle) {
      const found = table.known(handle);
      if (found !== undefined) table.release(found);
    },
    holds: (runner) => [...residents].some((resident) => resident.runner === runner),
    lost(runner) {
      for (const resident of Array.from(residents)) {
        if (resident.runner === runner) table.close(resident);
      }
    },
    end: () => table.end(),
  };
}

function slotOf(value: WitValue): number {
  if (typeof value === "number") return value;
  throw new LatticeError("internal", "a worker gave a resource without its number");
}

function gone(name: string): LatticeError {
  return new LatticeError(
    "gone",
    `${name} has no such resource: it was dropped, was idle for too long, or ended with its instance`,
  );
}

function unfit({ instance, func }: Call, what: string): LatticeError {
  return new LatticeError(
    "bad-input",
    `${instance}#${func} was given handles that do not go together: ${what}`,
  );
}
