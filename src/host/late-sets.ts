/** The sets of this host, whose code is loaded when the first one is started: a node that is given none does without. */
import type { CommandHandlers, SetsSummary } from "../core/command.ts";
import type { SetEntry } from "./sets/set-view.ts";
import type { Sets, SetsParts } from "./sets/sets.ts";

import { LatticeError } from "../core/error.ts";
import { later } from "../core/later.ts";

export interface LateSets {
  readonly handlers: Pick<CommandHandlers, "set.start" | "set.status" | "set.stop">;
  entries(): readonly SetEntry[];
  summary(): SetsSummary;
  /** Gives up what starts, and stops all, within the signal. */
  stopAll(signal: AbortSignal): Promise<void>;
}

export function createLateSets(parts: SetsParts): LateSets {
  const load = later(parts.clock, "workloads", () => import("./sets/sets.ts"));
  let sets: Sets | undefined;
  let ended = false;
  /** Those that wait for the code, in the order in which they came. */
  let opening: Promise<Sets> | undefined;
  const open = async (): Promise<Sets> => {
    const { createSets } = await load();
    if (ended) throw new LatticeError("closed", "this host is stopping");
    return (sets ??= createSets(parts));
  };
  const opened = async (): Promise<Sets | undefined> => sets ?? opening?.catch(() => undefined);
  const absent = (id: string) => ({ id, phase: "absent", message: "Workload not found" }) as const;
  const entries = (): readonly SetEntry[] => sets?.entries() ?? [];
  return {
    handlers: {
      "set.start": async (spec) => (await (opening = open())).start(spec),
      "set.status": async ({ id }) => (await opened())?.status(id) ?? absent(id),
      "set.stop": async ({ id }) => (await (await opened())?.stop(id)) ?? absent(id),
    },
    entries,
    summary() {
      const all = entries();
      const running = all.filter(({ phase }) => phase === "running");
      return {
        count: all.length,
        members: running.reduce((sum, { members }) => sum + members.length, 0),
        imports: parts.offers.flatMap((offer) => offer.imports),
        exports: parts.offers.flatMap((offer) => offer.exports),
      };
    },
    async stopAll(signal) {
      ended = true;
      await sets?.stopAll(signal);
    },
  };
}
