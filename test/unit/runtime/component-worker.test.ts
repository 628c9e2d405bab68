/** A runner and what its worker says of calls that are given up, with a worker that a test plays. */
import { once } from "node:events";

import { expect, test } from "vitest";

import type { Call } from "../../../src/core/call.ts";

import { answer } from "../../../src/channels/rpc.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { openComponentWorker } from "../../../src/runtime/component-worker.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { realClock } from "../../support/real-clock.ts";

const call: Call = {
  id: "call",
  source: undefined,
  target: entityId("guest"),
  link: "default",
  instance: "a:b/c",
  func: "run",
  args: [],
  trace: new Map(),
  signal: new AbortController().signal,
};

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

test.each([
  { cancels: true, well: false, dropped: [1] },
  { cancels: false, well: true, dropped: [] },
])(
  "an instance is kept after a good end unless its call was given up: $cancels",
  async ({ cancels, well, dropped }) => {
    const { port1, port2 } = new MessageChannel();
    const lifetime = new AbortController();
    const heard: number[] = [];
    const [called, returned] = [new AbortController(), new AbortController()];
    answer(
      port2,
      {
        prepare: async () => undefined,
        async call() {
          called.abort();
          await aborted(returned.signal);
          return { results: [] };
        },
        cancel: async () => returned.abort(),
        drop: async (resident: number) => void heard.push(resident),
        ping: async () => undefined,
      },
      lifetime.signal,
    );
    const lost = new AbortController().signal;
    const runner = await openComponentWorker(
      {
        setup: {
          name: "guest",
          glue: "",
          cores: new Map(),
          borrowers: new Map(),
          instantiations: new Map(),
          mode: "jspi",
          exports: new Map(),
          adapted: new Map(),
          imports: new Map(),
          wasi: [],
          environment: new Map(),
          mounts: [],
          settles: false,
          stock: 1,
          maxBytes: 65_536,
        },
        world: { imports: new Map(), exports: new Map() },
        imports: { invoke: () => Promise.reject(new LatticeError("link-missing", "nobody")) },
        supply: {
          take: () => ({ port: port1, lost, terminate: () => port1.close() }),
          end: () => undefined,
        },
        clock: realClock,
        release: () => undefined,
        log: recordLog().log,
      },
      lifetime.signal,
    );

    const { ended } = runner.invoke(call, 1);
    await aborted(called.signal);
    if (cancels) runner.cancel(call);
    else returned.abort();

    expect(await ended).toBe(well);
    await expect.poll(() => heard).toEqual(dropped);
    runner.end(new LatticeError("closed", "the test is over"));
    lifetime.abort();
  },
);
