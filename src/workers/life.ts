/**
 * The life of one instance: it ends with its last call, and nothing that the instance still waits for may wake it then.
 */
import type { GuestTimes } from "../core/call-probe.ts";

import { LatticeError } from "../core/error.ts";

export interface Life {
  /** The call that the instance serves; -1 before. */
  readonly callId: number;
  /** True once the guest has asked its host for anything: then it may hold something, or somebody it. */
  touched: boolean;
  /** True once the guest has chosen links by their names: where its imports go, the host alone knows then. */
  choosesLinks: boolean;
  /** A call begins; the one before ended well. `timed`: its times are wanted. */
  begin(callId: number, timed?: boolean): void;
  /** When the call began (`performance.now()`); absent unless it is timed. */
  readonly beganMs: number | undefined;
  /** How long the call has taken until now; `undefined` unless it is timed. */
  times(): GuestTimes | undefined;
  /** What `run` gives; the guest waits meanwhile. */
  paused<T>(run: () => T): T;
  /** True from the end of the last call. */
  readonly ended: boolean;
  /** Rejects when the call cannot go on, with the reason. Never resolves. */
  readonly failed: Promise<never>;
  /**
   * What `wait` gives, unless the life ends first: then never anything, and the guest sleeps on until it is collected.
   * A rejection fails the call instead of reaching the glue, which would hang on it when the import has no `result`.
   */
  guard<T>(wait: Promise<T>): Promise<T>;
  /** Ends the call from outside. */
  fail(reason: LatticeError): void;
  end(): void;
  /** Has `run` called at the end of the life. */
  atEnd(run: () => void): void;
}

export function createLife(): Life {
  let ended = false;
  let callId = -1;
  /** Of the call that runs: a promise that outlived calls would gather all who ever waited for it. */
  let failure: Failure | undefined;
  let beganMs: number | undefined;
  let waitedMs = 0;
  const endings: (() => void)[] = [];
  const end = (): void => {
    ended = true;
    for (const run of endings.splice(0)) run();
  };
  const fail = (reason: LatticeError): void => {
    end();
    (failure ??= createFailure()).reject(reason);
  };
  return {
    touched: false,
    choosesLinks: false,
    get callId() {
      return callId;
    },
    begin(id, timed = false) {
      callId = id;
      failure = undefined;
      beganMs = timed ? performance.now() : undefined;
      waitedMs = 0;
    },
    get beganMs() {
      return beganMs;
    },
    times() {
      if (beganMs === undefined) return undefined;
      const ranMs = performance.now() - beganMs;
      // Who waits for several things at once counts all of them.
      return { ranMs, waitedMs: Math.min(waitedMs, ranMs) };
    },
    paused(run) {
      if (beganMs === undefined) return run();
      const pausedMs = performance.now();
      try {
        return run();
      } finally {
        waitedMs += performance.now() - pausedMs;
      }
    },
    get ended() {
      return ended;
    },
    get failed() {
      return (failure ??= createFailure()).promise;
    },
    fail,
    end,
    atEnd: (run) => void endings.push(run),
    async guard(wait) {
      const pausedMs = beganMs === undefined ? 0 : performance.now();
      try {
        const value = await wait;
        if (beganMs !== undefined) waitedMs += performance.now() - pausedMs;
        if (!ended) return value;
      } catch (thrown) {
        fail(failureOf(thrown));
      }
      return new Promise<never>(() => undefined);
    },
  };
}

interface Failure {
  readonly promise: Promise<never>;
  readonly reject: (reason: LatticeError) => void;
}

function createFailure(): Failure {
  let reject: (reason: LatticeError) => void = () => undefined;
  const promise = new Promise<never>((_, no) => (reject = no));
  promise.catch(() => undefined); // heard by whoever races a call against it
  return { promise, reject };
}

function failureOf(thrown: unknown): LatticeError {
  if (thrown instanceof LatticeError) return thrown;
  return new LatticeError("guest-trapped", `a function of the host failed: ${String(thrown)}`, {
    cause: thrown,
  });
}
