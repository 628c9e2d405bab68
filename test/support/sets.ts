/** Sets of components that are TypeScript functions, in an engine without a lattice: for tests of what becomes of sets. */
import { setMaxListeners } from "node:events";
import { latticeId } from "../../src/core/ids.ts";
import type { Call, Callee } from "../../src/core/call.ts";
import type { Served, Serving } from "../../src/core/dialect.ts";
import type { CallRecord } from "../../src/core/event.ts";
import type { BoundOffer, Offer, OfferContext, SetCallee } from "../../src/core/offer.ts";
import type { Runtime, Volume } from "../../src/core/runtime.ts";
import type {
  HostInterface,
  LocalResources,
  MemberSpec,
  ServiceSpec,
  WorkloadSetSpec,
} from "../../src/core/workload-set.ts";
import type { World, WitValue } from "../../src/core/wit.ts";
import type { LocalComponent } from "./local-runtime.ts";

import { createMemoryLattice } from "../../src/bus/memory.ts";
import { LatticeError } from "../../src/core/error.ts";
import { createSource } from "../../src/core/view.ts";
import { DEFAULT_LIMITS } from "../../src/core/workload.ts";
import { createCompanions } from "../../src/host/outbound/companions.ts";
import { trace } from "../../src/host/interceptors/trace.ts";
import { createSets, type Sets, type SetsParts } from "../../src/host/sets/sets.ts";
import { createInterfaces } from "../../src/interfaces/interfaces.ts";
import { parseWit } from "../../src/wire/wit-text.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";
import { localRuntime } from "./local-runtime.ts";
import { recordLog, type LogRecorder } from "./log-recorder.ts";

// Signals of a set have one listener for each of its parts; Node takes more than ten for a leak.
setMaxListeners(0);

/** Interfaces as WIT text; those named in `imports` and `exports` make the world. */
export function worldOf(
  wit: string,
  { imports = [], exports = [] }: { imports?: readonly string[]; exports?: readonly string[] },
): World {
  const { interfaces } = parseWit(wit);
  const pick = (names: readonly string[]): World["imports"] =>
    new Map(names.map((name) => [name, interfaces.get(name) ?? new Map()]));
  return { imports: pick(imports), exports: pick(exports) };
}

export function resourcesOf(resources: Partial<LocalResources> = {}): LocalResources {
  return {
    config: new Map(),
    environment: new Map(),
    mounts: [],
    allowedHosts: [],
    ...resources,
  };
}

/** Named as its image is. */
export function memberOf(
  name: string,
  {
    resources,
    ...more
  }: Partial<Omit<MemberSpec, "resources">> & {
    readonly resources?: Partial<LocalResources>;
  } = {},
): MemberSpec {
  return {
    name,
    image: { reference: name },
    poolSize: 0,
    maxInvocations: 0,
    maxConcurrency: 1,
    resources: resourcesOf(resources),
    ...more,
  };
}

export function serviceOf(reference: string, more: Partial<ServiceSpec> = {}): ServiceSpec {
  return { image: { reference }, resources: resourcesOf(), maxRestarts: 0, ...more };
}

export function setOf(
  members: readonly (string | MemberSpec)[],
  more: Partial<WorkloadSetSpec> = {},
): WorkloadSetSpec {
  return {
    id: "set-1",
    namespace: "default",
    name: "shop",
    annotations: new Map(),
    members: members.map((member) => (typeof member === "string" ? memberOf(member) : member)),
    service: undefined,
    interfaces: [],
    volumes: [],
    ...more,
  };
}

/** `wasi:keyvalue@0.2.0-draft` and the names of interfaces of it. */
export function entryOf(
  pkg: string,
  interfaces: readonly string[],
  more: Partial<HostInterface> = {},
): HostInterface {
  const [name = "", version] = pkg.split("@");
  const [namespace = "", own = ""] = name.split(":");
  return {
    namespace,
    package: own,
    version,
    interfaces,
    config: new Map(),
    name: undefined,
    ...more,
  };
}

/** An offer that notes what becomes of it. */
export interface SampleOffer {
  readonly offer: Offer;
  /** `bind`, `begin`, `end`, `dispose`, in order. */
  readonly told: readonly string[];
  readonly context: OfferContext | undefined;
  readonly members: ReadonlyMap<string, SetCallee>;
}

export function sampleOffer(
  offer: Partial<Offer> & Pick<Offer, "id">,
  {
    serves,
    bind,
    ...hooks
  }: Pick<BoundOffer, "serves" | "broken"> & {
    readonly bind?: (context: OfferContext, signal: AbortSignal) => Promise<void>;
    readonly begin?: (signal: AbortSignal) => Promise<void>;
    readonly end?: (signal: AbortSignal) => Promise<void>;
  } = {},
): SampleOffer {
  const told: string[] = [];
  const seen: { context?: OfferContext; members: ReadonlyMap<string, SetCallee> } = {
    members: new Map(),
  };
  return {
    told,
    get context() {
      return seen.context;
    },
    get members() {
      return seen.members;
    },
    offer: {
      imports: [],
      exports: [],
      named: false,
      async bind(context, signal) {
        seen.context = context;
        told.push("bind");
        await bind?.(context, signal);
        return {
          ...(serves === undefined ? {} : { serves }),
          ...(hooks.broken === undefined ? {} : { broken: hooks.broken }),
          async begin(members, starting) {
            told.push("begin");
            await hooks.begin?.(starting);
            seen.members = members;
          },
          async end(ending) {
            told.push("end");
            await hooks.end?.(ending);
          },
          async [Symbol.asyncDispose]() {
            told.push("dispose");
          },
        };
      },
      ...offer,
    },
  };
}

/** What an engine is made of, and what a test sees of it. */
export interface TestParts {
  readonly parts: SetsParts;
  readonly clock: FakeClock;
  readonly log: LogRecorder;
  readonly calls: readonly CallRecord[];
  /** What a dialect takes HTTP requests for, by the set's id. */
  readonly ingress: ReadonlyMap<
    string,
    { readonly served: Served; readonly hosts: readonly string[] }
  >;
  /** Volumes that are open, by name. */
  readonly volumes: readonly string[];
  /** How often something was told to have changed. */
  readonly told: { readonly changes: number };
}

export interface TestOptions {
  readonly offers?: readonly Offer[];
  readonly runtime?: Runtime;
  /** What the dialect waits for before it has left. */
  readonly drain?: () => Promise<void>;
  /** Why the dialect brings requests no more. */
  readonly broken?: Serving["broken"];
  readonly takesHttp?: boolean;
  readonly hasVolumes?: boolean;
}

export function createTestSets(
  components: Readonly<Record<string, LocalComponent>>,
  options?: TestOptions,
): TestParts & { readonly sets: Sets } {
  const made = createTestParts(components, options);
  return { ...made, sets: createSets(made.parts) };
}

export function createTestParts(
  components: Readonly<Record<string, LocalComponent>>,
  {
    offers = [],
    runtime = localRuntime(components),
    drain = () => Promise.resolve(),
    broken,
    takesHttp = true,
    hasVolumes = true,
  }: TestOptions = {},
): TestParts {
  const clock = fakeClock();
  const log = recordLog();
  const calls: CallRecord[] = [];
  const volumes: string[] = [];
  const told = { changes: 0 };
  const ingress = new Map<string, { served: Served; hosts: readonly string[] }>();
  const record = (call: CallRecord): void => void calls.push(call);
  const openVolume = async (name: string): Promise<Volume> => {
    volumes.push(name);
    return {
      name,
      async [Symbol.asyncDispose]() {
        volumes.splice(volumes.indexOf(name), 1);
      },
    };
  };
  const parts: SetsParts = {
    runtime: hasVolumes ? { openVolume, ...runtime } : runtime,
    clock,
    log: log.log,
    companions: (own) => createCompanions({ clock, log: log.log, record, ...own }),
    intercept: trace(clock, record),
    interfaces: async () => createInterfaces(),
    present: createSource(true),
    limits: DEFAULT_LIMITS,
    offers,
    dialects: takesHttp
      ? [
          {
            async ingress(served, { set, hosts }, signal) {
              ingress.set(set, { served, hosts });
              signal.addEventListener("abort", () => ingress.delete(set), { once: true });
              return { drain, ...(broken === undefined ? {} : { broken }) };
            },
          },
        ]
      : [],
    rpc: createMemoryLattice().connect(),
    lattice: latticeId("default"),
    jsDomain: undefined,
    changed: () => told.changes++,
  };
  return { parts, clock, log, calls, ingress, volumes, told };
}

/** Calls `member` as an offer does. */
export async function callMember(
  member: SetCallee | undefined,
  instance: string,
  func: string,
  args: readonly WitValue[] = [],
  signal: AbortSignal = AbortSignal.timeout(10_000),
): Promise<WitValue> {
  if (member === undefined) throw new LatticeError("not-found", "no such member");
  const call: Call = {
    id: "test",
    source: undefined,
    target: member.id,
    link: "default",
    instance,
    func,
    args,
    trace: new Map(),
    signal,
  };
  const [result] = await member.callee.invoke(call);
  return result;
}

/** Answers by function names. */
export function calleeOf(functions: Readonly<Record<string, (call: Call) => WitValue>>): Callee {
  return {
    async invoke(call) {
      const answer = functions[call.func];
      if (answer === undefined) throw new LatticeError("not-found", `no ${call.func}`);
      return [await answer(call)];
    },
  };
}

/** Lets everything happen that only waits for promises. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
