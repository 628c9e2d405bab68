/** A runtime whose code is loaded with the first component, or when it is asked to prepare. */
import type { Clock } from "../core/clock.ts";
import type { Runtime } from "../core/runtime.ts";

import { LatticeError } from "../core/error.ts";
import { later } from "../core/later.ts";

export interface LaterRuntime extends Runtime {
  /** @throws {LatticeError} as loading a component does when the code for it is not to be had. */
  prepare(): Promise<void>;
}

export function createLaterRuntime(clock: Clock, create: () => Promise<Runtime>): LaterRuntime {
  const created: Runtime[] = [];
  let ended = false;
  const end = async (): Promise<void> => {
    await Promise.all(created.splice(0).map((each) => each[Symbol.asyncDispose]()));
  };
  const runtime = later(clock, "components", async () => {
    const made = await create();
    created.push(made);
    if (!ended) return made;
    await end();
    throw new LatticeError("closed", "the runtime has ended");
  });
  return {
    prepare: async () => void (await runtime()),
    async openVolume(name, signal) {
      const made = await runtime(signal);
      if (made.openVolume !== undefined) return made.openVolume(name, signal);
      throw new LatticeError("unsupported", `volume '${name}': this host has no volumes`);
    },
    load: async (image, options) => (await runtime(options.signal)).load(image, options),
    [Symbol.asyncDispose]() {
      ended = true;
      return end();
    },
  };
}
