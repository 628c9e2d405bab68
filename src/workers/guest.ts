/**
 * A component in its worker: a stock of instances that have served nobody, and the calls that run.
 *
 * An instance that has served a call goes back into the stock only if it can be set back to how it was made; all others
 * end with their call, but for those in which resources live: they stay until the host ends them.
 */
import type { ComponentSetup, GuestCall, WorkerVitals } from "../channels/component.ts";
import type { GuestTimes } from "../core/call-probe.ts";
import type { WitValue } from "../core/wit.ts";
import type { Lent } from "./memories.ts";
import type { Meter } from "./meter.ts";

import { LatticeError } from "../core/error.ts";
import { serverOf } from "./guest-functions.ts";
import { importGlue } from "./instantiate.ts";
import {
  borrowersOf,
  bridgeOf,
  type Instance,
  instanceMaker,
  type InstanceParts,
} from "./instances.ts";
import { createMemories } from "./memories.ts";

export interface GuestParts extends InstanceParts {
  /** Hears of failures that belong to no call. */
  readonly complain: (thrown: unknown) => void;
  /** Whether it is asked how long guests compute. */
  readonly meter: Meter;
}

export interface Guest {
  /** Resolves when the first instance is there. */
  readonly ready: Promise<void>;
  /**
   * The results are copies that nobody else holds. They are there at once where guests never wait. `took` hears before of
   * the times of a call that is to be timed.
   */
  call(
    call: GuestCall,
    took?: (times: GuestTimes) => void,
  ): Promise<readonly WitValue[]> | readonly WitValue[];
  cancel(callId: number): void;
  /** See `ComponentMethods.drop`. */
  drop(resident: number, slot: number | undefined): void;
  /** What it has at the moment. */
  vitals(): Pick<WorkerVitals, "instances" | "memoryBytes">;
}

/** Memories beyond those of the stock, for the calls that run. */
const MORE_MEMORIES = 16;

export function createGuest(setup: ComponentSetup, parts: GuestParts): Guest {
  const { exports: funcs } = setup;
  const bridge = bridgeOf(setup, parts);
  const stock: Instance[] = [];
  const running = new Map<number, Instance>();
  const residents = new Map<number, Instance>();
  const memories = createMemories(borrowersOf(setup), setup.stock + MORE_MEMORIES);
  /** Memories of instances that have ended, to be wiped when the next instance is made, not before an answer. */
  const used: (readonly Lent[])[] = [];
  /** Instances that have served a call, to be set back before the next one. */
  const served: Instance[] = [];
  let make: (() => Instance) | undefined;
  let refilling = false;
  let wanted = setup.stock;

  const prepare = async (): Promise<void> => {
    const instantiate = await importGlue(setup.glue, setup.cores);
    const makeOne = instanceMaker(setup, parts, { bridge, instantiate, memories });
    make = () => {
      for (const lent of used.splice(0)) memories.giveBack(lent);
      return makeOne();
    };
    const first = make();
    stock.push(first);
    // Where guests never wait, one instance serves all calls in turn, as long as it can be set back.
    if (setup.mode === "sync" && first.rewind !== undefined) wanted = 1;
    refill();
  };
  const take = (): Instance => {
    if (make === undefined) throw new LatticeError("internal", "the component is not ready");
    const instance = stock.pop() ?? rewound() ?? make();
    refill();
    return instance;
  };
  const rewound = (): Instance | undefined => {
    for (let instance = served.pop(); instance !== undefined; instance = served.pop()) {
      if (instance.rewind?.() === true) return instance;
      end(instance, true);
    }
    return undefined;
  };
  /** One instance per turn, so that calls which have come meanwhile go first. */
  const refill = (): void => {
    if (refilling || stock.length >= wanted || make === undefined) return;
    refilling = true;
    setTimeout(() => {
      refilling = false;
      if (make === undefined || stock.length >= wanted) return;
      try {
        stock.push(rewound() ?? make());
      } catch (thrown) {
        // The next call meets the same and reports it to its caller.
        parts.complain(thrown);
        return;
      }
      refill();
    }, 0);
  };
  const finish = (
    { id, resident, timed }: GuestCall,
    instance: Instance,
    well: boolean,
    took?: (times: GuestTimes) => void,
  ): void => {
    const { life, rewind } = instance;
    running.delete(id);
    const times = life.times();
    if (times !== undefined) {
      parts.meter.add(life.beganMs ?? 0, times.ranMs - times.waitedMs);
      if (timed === true) took?.(times);
    }
    if (resident !== undefined) {
      if (well) residents.set(resident, instance);
      else residents.delete(resident);
      if (well) return;
    }
    const again = well && rewind !== undefined && !life.touched;
    if (well && !again) wanted = setup.stock;
    if (again && stock.length + served.length < wanted) served.push(instance);
    else end(instance, well);
    refill();
  };
  const end = ({ life, lent }: Instance, well: boolean): void => {
    life.end();
    // After a trap or a cancelled wait there may be frames that still hold the memory.
    if (well && lent.length > 0) used.push(lent);
  };
  const drop = (resident: number, slot?: number): void => {
    const instance = residents.get(resident);
    if (instance === undefined) return;
    if (slot === undefined) {
      residents.delete(resident);
      end(instance, true);
      return;
    }
    try {
      instance.resources.drop(slot);
    } catch (thrown) {
      residents.delete(resident);
      end(instance, false);
      throw thrown;
    }
  };
  return {
    ready: prepare(),
    drop,
    vitals() {
      const present = [...stock, ...served, ...running.values(), ...residents.values()];
      const instances = new Set(present);
      const held = new Set([...instances].flatMap((instance) => instance.memories()));
      for (const { memory } of used.flat()) held.add(memory);
      let memoryBytes = memories.spareBytes();
      for (const { buffer } of held) memoryBytes += buffer.byteLength;
      return { instances: instances.size, memoryBytes };
    },
    call(call, took) {
      const func = funcs.get(call.instance)?.get(call.func);
      if (func === undefined) throw missing(setup, call);
      if (func.refused !== undefined) throw refusal(setup, call, func.refused);
      const instance = residents.get(call.resident ?? 0) ?? take();
      const { life } = instance;
      const respond = (results: readonly WitValue[]): void => bridge.respond(life, results);
      const run = serverOf(setup, instance, call, func, respond);
      if (run === undefined) throw missing(setup, call);
      life.begin(call.id, call.timed === true || parts.meter.on);
      running.set(call.id, instance);
      let well = false;
      const conclude = (results: readonly WitValue[]): readonly WitValue[] => {
        well = true;
        return results;
      };
      let later: Promise<readonly WitValue[]> | undefined;
      try {
        const outcome = run();
        if (!(outcome instanceof Promise)) return conclude(outcome);
        later = outcome;
      } finally {
        if (later === undefined) finish(call, instance, well, took);
      }
      return Promise.race([later, life.failed])
        .then(conclude)
        .finally(() => finish(call, instance, well, took));
    },
    cancel(callId) {
      running
        .get(callId)
        ?.life.fail(new LatticeError("aborted", "nobody waits for the call any more"));
    },
  };
}

function missing({ name }: ComponentSetup, call: GuestCall): LatticeError {
  return new LatticeError("not-found", `the component ${name} has no function ${wholeName(call)}`);
}

function refusal({ name }: ComponentSetup, call: GuestCall, why: string): LatticeError {
  return new LatticeError("unsupported", `${wholeName(call)} of ${name} cannot be called: ${why}`);
}

function wholeName({ instance, func }: GuestCall): string {
  return instance === "" ? func : `${instance}.${func}`;
}
