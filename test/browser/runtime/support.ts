/** What the runtime's browser tests share: a runtime of the page, which plays the host worker's part, and its calls. */
import type { Call, Importee } from "../../../src/core/call.ts";
import type { Clock } from "../../../src/core/clock.ts";
import type { LogEntry } from "../../../src/core/log.ts";
import type { Pool, RunOptions, Runtime } from "../../../src/core/runtime.ts";
import type { Limits } from "../../../src/core/workload.ts";

import { entityId } from "../../../src/core/ids.ts";
import { createLog } from "../../../src/core/log.ts";
import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { chooseBridge } from "../../../src/runtime/choose-bridge.ts";
import { createRuntime } from "../../../src/runtime/runtime.ts";
import { createImageCache } from "../../../src/storage/image-cache.ts";

export const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface TestRuntime extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly logged: readonly LogEntry[];
}

export function openRuntime(
  options: Partial<Parameters<typeof createRuntime>[0]> = {},
): TestRuntime {
  const logged: LogEntry[] = [];
  const runtime = createRuntime({
    clock,
    log: createLog(
      () => clock.now(),
      (entry) => logged.push(entry),
    ),
    bridge: chooseBridge("auto"),
    images: {},
    cache: createImageCache({ now: () => Date.now() }),
    ...options,
  });
  return { runtime, logged, [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose]() };
}

/** The address of a fixture on the test server. */
export function fixture(name: string): string {
  return new URL(`../../fixtures/components/${name}.wasm`, import.meta.url).href;
}

export async function fixtureBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(fixture(name));
  if (!response.ok) throw new Error(`no fixture ${name}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export const noImports: Importee = {
  invoke: ({ instance, func }) => Promise.reject(new Error(`unexpected ${instance}.${func}`)),
};

export interface RunFixture extends Pick<RunOptions, "environment" | "kept" | "mounts"> {
  readonly imports?: Importee;
  readonly maxInstances?: number;
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
}

export async function run(runtime: Runtime, name: string, options: RunFixture = {}): Promise<Pool> {
  const { imports = noImports, maxInstances = 4, limits = {}, ...rest } = options;
  const signal = options.signal ?? new AbortController().signal;
  const component = await runtime.load(
    { reference: `${name}.wasm`, bytes: await fixtureBytes(name) },
    { signal, mounts: (options.mounts ?? []).length > 0 },
  );
  return component.run({
    ...rest,
    maxInstances,
    limits: { ...DEFAULT_LIMITS, ...limits },
    imports,
    signal,
  });
}

let calls = 0;

/** A call of `interface.function` from nobody. */
export function callOf(
  instance: string,
  func: string,
  args: readonly unknown[] = [],
  signal: AbortSignal = new AbortController().signal,
): Call {
  const id = `call-${++calls}`;
  const target = entityId("fixture");
  return {
    id,
    source: undefined,
    target,
    link: "default",
    instance,
    func,
    args,
    trace: new Map(),
    signal,
  };
}
