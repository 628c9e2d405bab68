/** Records each call that passes, when all of it has ended: who, what, how long, how it ended. */
import type { Call, Interceptor } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { ErrorCode } from "../../core/error.ts";
import type { CallOutcome, CallRecord } from "../../core/event.ts";
import type { CallWay } from "../../core/watched-calls.ts";
import type { CallTap } from "./tap.ts";

import { asLatticeError } from "../../core/error.ts";
import { shownFunction } from "../../interfaces/actor-names.ts";

export interface TraceOptions {
  /** For calls that go to the lattice, from whom; default: they are answered here. */
  readonly outgoing?: CallRecord["outgoing"];
  /** Who watches calls; default nobody. */
  readonly tap?: CallTap;
  /** How those who watch see what passes; default `served`. */
  readonly way?: CallWay;
}

export function trace(
  clock: Clock,
  record: (call: CallRecord) => void,
  { outgoing, tap, way = "served" }: TraceOptions = {},
): Interceptor {
  const kind = outgoing === undefined ? {} : { outgoing };
  return (next) => ({
    async invoke(call) {
      const at = clock.now();
      const started = clock.monotonic();
      const watched = tap?.watcher?.begin(call, way, started);
      const end = (outcome: CallOutcome, error?: string): void => {
        const ended: CallRecord = {
          ...identity(call),
          ...kind,
          at,
          tookMs: clock.monotonic() - started,
          outcome,
          ...(error === undefined ? {} : { error }),
        };
        record(ended);
        watched?.ended(ended);
      };
      const fail = (cause: unknown): void => {
        const { code, message } = asLatticeError(cause);
        end(outcomeOf(code), `${code}: ${message}`);
      };
      try {
        const results = await next.invoke(
          watched === undefined ? call : { ...call, probe: watched },
        );
        if (results.ended === undefined) end("ok");
        else results.ended.then(() => end("ok"), fail);
        return results;
      } catch (cause) {
        fail(cause);
        throw cause;
      }
    },
  });
}

function identity(
  call: Call,
): Pick<CallRecord, "id" | "source" | "target" | "instance" | "func" | "traceparent"> {
  const { id, source, target, instance } = call;
  const func = shownFunction(call);
  return { id, source, target, instance, func, traceparent: call.trace.get("traceparent") };
}

export function outcomeOf(code: ErrorCode): CallOutcome {
  if (code === "overloaded") return "refused";
  return code === "aborted" ? "aborted" : "failed";
}
