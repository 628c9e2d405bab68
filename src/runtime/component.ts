/** A prepared component as the waist has it: compiled for a memory limit, and run in pools. */
import type { WaitMode } from "../channels/component.ts";
import type { Clock } from "../core/clock.ts";
import type { Bridge } from "../core/node-state.ts";
import type { Log } from "../core/log.ts";
import type { Component } from "../core/runtime.ts";
import type { Prepared } from "./prepared.ts";
import type { WorkerSupply } from "./worker-supply.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { DEFAULT_LIMITS } from "../core/workload.ts";
import { limitMemories } from "../wire/core-module.ts";
import { waitModeOf } from "./bridge.ts";
import { openComponentWorker } from "./component-worker.ts";
import { answeredImports, callableExports } from "./imports.ts";
import { openPool } from "./pool.ts";

export interface ComponentParts {
  /** The reference, for messages. */
  readonly name: string;
  readonly bridge: Bridge;
  readonly supply: WorkerSupply;
  readonly clock: Clock;
  readonly log: Log;
  /** The runtime's end. */
  readonly signal: AbortSignal;
}

type Modules = ReadonlyMap<string, WebAssembly.Module>;

/** Fresh instances that wait for calls: enough to hide their making, few enough for their memory. */
const MAX_STOCK = 8;

/** Compiles for the default limit at once, so that a component which no engine takes fails here. */
export async function createComponent(
  prepared: Prepared,
  parts: ComponentParts,
): Promise<Component> {
  const { digest, sizeBytes, world, glue, cores } = prepared;
  const { name, supply, clock, log } = parts;
  const mode: WaitMode = waitModeOf(world, parts.bridge);
  const compiled = { maxBytes: DEFAULT_LIMITS.maxMemoryBytes, modules: await compile(cores) };
  return {
    digest,
    sizeBytes,
    world,
    async run({ maxInstances, limits, imports, signal }) {
      const { maxMemoryBytes } = limits;
      const same = maxMemoryBytes === compiled.maxBytes;
      const modules = same ? compiled.modules : await compile(cores, maxMemoryBytes);
      const setup = {
        name,
        glue,
        cores: modules,
        mode,
        exports: callableExports(world),
        imports: answeredImports(world),
        // A worker that blocks serves one call at a time; the next instance is made while it idles.
        stock: mode === "atomics" ? 1 : Math.min(maxInstances, MAX_STOCK),
        maxBytes: maxMemoryBytes,
      };
      return openPool({
        name,
        maxInstances,
        limits,
        clock,
        log,
        ...(mode === "atomics" ? { callsPerRunner: 1 } : {}),
        open: (opening) => openComponentWorker({ setup, supply, imports, clock, log }, opening),
        signal: AbortSignal.any([signal, parts.signal]),
      });
    },
  };
}

/** @throws {LatticeError} `bad-image` for a core module that the engine refuses, or too much memory from the start. */
async function compile(
  cores: ReadonlyMap<string, Uint8Array>,
  maxBytes: number = DEFAULT_LIMITS.maxMemoryBytes,
): Promise<Modules> {
  const limited = limitMemories([...cores.values()], maxBytes);
  try {
    const modules = await Promise.all(limited.map((bytes) => WebAssembly.compile(bufferOf(bytes))));
    return new Map([...cores.keys()].map((name, index) => [name, moduleAt(modules, index)]));
  } catch (cause) {
    throw new LatticeError("bad-image", `a core module does not compile: ${messageOf(cause)}`);
  }
}

function moduleAt(modules: readonly WebAssembly.Module[], index: number): WebAssembly.Module {
  const module = modules[index];
  if (module === undefined) throw new LatticeError("internal", `core module ${index} is missing`);
  return module;
}

/** The engine takes no bytes in shared memory, and the type of ours does not exclude that. */
function bufferOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- transpiler, cache and limiter give unshared buffers
  return bytes as Uint8Array<ArrayBuffer>;
}
