/** What calls of this host pass, by the way that they come or go, and who may watch them there. */
import type { Interceptor } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { CallRecord } from "../../core/event.ts";
import type { CallTap } from "./tap.ts";

import { trace } from "./trace.ts";

export interface Interceptors {
  readonly tap: CallTap;
  /** Of calls that the lattice makes. */
  readonly intercept: Interceptor;
  /** Of calls from this node that are answered in it. */
  readonly interceptLocal: Interceptor;
  /** Of calls that go to the lattice. */
  readonly away: (from: "component" | "page") => Interceptor;
  /** Hears of a call that a companion has answered within the call `parent`. */
  readonly beside: (call: CallRecord, parent: string | undefined) => void;
  readonly watched: () => boolean;
}

export function createInterceptors(clock: Clock, record: (call: CallRecord) => void): Interceptors {
  const tap: CallTap = { watcher: undefined };
  return {
    tap,
    intercept: trace(clock, record, { tap }),
    interceptLocal: trace(clock, record, { tap, way: "local" }),
    away: (outgoing) => trace(clock, record, { tap, way: "outgoing", outgoing }),
    beside(call, parent) {
      record(call);
      tap.watcher?.accompanied(call, parent);
    },
    watched: () => tap.watcher !== undefined,
  };
}
