/** What an offer is bound with in tests: a bus in memory, and members that note what they are called with. */
import { createMemoryLattice } from "../../../../src/bus/memory.ts";
import type { Bus } from "../../../../src/core/bus.ts";
import type { Call, Callee, Results } from "../../../../src/core/call.ts";
import { entityId, latticeId } from "../../../../src/core/ids.ts";
import type { OfferContext, OfferMember, SetCallee } from "../../../../src/core/offer.ts";
import { createSource, type Source } from "../../../../src/core/view.ts";
import type { WitValue } from "../../../../src/core/wit.ts";
import type { HostInterface, LocalResources } from "../../../../src/core/workload-set.ts";
import { realClock } from "../../../support/real-clock.ts";
import { type LogRecorder, recordLog } from "../../../support/log-recorder.ts";

export const HANDLER = "wasmcloud:messaging/handler@0.2.0";

export function resources(given: Partial<LocalResources> = {}): LocalResources {
  return { config: new Map(), environment: new Map(), mounts: [], allowedHosts: [], ...given };
}

export function entry(config: Readonly<Record<string, string>> = {}, name?: string): HostInterface {
  return {
    namespace: "wasmcloud",
    package: "messaging",
    version: undefined,
    interfaces: ["handler"],
    config: new Map(Object.entries(config)),
    name,
  };
}

export function member(name: string, given: Partial<LocalResources> = {}): OfferMember {
  return {
    id: entityId(`set/${name}`),
    world: { imports: new Map(), exports: new Map([[HANDLER, new Map()]]) },
    resources: resources(given),
  };
}

export interface Situation {
  readonly context: OfferContext;
  /** Another connection of the same lattice. */
  readonly peer: Bus;
  /** The line is lost for a moment, and then only these subjects may be heard. */
  blink(permits: (subject: string) => boolean): void;
  readonly log: LogRecorder;
}

export function situation(
  members: Readonly<Record<string, OfferMember>>,
  entries: readonly HostInterface[] = [],
): Situation {
  const lattice = createMemoryLattice({ clock: realClock });
  const recorder = recordLog();
  let permitted = (_subject: string): boolean => true;
  const bus = lattice.connect({
    permits: (operation, subject) => operation !== "subscribe" || permitted(subject),
  });
  return {
    blink(permits) {
      permitted = permits;
      bus.cut();
      bus.restore();
    },
    peer: lattice.connect(),
    log: recorder,
    context: {
      set: { id: "w-1", namespace: "default", name: "echo-7f9c" },
      entries,
      members: new Map(Object.entries(members)),
      bus,
      lattice: latticeId("default"),
      jsDomain: undefined,
      clock: realClock,
      log: recorder.log,
    },
  };
}

export interface Noting {
  readonly callee: SetCallee;
  readonly calls: Call[];
  readonly accepting: Source<boolean>;
}

/** A member that answers by `answer`. */
export function noting(
  name: string,
  answer: (call: Call) => Promise<Results> | Results = () => [{ tag: "ok" }],
): Noting {
  const calls: Call[] = [];
  const accepting = createSource(true);
  return {
    calls,
    accepting,
    callee: {
      id: entityId(`set/${name}`),
      world: { imports: new Map(), exports: new Map() },
      accepting,
      callee: {
        async invoke(call) {
          calls.push(call);
          return answer(call);
        },
      },
    },
  };
}

/** Calls a function of what an offer serves, as the member `source`. */
export async function ask(
  callee: Callee | undefined,
  instance: string,
  func: string,
  args: readonly WitValue[],
  { source = "set/one", link = "default", signal = AbortSignal.timeout(10_000) } = {},
): Promise<Results> {
  if (callee === undefined) throw new Error("the offer serves nothing");
  return callee.invoke({
    id: "1",
    source: entityId(source),
    target: entityId("offer"),
    link,
    instance,
    func,
    args,
    trace: new Map(),
    signal,
  });
}
