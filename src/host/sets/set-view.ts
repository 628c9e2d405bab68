/** A set as views show it: without the values of its configuration and environment, which may be secrets. */
import type { WorkloadSetView, WorkloadView } from "../../core/node-state.ts";
import type { WorkloadSetPhase, WorkloadSetSpec } from "../../core/workload-set.ts";
import type { WorkloadEntry } from "../workload.ts";
import type { SetMemberEntry } from "./set.ts";

/** A set as it is at the moment. */
export interface SetEntry {
  readonly spec: WorkloadSetSpec;
  readonly phase: WorkloadSetPhase;
  readonly message: string;
  readonly members: readonly SetMemberEntry[];
  /** What views show of it, where they show a component by `viewOf`. */
  view(viewOf: (entry: WorkloadEntry) => WorkloadView): WorkloadSetView;
}

export function entryOf(entry: Omit<SetEntry, "view">): SetEntry {
  const { spec, phase, message, members } = entry;
  const { id, namespace, name } = spec;
  return {
    ...entry,
    view: (viewOf) => ({
      id,
      namespace,
      name,
      phase,
      message,
      members: members.map(({ entry: each, met, ...member }) => ({
        ...viewOf(each),
        ...member,
        met: Object.fromEntries(met),
      })),
      interfaces: spec.interfaces.map((declared) => ({
        namespace: declared.namespace,
        package: declared.package,
        version: declared.version,
        interfaces: declared.interfaces,
        name: declared.name,
      })),
    }),
  };
}
