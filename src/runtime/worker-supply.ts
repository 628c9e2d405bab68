/** Component workers that have loaded their script but know no component yet; one is kept ready. */
import type { Cancel, Clock } from "../core/clock.ts";
import type { Port } from "../channels/port.ts";
import type { Spawn } from "../channels/spawn.ts";

import { LatticeError } from "../core/error.ts";
// oxlint-disable-next-line import/default -- the bundler gives the address of the worker
import componentWorker from "../workers/component.worker.ts?worker&url";

export interface FreshWorker {
  readonly port: Port;
  /** Aborts when the worker fails, with the reason. */
  readonly lost: AbortSignal;
  terminate(): void;
}

export interface WorkerSupply {
  /** A worker for the caller, who ends it. */
  take(): FreshWorker;
  end(): void;
}

/** A new spare starts when the worker that was taken has had time to start its component. */
const REFILL_MS = 500;

export interface WorkerSupplyOptions {
  readonly base: string | undefined;
  readonly spare: boolean;
  readonly spawn: Spawn;
}

export function createWorkerSupply(
  clock: Clock,
  { base, spare, spawn }: WorkerSupplyOptions,
): WorkerSupply {
  const start = (): FreshWorker => {
    const lost = new AbortController();
    const worker = spawn(componentWorker, {
      name: "inlay component",
      base,
      onLost: (reason) => lost.abort(reason),
    });
    return { port: worker.port, lost: lost.signal, terminate: () => worker.terminate() };
  };
  let ready = spare ? start() : undefined;
  let refill: Cancel | undefined;
  let ended = false;
  return {
    take() {
      if (ended) throw new LatticeError("closed", "the runtime has ended");
      const worker = ready === undefined || ready.lost.aborted ? start() : ready;
      ready = undefined;
      refill?.();
      if (spare) refill = clock.after(REFILL_MS, () => (ready = start()));
      return worker;
    },
    end() {
      ended = true;
      refill?.();
      ready?.terminate();
    },
  };
}
