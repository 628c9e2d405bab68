/** A prepared component as the waist has it: compiled for a memory limit, and run in pools. */
import type { ComponentSetup, LentMemory, WaitMode } from "../channels/component.ts";
import type { Clock } from "../core/clock.ts";
import type { Bridge } from "../core/node-state.ts";
import type { Log } from "../core/log.ts";
import type { Release } from "../core/memory.ts";
import type { Component, Mount } from "../core/runtime.ts";
import type { Interface } from "../core/wit.ts";
import type { Adaptation } from "./adapted.ts";
import type { Prepared } from "./prepared.ts";
import type { WorkerSupply } from "./worker-supply.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { later } from "../core/later.ts";
import { DEFAULT_LIMITS } from "../core/workload.ts";
import { limitMemories } from "../wire/core-module.ts";
import { limitTables } from "../wire/core-tables.ts";
import { adapt } from "./adapted.ts";
import { waitModeOf } from "./bridge.ts";
import { openComponentWorker } from "./component-worker.ts";
import { answeredImports, callableExports, plainSetups, wasiImports } from "./imports.ts";
import { instantiationsOf } from "./instantiations.ts";
import { borrowing, mayBorrow } from "./lent-memory.ts";
import { openPool } from "./pool.ts";
import { PortableComponent } from "./portable.ts";
import { hasFiles } from "./wasi.ts";
import { createResidents } from "./residents.ts";

export interface ComponentParts {
  /** The reference, for messages. */
  readonly name: string;
  readonly bridge: Bridge;
  readonly supply: WorkerSupply;
  readonly adaptations: readonly Adaptation[];
  readonly clock: Clock;
  readonly release: Release;
  readonly log: Log;
  /** The runtime's end. */
  readonly signal: AbortSignal;
}

interface Compiled {
  readonly cores: ComponentSetup["cores"];
  readonly borrowers: ComponentSetup["borrowers"];
  readonly instantiations: ComponentSetup["instantiations"];
}

/** Fresh instances that wait for calls: enough to hide their making, few enough for their memory. */
const MAX_STOCK = 8;

/** Compiles for the default limit at once, so that a component which no engine takes fails here. */
export async function createComponent(
  prepared: Prepared,
  parts: ComponentParts,
): Promise<Component> {
  const { digest, sizeBytes, glue, claims } = prepared;
  const { world, ...adapted } = adapt(prepared.world, parts.adaptations);
  const { name, supply, clock, log, release } = parts;
  const mode: WaitMode = waitModeOf(prepared.world, parts.bridge, prepared.files);
  const fileServer = later(clock, "volumes", () => import("./files/file-server.ts"));
  const usual = await compile(prepared);
  return {
    digest,
    sizeBytes,
    world,
    claims,
    async run(options) {
      const { maxInstances, limits, imports, environment = new Map(), kept, signal } = options;
      const mounts = mountsOf(prepared, options.mounts ?? [], name);
      const { createFileServer } = mounts.length === 0 ? {} : await fileServer(signal);
      const files = createFileServer?.(mounts, () => clock.now());
      const { maxMemoryBytes } = limits;
      const same = maxMemoryBytes === DEFAULT_LIMITS.maxMemoryBytes;
      const compiled = same ? usual : await compile(prepared, maxMemoryBytes);
      const setup = {
        name,
        glue,
        ...compiled,
        mode,
        exports: new Map([...callableExports(prepared.world), ...plain(adapted.exports)]),
        adapted: adapted.behind,
        imports: new Map([
          // Those that something stands for are the worker's own matter.
          ...[...answeredImports(prepared.world)].filter(([of]) => world.imports.has(of)),
          ...[...plain(adapted.imports)].map(
            ([of, functions]) => [of, { functions, resources: [] }] as const,
          ),
        ]),
        wasi: wasiImports(prepared.world),
        environment,
        mounts: files?.mounts ?? [],
        settles: settles(prepared),
        // A worker that blocks serves one call at a time; the next instance is made while it idles.
        stock: mode === "atomics" ? 1 : Math.min(maxInstances, MAX_STOCK),
        maxBytes: maxMemoryBytes,
      };
      const pool = await openPool({
        name,
        maxInstances,
        limits,
        clock,
        log,
        ...(mode === "atomics" ? { callsPerRunner: 1 } : {}),
        open: (opening) =>
          openComponentWorker(
            { setup, world, supply, imports, files, clock, log, release },
            opening,
          ),
        residents: (freed) => createResidents({ name, world, clock, freed }),
        kept: kept && (await import("./kept.ts")).createKept(kept),
        opening: signal,
        signal: parts.signal,
      });
      // What instances keep between calls is here, not in the workers of others.
      if (mode !== "sync" || kept !== undefined) return pool;
      return {
        ...pool,
        portable: new PortableComponent(setup, prepared.world, limits.callDeadlineMs),
      };
    },
  };
}

/** Those that are to be served: none if the component has no files. */
function mountsOf(
  { files, world }: Prepared,
  mounts: readonly Mount[],
  name: string,
): readonly Mount[] {
  if (mounts.length === 0 || !hasFiles(world)) return [];
  if (!files) throw new LatticeError("bad-input", `${name} was not loaded for mounts`);
  return mounts;
}

/** @throws {LatticeError} `bad-image` for a core module that the engine refuses, or too much memory from the start. */
async function compile(
  prepared: Prepared,
  maxBytes: number = DEFAULT_LIMITS.maxMemoryBytes,
): Promise<Compiled> {
  const { cores, glue } = prepared;
  const instantiations = instantiationsOf(glue, cores.keys());
  const times = [...instantiations.values()];
  const limited = limitTables(limitMemories([...cores.values()], maxBytes, times), times);
  const lend = settles(prepared);
  const modules = new Map<string, WebAssembly.Module>();
  const borrowers = new Map<string, LentMemory>();
  const compileOne = async (name: string, own: Uint8Array): Promise<void> => {
    const { module, memory } = lend ? borrowing(own) : { module: own, memory: undefined };
    modules.set(name, await WebAssembly.compile(bufferOf(module)));
    if (memory !== undefined) borrowers.set(name, memory);
  };
  try {
    const names = [...cores.keys()];
    await Promise.all(limited.map((own, index) => compileOne(names[index] ?? "", own)));
  } catch (cause) {
    throw new LatticeError("bad-image", `a core module does not compile: ${messageOf(cause)}`);
  }
  return { cores: modules, borrowers, instantiations };
}

/** What the worker makes itself of streams and futures needs no look at its values. */
function plain(interfaces: ReadonlyMap<string, Interface>): ComponentSetup["exports"] {
  return new Map(Array.from(interfaces, ([name, functions]) => [name, plainSetups(functions)]));
}

/** Tables of handles are the glue's: they outlast a call, and go with the instance only. */
function settles({ world, keepsHandles }: Prepared): boolean {
  return !keepsHandles && mayBorrow(world);
}

/** The engine takes no bytes in shared memory, and the type of ours does not exclude that. */
function bufferOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- transpiler, cache and limiter give unshared buffers
  return bytes as Uint8Array<ArrayBuffer>;
}
