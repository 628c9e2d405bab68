/** Records each call that passes, when all of it has ended: who, what, how long, how it ended. */
import type { Call, Interceptor } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { ErrorCode } from "../../core/error.ts";
import type { CallOutcome, CallRecord } from "../../core/event.ts";

import { asLatticeError } from "../../core/error.ts";
import { shownFunction } from "../../interfaces/actor-names.ts";

/** `outgoing`: for calls that go to the lattice, from whom; default: they are answered here. */
export function trace(
  clock: Clock,
  record: (call: CallRecord) => void,
  outgoing?: CallRecord["outgoing"],
): Interceptor {
  const kind = outgoing === undefined ? {} : { outgoing };
  return (next) => ({
    async invoke(call) {
      const at = clock.now();
      const started = clock.monotonic();
      const end = (outcome: CallOutcome, error?: string): void =>
        record({
          ...identity(call),
          ...kind,
          at,
          tookMs: clock.monotonic() - started,
          outcome,
          ...(error === undefined ? {} : { error }),
        });
      const fail = (cause: unknown): void => {
        const { code, message } = asLatticeError(cause);
        end(outcomeOf(code), `${code}: ${message}`);
      };
      try {
        const results = await next.invoke(call);
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
