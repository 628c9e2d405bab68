/**
 * All sets of this node: starts, tells of and stops them, one change at a time for each id. Each id has one slot, whose states
 * are those of wasmCloud's hosts (wasmCloud `crates/wash-runtime/src/host/mod.rs` at v2.7.0).
 */
import type {
  WorkloadSetPhase,
  WorkloadSetSpec,
  WorkloadSetStatus,
} from "../../core/workload-set.ts";
import type { RealmParts } from "./realm.ts";
import type { SetEnd, SetParts, WorkloadSet } from "./set.ts";
import type { SetEntry } from "./set-view.ts";

import { LatticeError, messageOf } from "../../core/error.ts";
import { aborted, createChanges } from "../changes.ts";
import { checkSet } from "./check-set.ts";
import { createNames } from "./names.ts";
import { createRealm } from "./realm.ts";
import { createSet } from "./set.ts";
import { entryOf } from "./set-view.ts";

/** Getting all of a set ready may take this long, downloads included. */
const START_DEADLINE_MS = 300_000;
/** Calls of a set that ends have this long to end; whoever told it to waits for 30 s. */
const STOP_DEADLINE_MS = 10_000;
/** Failed and completed ones that are kept to be asked for; the oldest go first. */
const MOST_ENDED = 50;
/** Sets that run or are on their way, and members of all of them. */
const MOST_SETS = 100;
const MOST_MEMBERS = 256;

export type SetsParts = Omit<SetParts, "realm"> & RealmParts;

export interface Sets {
  /** Resolves when it runs, or when it is known that it will not. */
  start(spec: WorkloadSetSpec): Promise<WorkloadSetStatus>;
  status(id: string): WorkloadSetStatus;
  /** Resolves when all of it has ended. */
  stop(id: string): Promise<WorkloadSetStatus>;
  entries(): readonly SetEntry[];
  /** Gives up what starts, and stops all, within the signal. */
  stopAll(signal: AbortSignal): Promise<void>;
}

interface Slot {
  readonly spec: WorkloadSetSpec;
  readonly label: string;
  readonly set: WorkloadSet;
  phase: WorkloadSetPhase;
  /** Why it failed. */
  reason: string;
}

const STOPPED = "Workload stopped successfully";
const NOT_FOUND = "Workload not found";

export function createSets(parts: SetsParts): Sets {
  const { clock, log } = parts;
  const realm = createRealm(parts);
  const slots = new Map<string, Slot>();
  const changes = createChanges<string>();

  const put = (id: string, slot: Slot, phase: WorkloadSetPhase, reason = ""): void => {
    slot.phase = phase;
    slot.reason = reason;
    const ended = [...slots].filter(([, each]) => hasEnded(each.phase));
    for (const [oldest] of ended.slice(0, -MOST_ENDED)) if (oldest !== id) slots.delete(oldest);
    parts.changed();
  };
  const remove = (id: string, slot: Slot): void => {
    if (slots.get(id) === slot) slots.delete(id);
    parts.changed();
  };
  const end = (slot: Slot): Promise<void> => slot.set.end(AbortSignal.timeout(STOP_DEADLINE_MS));

  /** It has ended by itself: what is left of it goes, and its slot says why until somebody stops it. */
  const ended = (id: string, slot: Slot, how: SetEnd): void => {
    if (slot.phase !== "running") return;
    if (how.phase === "failed") {
      log.warn("set.failed", { workload: slot.label, problem: how.reason });
      put(id, slot, "failed", how.reason);
    } else {
      log.info("set.completed", { workload: slot.label });
      put(id, slot, "completed");
    }
    changes.enqueue(id, () => end(slot)).catch(() => undefined); // the whole host ends, and this with it
  };

  const begin = async (id: string, slot: Slot, signal: AbortSignal): Promise<void> => {
    const late = new AbortController();
    const cancel = clock.after(START_DEADLINE_MS, () => {
      const seconds = START_DEADLINE_MS / 1000;
      late.abort(new LatticeError("deadline", `the workload was not ready within ${seconds} s`));
    });
    const either = AbortSignal.any([signal, late.signal]);
    /** What ends before all runs is told when all does. */
    let early: SetEnd | undefined;
    try {
      either.throwIfAborted();
      checkSet(slot.spec);
      await slot.set.start(either, (how) => {
        early ??= how;
        ended(id, slot, how);
      });
      either.throwIfAborted();
    } catch (cause) {
      await end(slot);
      if (signal.aborted) return remove(id, slot);
      log.warn("set.failed", { workload: slot.label, problem: messageOf(cause) });
      return put(id, slot, "failed", messageOf(cause));
    } finally {
      cancel();
    }
    log.info("set.running", { workload: slot.label });
    put(id, slot, "running");
    if (early !== undefined) ended(id, slot, early);
  };

  const obstacle = (spec: WorkloadSetSpec): string | undefined => {
    const present = [...slots.values()].filter(({ phase }) => !hasEnded(phase));
    if (present.length >= MOST_SETS) return `this host has ${present.length} workloads`;
    const here = present.reduce((sum, each) => sum + sizeOf(each.spec), 0);
    return here + sizeOf(spec) > MOST_MEMBERS
      ? `this host has ${here} components of workloads, and takes ${MOST_MEMBERS}`
      : undefined;
  };

  return {
    async start(spec) {
      const { id } = spec;
      if (slots.has(id)) return { id, phase: "failed", message: `workload ${id} already exists` };
      const full = obstacle(spec);
      if (full !== undefined) return { id, phase: "failed", message: full };
      const names = createNames(spec, new Set([...slots.values()].map(({ label }) => label)));
      const set = createSet(spec, names, { ...parts, realm });
      const slot: Slot = { spec, label: names.label, set, phase: "starting", reason: "" };
      slots.set(id, slot);
      parts.changed();
      try {
        await changes.enqueue(id, (signal) => begin(id, slot, signal));
      } catch (cause) {
        remove(id, slot);
        return { id, phase: "failed", message: messageOf(cause) };
      }
      switch (slot.phase) {
        case "failed":
          return { id, phase: "failed", message: slot.reason };
        case "starting":
        case "stopping":
          return { id, phase: "stopping", message: "Workload was stopped while it was started" };
        default:
          return { id, phase: slot.phase, message: "Workload started successfully" };
      }
    },
    status(id) {
      const slot = slots.get(id);
      if (slot === undefined) return { id, phase: "absent", message: NOT_FOUND };
      return { id, phase: slot.phase, message: messageOfSlot(slot) };
    },
    async stop(id) {
      const slot = slots.get(id);
      if (slot === undefined) return { id, phase: "absent", message: NOT_FOUND };
      if (slot.phase === "stopping") {
        return { id, phase: "stopping", message: messageOfSlot(slot) };
      }
      put(id, slot, "stopping");
      changes.giveUp(id, new LatticeError("aborted", `a later command stopped ${slot.label}`));
      await changes.enqueue(id, async () => {
        await end(slot);
        remove(id, slot);
      });
      return { id, phase: "stopping", message: STOPPED };
    },
    entries: () =>
      [...slots.values()].map((slot) =>
        entryOf({
          spec: slot.spec,
          phase: slot.phase,
          message: slot.phase === "failed" ? slot.reason : messageOfSlot(slot),
          members: slot.set.members(),
        }),
      ),
    async stopAll(signal) {
      await changes.end(new LatticeError("closed", "this host is stopping"), signal);
      const present = [...slots.values()];
      for (const slot of present) slot.phase = "stopping";
      // One that ends already has a limit of its own.
      const all = Promise.all(present.map(({ set }) => set.end(signal)));
      await Promise.race([all, aborted(signal)]);
      slots.clear();
      parts.changed();
    },
  };
}

function hasEnded(phase: WorkloadSetPhase): boolean {
  return phase === "failed" || phase === "completed";
}

function sizeOf({ members, service }: WorkloadSetSpec): number {
  return members.length + (service === undefined ? 0 : 1);
}

/** As wasmCloud's hosts say it. */
function messageOfSlot({ phase, reason }: Slot): string {
  if (phase === "failed") return `Error: ${reason}`;
  return `Workload is ${phase.charAt(0).toUpperCase()}${phase.slice(1)}`;
}
