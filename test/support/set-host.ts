/** A host as an operator's commands see it, without anything that runs: starts end when a test says so. */
import type { CommandName, Commands, HostControl, Labels } from "../../src/core/command.ts";
import type { WorkloadSetSpec, WorkloadSetStatus } from "../../src/core/workload-set.ts";

import { LatticeError } from "../../src/core/error.ts";
import { hostId, latticeId } from "../../src/core/ids.ts";
import { createSource } from "../../src/core/view.ts";

export interface SetHost extends HostControl {
  /** What was started, by id; in the order of the starts. */
  readonly started: ReadonlyMap<string, WorkloadSetSpec>;
  /** Lets starts end, those of before too; default: each ends at once. */
  hold(): () => void;
  /** What becomes of a set from now on; a start that comes later is answered so as well. */
  turn(id: string, status: Omit<WorkloadSetStatus, "id">): void;
}

export function createSetHost(
  options: { readonly labels?: Labels; readonly id?: string } = {},
): SetHost {
  const sets = new Map<string, WorkloadSetSpec>();
  const turned = new Map<string, WorkloadSetStatus>();
  let held: Promise<void> = Promise.resolve();
  const runs: {
    readonly [Name in CommandName]?: (
      request: Commands[Name]["request"],
    ) => Promise<Commands[Name]["reply"]>;
  } = {
    "host.describe": () =>
      Promise.resolve({
        id: hostId(options.id ?? `N${"A".repeat(55)}`),
        friendlyName: "calm-tile-0001",
        lattice: latticeId("default"),
        labels: options.labels ?? new Map(),
        uptimeSeconds: 1,
        version: "0.1.0",
        controlServer: undefined,
        rpcServer: undefined,
        jsDomain: undefined,
        workloads: [],
        providers: [],
        sets: {
          count: sets.size,
          members: [...sets.values()].reduce((sum, { members }) => sum + members.length, 0),
          imports: [
            { namespace: "wasi", package: "keyvalue", version: undefined, interfaces: ["store"] },
          ],
          exports: [
            {
              namespace: "wasmcloud",
              package: "messaging",
              version: "0.2.0",
              interfaces: ["handler"],
            },
          ],
        },
      }),
    async "set.start"(spec) {
      const { id } = spec;
      if (sets.has(id)) return { id, phase: "failed", message: `workload ${id} already exists` };
      sets.set(id, spec);
      await held;
      return turned.get(id) ?? { id, phase: "running", message: "Workload started successfully" };
    },
    "set.status": ({ id }) =>
      Promise.resolve(
        sets.has(id)
          ? (turned.get(id) ?? { id, phase: "running", message: "Workload is Running" })
          : { id, phase: "absent", message: "Workload not found" },
      ),
    async "set.stop"({ id }) {
      if (!sets.delete(id)) return { id, phase: "absent", message: "Workload not found" };
      await held;
      return { id, phase: "stopping", message: "Workload stopped successfully" };
    },
  };
  return {
    available: createSource(true),
    started: sets,
    run(name, request) {
      const run = runs[name];
      if (run === undefined) throw new LatticeError("unsupported", `${name} of a host of sets`);
      return run(request);
    },
    hold() {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => (release = resolve));
      return release;
    },
    turn: (id, status) => void turned.set(id, { id, ...status }),
  };
}
