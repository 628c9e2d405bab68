/** The port between a pool and what executes its calls: a component worker, or a stand-in in tests. */
import type { Call, Results } from "../core/call.ts";
import type { LatticeError } from "../core/error.ts";
import type { Pool } from "../core/runtime.ts";

export interface Runner {
  invoke(call: Call): RunningCall;
  /** Gives a running call up: it ends soon, by force if the worker must be ended for that. */
  cancel(call: Call): void;
  /** As {@link Pool.accompany}; absent where it cannot be. */
  readonly accompany?: NonNullable<Pool["accompany"]>;
  /** Aborts when the runner is dead, with the reason. */
  readonly lost: AbortSignal;
  /** Ends it; running calls reject with `reason`. */
  end(reason: LatticeError): void;
}

export interface RunningCall {
  /** May come before the call has ended, with streams that are still written. Rejects with `worker-lost` when the runner dies. */
  readonly results: Promise<Results>;
  /** Resolves when the call has ended, well or not, and its place is free. */
  readonly ended: Promise<void>;
}
