/** The port between a pool and what executes its calls: a component worker, or a stand-in in tests. */
import type { Call } from "../core/call.ts";
import type { LatticeError } from "../core/error.ts";
import type { WitValue } from "../core/wit.ts";

export interface Runner {
  /** Settles when the call has ended and its place is free. Rejects with `worker-lost` when the runner dies. */
  invoke(call: Call): Promise<readonly WitValue[]>;
  /** Gives a running call up: its `invoke` settles soon, by force if the worker must be ended for that. */
  cancel(call: Call): void;
  /** Aborts when the runner is dead, with the reason. */
  readonly lost: AbortSignal;
  /** Ends it; running calls reject with `reason`. */
  end(reason: LatticeError): void;
}
