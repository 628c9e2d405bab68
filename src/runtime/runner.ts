/** The port between a pool and what executes its calls: a component worker, or a stand-in in tests. */
import type { WorkerVitals } from "../channels/component.ts";
import type { Call, Results } from "../core/call.ts";
import type { LatticeError } from "../core/error.ts";
import type { Pool } from "../core/runtime.ts";

export interface Runner {
  /** With `resident`, in the instance of that number, which is made if it is not there, and kept if the call ends well. */
  invoke(call: Call, resident?: number): RunningCall;
  /** Gives a running call up: it ends soon, by force if the worker must be ended for that. */
  cancel(call: Call): void;
  /** As {@link Pool.accompany}; absent where it cannot be. */
  readonly accompany?: NonNullable<Pool["accompany"]>;
  /** Drops what an instance that was kept calls `slot`; without `slot`, ends the instance. No call may run in it. */
  drop(resident: number, slot?: number): Promise<void>;
  /** Absent if it cannot tell. One that computes answers when it is done. */
  vitals?(): Promise<WorkerVitals>;
  /** Aborts when the runner is dead, with the reason. */
  readonly lost: AbortSignal;
  /** Ends it; running calls reject with `reason`. */
  end(reason: LatticeError): void;
}

export interface RunningCall {
  /** May come before the call has ended, with streams that are still written. Rejects with `worker-lost` when the runner dies. */
  readonly results: Promise<Results>;
  /** Resolves when the call has ended and its place is free: to true if that was well. */
  readonly ended: Promise<boolean>;
}
