/** The code for volumes: it may not come, and nobody waits for it longer than they want to. */
import { beforeEach, expect, test, vi } from "vitest";

import type * as Later from "../../../src/core/later.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { digest } from "../../../src/core/ids.ts";
import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { createVolumes } from "../../../src/runtime/files/volumes.ts";
import { createComponent } from "../../../src/runtime/component.ts";
import { createRuntime } from "../../../src/runtime/runtime.ts";
import { createWorkerSupply } from "../../../src/runtime/worker-supply.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { realClock } from "../../support/real-clock.ts";

/** What the browser says for each of the files, until it is set to nothing. */
const server = vi.hoisted(() => ({ answer: undefined as Promise<void> | undefined }));

vi.mock("../../../src/core/later.ts", async (original) => {
  const real = await original<typeof Later>();
  const later: typeof real.later = (clock, name, load) =>
    real.later(clock, name, async () => {
      await server.answer;
      return load();
    });
  return { ...real, later };
});

const spawn = (): never => {
  throw new Error("no worker is needed");
};
const { log } = recordLog();
const lasting = new AbortController().signal;
const reason = new LatticeError("deadline", "nobody waits any longer");

beforeEach(() => {
  server.answer = undefined;
});

function openRuntime() {
  const runtime = createRuntime({ clock: realClock, log, bridge: "jspi", spare: false, spawn });
  return {
    openVolume: async (name: string, signal: AbortSignal) => runtime.openVolume?.(name, signal),
    [Symbol.asyncDispose]: async () => runtime[Symbol.asyncDispose](),
  };
}

test("a volume is opened when the code for it can be loaded again", async () => {
  await using runtime = openRuntime();
  server.answer = Promise.reject(new TypeError("Failed to fetch"));

  await expect(runtime.openVolume("data", lasting)).rejects.toMatchObject({ code: "unsupported" });
  server.answer = undefined;

  expect(await runtime.openVolume("data", lasting)).toMatchObject({ name: "data" });
});

test("nobody waits for a volume longer than the signal, or than the runtime, lasts", async () => {
  const runtime = openRuntime();
  server.answer = new Promise(() => undefined);
  const stop = new AbortController();

  const given = runtime.openVolume("data", stop.signal);
  const other = runtime.openVolume("data", lasting);
  stop.abort(reason);
  await expect(given).rejects.toBe(reason);
  await runtime[Symbol.asyncDispose]();

  await expect(other).rejects.toMatchObject({ code: "closed" });
});

test("a start with mounts waits for their code as long as its signal lasts", async () => {
  const func = { params: [], results: [] };
  const prepared = {
    glueMode: "jspi" as const,
    files: true,
    digest: digest("0".repeat(64)),
    sizeBytes: 0,
    world: {
      imports: new Map([["wasi:filesystem/types@0.2.3", new Map([["a", func]])]]),
      exports: new Map(),
    },
    glue: "",
    cores: new Map(),
    keepsHandles: false,
  };
  const component = await createComponent(prepared, {
    name: "guest",
    bridge: "jspi",
    supply: createWorkerSupply(realClock, { base: undefined, spare: false, spawn }),
    adaptations: [],
    clock: realClock,
    release: () => undefined,
    log,
    signal: lasting,
  });
  const volume = createVolumes(() => 0).open("data");
  const run = (signal: AbortSignal): Promise<unknown> =>
    component.run({
      maxInstances: 1,
      limits: DEFAULT_LIMITS,
      imports: { invoke: () => Promise.resolve([]) },
      mounts: [{ path: "/data", readOnly: false, volume }],
      signal,
    });
  server.answer = Promise.reject(new TypeError("Failed to fetch"));
  await expect(run(lasting)).rejects.toMatchObject({ code: "unsupported" });
  server.answer = new Promise(() => undefined);
  const stop = new AbortController();

  const starting = run(stop.signal);
  stop.abort(reason);

  await expect(starting).rejects.toBe(reason);
});
