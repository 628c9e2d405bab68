/**
 * A component in its worker: a stock of instances that have served nobody, and the calls that run.
 *
 * An instance that has served a call goes back into the stock only if it can be set back to how it was made; all others
 * end with their call, but for those in which resources live: they stay until the host ends them.
 */
import type {
  ComponentHostMethods,
  ComponentSetup,
  FunctionSetup,
  Gives,
  GuestCall,
  GuestLine,
  LentMemory,
} from "../channels/component.ts";
import type { Release } from "../core/memory.ts";
import type { WitValue } from "../core/wit.ts";
import type { ExportAdapter, Surround } from "./adapter.ts";
import type { Bridge, Nearby } from "./bridge/bridge.ts";
import type { GuestExports, Instantiate } from "./instantiate.ts";
import type { Life } from "./life.ts";
import type { Lent, Memories } from "./memories.ts";
import type { Later } from "./remote-streams.ts";
import type { Resources } from "./resources.ts";
import type { CoreInstances, Rewind } from "./rewind.ts";
import type { WasiParts } from "./wasi/wasi.ts";

import { LatticeError } from "../core/error.ts";
import { createAtomicsBridge } from "./bridge/atomics.ts";
import { createJspiBridge } from "./bridge/jspi.ts";
import { createSyncBridge } from "./bridge/sync.ts";
import { createImports } from "./imports.ts";
import {
  classOf,
  exportOf,
  importGlue,
  interfaceOf,
  resultsOf,
  resultsOfThrown,
} from "./instantiate.ts";
import { createLife } from "./life.ts";
import { createMemories } from "./memories.ts";
import { createLineLimiter } from "./printed.ts";
import { after, createRemoteStreams } from "./remote-streams.ts";
import { createResources, paramTypes, resultTypes } from "./resources.ts";
import { createRewinder } from "./rewind.ts";

export interface GuestParts {
  /** Posts at once what a guest says, and all that one that blocks waits for. */
  readonly host: ComponentHostMethods;
  /** Hears of failures that belong to no call. */
  readonly complain: (thrown: unknown) => void;
  /** Gives back what guests have read. */
  readonly release: Release;
  /** Makes the WASI of this worker. */
  readonly wasi: (parts: WasiParts) => Surround;
  /** Hears of each line that guests print; default: the host does. */
  readonly print?: (line: GuestLine) => void;
  /** What answers imports in this worker; default nothing. */
  readonly nearby?: Nearby;
}

export interface Guest {
  /** Resolves when the first instance is there. */
  readonly ready: Promise<void>;
  /** The results are copies that nobody else holds. They are there at once where guests never wait. */
  call(call: GuestCall): Promise<readonly WitValue[]> | readonly WitValue[];
  cancel(callId: number): void;
  /** See `ComponentMethods.drop`. */
  drop(resident: number, slot: number | undefined): void;
}

/** Memories beyond those of the stock, for the calls that run. */
const MORE_MEMORIES = 16;

interface Instance {
  readonly life: Life;
  readonly lent: readonly Lent[];
  readonly exports: GuestExports;
  readonly adapters: ReadonlyMap<string, ExportAdapter>;
  readonly resources: Resources;
  /** Absent if it can serve only one call. */
  readonly rewind: Rewind | undefined;
}

export function createGuest(setup: ComponentSetup, parts: GuestParts): Guest {
  const { exports: funcs } = setup;
  const bridge = bridgeOf(setup, parts);
  const stock: Instance[] = [];
  const running = new Map<number, Life>();
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
    const makeOne = maker(setup, parts, bridge, instantiate, memories);
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
  const finish = ({ id, resident }: GuestCall, instance: Instance, well: boolean): void => {
    const { life, rewind } = instance;
    running.delete(id);
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
    call(call) {
      const func = funcs.get(call.instance)?.get(call.func);
      if (func === undefined) throw missing(setup, call);
      if (func.refused !== undefined) throw refusal(setup, call, func.refused);
      const instance = residents.get(call.resident ?? 0) ?? take();
      const { life } = instance;
      const respond = (results: readonly WitValue[]): void => bridge.respond(life, results);
      const run = serverOf(setup, instance, call, func, respond);
      if (run === undefined) throw missing(setup, call);
      life.begin(call.id);
      running.set(call.id, life);
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
        if (later === undefined) finish(call, instance, well);
      }
      return Promise.race([later, life.failed])
        .then(conclude)
        .finally(() => finish(call, instance, well));
    },
    cancel(callId) {
      running.get(callId)?.fail(new LatticeError("aborted", "nobody waits for the call any more"));
    },
  };
}

function borrowersOf({ cores, borrowers }: ComponentSetup): Map<WebAssembly.Module, LentMemory> {
  const found = new Map<WebAssembly.Module, LentMemory>();
  for (const [name, memory] of borrowers) {
    const module = cores.get(name);
    if (module !== undefined) found.set(module, memory);
  }
  return found;
}

function maker(
  setup: ComponentSetup,
  parts: GuestParts,
  bridge: Bridge,
  instantiate: Instantiate,
  memories: Memories,
): () => Instance {
  const { host } = parts;
  const print = createLineLimiter(
    () => performance.now(),
    // A host that cannot hear of it has ended this worker.
    parts.print ?? ((line) => void host.printed(line).catch(() => undefined)),
  );
  const { mode, wasi: wanted, maxBytes } = setup;
  const surround = parts.wasi({ mode, wanted, maxBytes, print });
  const rewinder = createRewinder();
  const allowed = new Map(
    Array.from(setup.cores, ([name, module]) => [module, setup.instantiations.get(name) ?? 1]),
  );
  return () => {
    const life = createLife();
    const lent: Lent[] = [];
    const taken = (memory: Lent): void => void lent.push(memory);
    const cores: CoreInstances[number][] = [];
    const streams = createRemoteStreams(life, bridge, parts.release);
    const { imports: own, adapters, io } = surround(life, streams);
    const dropped = (handle: Uint8Array): void => {
      // Where guests never wait they have no import that gives handles; one from a caller is dropped with the instance.
      if (mode !== "sync") bridge.say(life, { tag: "drop", handle });
    };
    const resources = createResources({ imports: setup.imports, streams, io, dropped });
    const given = createImports(life, { own, bridge, answered: setup.imports, resources });
    const exports = instantiate(given, (module, imports) => {
      // The limit of memory was divided by as many.
      if (cores.filter((core) => core.module === module).length >= (allowed.get(module) ?? 0)) {
        throw new LatticeError("bad-image", "the component makes more core instances than it has");
      }
      const all = memories.importsOf(module, imports, taken);
      const instance = new WebAssembly.Instance(module, all);
      cores.push({ module, instance });
      return instance;
    });
    const rewind = setup.settles && !life.touched ? rewinder.watch(cores) : undefined;
    return { life, lent, exports, adapters, resources, rewind };
  };
}

function bridgeOf({ mode, answers }: ComponentSetup, { host, nearby }: GuestParts): Bridge {
  if (mode === "jspi") return createJspiBridge(host, nearby);
  if (mode === "sync") return createSyncBridge();
  if (answers === undefined) throw new LatticeError("internal", "atomics without a shared buffer");
  return createAtomicsBridge(host, answers);
}

/** What serves `call`: the guest's function, or an adapter of its interface. `undefined` if there is no such thing. */
function serverOf(
  setup: ComponentSetup,
  { exports, adapters, resources }: Instance,
  { instance, func, args }: GuestCall,
  { gives, type }: FunctionSetup,
  respond: (results: readonly WitValue[]) => void,
): (() => Later<readonly WitValue[]>) | undefined {
  const behind = setup.adapted.get(instance);
  if (behind === undefined) {
    const own = exportOf(exports, instance, func);
    if (own === undefined || type === undefined)
      return own && (() => attempt(() => own(...args), gives));
    // Those that it uses of its other interfaces have no class in this one.
    const ownClass = (resource: string): ReturnType<typeof classOf> =>
      classOf(exports, instance, resource) ?? onlyClassOf(setup, exports, resource);
    return () => {
      const given = (): unknown => own(...resources.in(args, paramTypes(type), ownClass));
      const outcome = attempt(given, gives);
      return after(outcome, (results) => resources.out(results, resultTypes(type)));
    };
  }
  const adapter = adapters.get(instance);
  const guest = interfaceOf(exports, behind);
  if (adapter === undefined || guest === undefined) return undefined;
  // Its results have the form of the waist already.
  return () => attempt(() => adapter(guest, { func, args, respond }), "results");
}

/** The class of a resource of that name, if the guest has one only. */
function onlyClassOf(
  setup: ComponentSetup,
  exports: GuestExports,
  resource: string,
): ReturnType<typeof classOf> {
  const [only, other] = [...setup.exports.keys()].flatMap(
    (instance) => classOf(exports, instance, resource) ?? [],
  );
  return other === undefined ? only : undefined;
}

/** The results of `run`, at once or later, with a thrown `err` turned back into a value. */
function attempt(run: () => unknown, gives: Gives | "results"): Later<readonly WitValue[]> {
  try {
    const value = run();
    if (!(value instanceof Promise)) return resultsOf(value, gives);
    return value.then(
      (later: unknown) => resultsOf(later, gives),
      (thrown: unknown) => resultsOfThrown(thrown, gives),
    );
  } catch (thrown) {
    return resultsOfThrown(thrown, gives);
  }
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
