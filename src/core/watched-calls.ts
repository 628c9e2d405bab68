/** The topics `calls` and `rates`: what watchers are told of calls, and of those who answer them. */
import type { CallOutcome } from "./event.ts";

/** Calls that have ended since the last update; at most some hundreds. */
export interface WatchedCalls {
  /** In the order in which they ended: what was called within a call stands before it. */
  readonly calls: readonly WatchedCall[];
  /** Others that have ended meanwhile and are told by their number only, because there were too many. */
  readonly dropped: number;
}

/**
 * How a call came about: `served` for the lattice, `local` between members of this node or from its page, `outgoing` to the
 * lattice, `companion` answered in its caller's own worker, `host` answered by this host itself.
 */
export type CallWay = "served" | "local" | "outgoing" | "companion" | "host";

/** A call that has ended. Values of secrets are not in it. Times in milliseconds. */
export interface WatchedCall {
  /** Unique in this node; ascending in the order in which calls began. */
  readonly seq: number;
  /** `seq` of the call within which it was made, if that is watched too. */
  readonly parent?: number;
  /** As records and logs have it. */
  readonly id: string;
  readonly way: CallWay;
  /** Absent for calls of the page, and where the caller does not say. */
  readonly source?: string;
  /** Absent where the host itself answers. */
  readonly target?: string;
  readonly instance: string;
  readonly func: string;
  readonly traceparent?: string;
  /** Since the epoch. */
  readonly at: number;
  /** From its arrival to the end of all that it gives. */
  readonly tookMs: number;
  readonly times: CallTimes;
  readonly outcome: CallOutcome;
  /** Code and message, for all but `ok`. */
  readonly error?: string;
  /** By the names of the parameters, as WAVE; absent where the values were not seen. */
  readonly args?: readonly WatchedValue[];
  /** As WAVE; absent without a result, and where it was not seen. */
  readonly result?: string;
  /** Some value was too long and is not whole. */
  readonly cut?: boolean;
}

export interface WatchedValue {
  readonly name: string;
  readonly text: string;
}

/** Parts of a call's time, each where it is known. They add up to less than all of it. */
export interface CallTimes {
  /** Reading what came. */
  readonly decodeMs?: number;
  /** Waiting in line. */
  readonly queueMs?: number;
  /** To the worker and back; making an instance, if none was ready. */
  readonly workerMs?: number;
  /** In the guest, from its function to its end. */
  readonly guestMs?: number;
  /** Of that: waiting for what it imports. */
  readonly waitedMs?: number;
  /** Writing what goes. */
  readonly encodeMs?: number;
}

/** What components do and have, once a second. Functions and their times are in `metrics` of the node's state. */
export interface WatchedRates {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Calls by the second in which they ended, oldest first; the last one is the second before `at`. At most 300. */
  readonly seconds: readonly RateSecond[];
  readonly components: readonly ComponentRates[];
}

export interface RateSecond {
  readonly calls: number;
  /** Of them: not `ok`. */
  readonly errors: number;
}

export interface ComponentRates {
  readonly id: string;
  readonly workers: number;
  /** Instances that are there, also those that wait for a call. */
  readonly instances: number;
  /** Linear memories, also those that are kept for the next instances. All that browsers tell of a component's memory. */
  readonly memoryBytes: number;
  /** Time that its guests have computed by time that has passed since the last look: 2 are two busy workers. */
  readonly busy: number;
}
