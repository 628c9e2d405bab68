/** How instances of a component are made: with a life, memories, imports and resources of their own. */
import type {
  ComponentHostMethods,
  ComponentSetup,
  GuestLine,
  LentMemory,
} from "../channels/component.ts";
import type { Release } from "../core/memory.ts";
import type { FileMethods } from "../channels/files.ts";
import type { ExportAdapter, RemoteFiles, Surround } from "./adapter.ts";
import type { Bridge, Nearby } from "./bridge/bridge.ts";
import type { GuestExports, Instantiate } from "./instantiate.ts";
import type { Life } from "./life.ts";
import type { Lent, Memories } from "./memories.ts";
import type { Later } from "./remote-streams.ts";
import type { Resources } from "./resources.ts";
import type { CoreInstances, Rewind } from "./rewind.ts";
import type { WasiParts } from "./wasi/wasi.ts";

import { FILES } from "../channels/files.ts";
import { LatticeError } from "../core/error.ts";
import { createAtomicsBridge } from "./bridge/atomics.ts";
import { createJspiBridge } from "./bridge/jspi.ts";
import { createSyncBridge } from "./bridge/sync.ts";
import { createImports } from "./imports.ts";
import { createLife } from "./life.ts";
import { createLineLimiter } from "./printed.ts";
import { createRemoteStreams } from "./remote-streams.ts";
import { createResources } from "./resources.ts";
import { createRewinder } from "./rewind.ts";

export interface InstanceParts {
  /** Posts at once what a guest says, and all that one that blocks waits for. */
  readonly host: ComponentHostMethods;
  /** Gives back what guests have read. */
  readonly release: Release;
  /** Makes the WASI of this worker. */
  readonly wasi: (parts: WasiParts) => Surround;
  /** Hears of each line that guests print; default: the host does. */
  readonly print?: (line: GuestLine) => void;
  /** What answers imports in this worker; default nothing. */
  readonly nearby?: Nearby;
}

/** One instance, with all that is its own. */
export interface Instance {
  readonly life: Life;
  readonly lent: readonly Lent[];
  readonly exports: GuestExports;
  readonly adapters: ReadonlyMap<string, ExportAdapter>;
  readonly resources: Resources;
  /** Absent if it can serve only one call. */
  readonly rewind: Rewind | undefined;
  /** Its linear memories: those that it was lent, and those that it shows. */
  memories(): readonly WebAssembly.Memory[];
}

/** The core modules that borrow their memory. */
export function borrowersOf({
  cores,
  borrowers,
}: ComponentSetup): Map<WebAssembly.Module, LentMemory> {
  const found = new Map<WebAssembly.Module, LentMemory>();
  for (const [name, memory] of borrowers) {
    const module = cores.get(name);
    if (module !== undefined) found.set(module, memory);
  }
  return found;
}

export interface InstanceMakerParts {
  readonly bridge: Bridge;
  readonly instantiate: Instantiate;
  readonly memories: Memories;
}

/** Each call makes an instance; what can be shared between them is made once. */
export function instanceMaker(
  setup: ComponentSetup,
  parts: InstanceParts,
  { bridge, instantiate, memories: lender }: InstanceMakerParts,
): () => Instance {
  const { host } = parts;
  const print = createLineLimiter(
    () => performance.now(),
    // A host that cannot hear of it has ended this worker.
    parts.print ?? ((line) => void host.printed(line).catch(() => undefined)),
  );
  const { mode, wasi: wanted, environment, maxBytes } = setup;
  const surround = parts.wasi({ mode, wanted, environment, maxBytes, print });
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
    const files = setup.mounts.length === 0 ? undefined : filesOf(life, bridge, setup.mounts);
    const { imports: own, adapters, io } = surround(life, streams, files);
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
      const all = lender.importsOf(module, imports, taken);
      const instance = new WebAssembly.Instance(module, all);
      cores.push({ module, instance });
      return instance;
    });
    const rewind = setup.settles && !life.touched ? rewinder.watch(cores) : undefined;
    const memories = (): readonly WebAssembly.Memory[] => [
      ...lent.map(({ memory }) => memory),
      ...cores.flatMap(({ instance }) => memoriesOf(instance)),
    ];
    return { life, lent, exports, adapters, resources, rewind, memories };
  };
}

function filesOf(life: Life, bridge: Bridge, mounts: RemoteFiles["mounts"]): RemoteFiles {
  const same = <T>(values: T): T => values;
  return {
    mounts,
    ask(func, ...args) {
      const asked = { instance: FILES, func, gives: "value", out: same, in: same } as const;
      const later = bridge.importFunction(life, asked)(...args);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the host answers by this name
      return later as Later<ReturnType<FileMethods[typeof func]>>;
    },
    close: (file) => bridge.say(life, { tag: "close", file }),
  };
}

function memoriesOf({ exports }: WebAssembly.Instance): readonly WebAssembly.Memory[] {
  return Object.values(exports).filter((value) => value instanceof WebAssembly.Memory);
}

/** How guests of the component wait. */
export function bridgeOf(
  { mode, answers }: ComponentSetup,
  { host, nearby }: Pick<InstanceParts, "host" | "nearby">,
): Bridge {
  if (mode === "jspi") return createJspiBridge(host, nearby);
  if (mode === "sync") return createSyncBridge();
  if (answers === undefined) throw new LatticeError("internal", "atomics without a shared buffer");
  return createAtomicsBridge(host, answers);
}
