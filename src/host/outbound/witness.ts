/**
 * Hears what a companion has answered, and makes of it what a call within this node leaves behind: its record, and where it
 * failed the words that its caller gets and the line in the log.
 */
import type { CallRecord } from "../../core/event.ts";
import type { EntityId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { CompanionCall, Witness } from "../../core/runtime.ts";
import type { FuncType } from "../../core/wit.ts";

import { asLatticeError, LatticeError } from "../../core/error.ts";
import { DEFAULT_LINK } from "../../core/link.ts";
import { outcomeOf } from "../interceptors/trace.ts";
import { failureOf } from "./short-circuit.ts";
import { childTrace } from "./trace-context.ts";

export interface WitnessParts {
  readonly target: EntityId;
  readonly log: Log;
  /** `parent`: the id of the call within which it was. */
  readonly record: (call: CallRecord, parent: string | undefined) => void;
  /** `undefined` for a function that was never entrusted. */
  readonly typeOf: (instance: string, func: string) => FuncType | undefined;
  readonly took: (instance: string, func: string, tookMs: number) => void;
}

export function createWitness(parts: WitnessParts): Witness {
  const { target, log, record: keepRecord, typeOf, took } = parts;
  const keep = (call: CompanionCall, end: Pick<CallRecord, "outcome" | "error">): void => {
    const { id, source, instance, func, at, tookMs } = call;
    const traceparent = childTrace(call.trace).get("traceparent");
    const record = { id, source, target, instance, func, traceparent, at, tookMs, ...end };
    keepRecord(record, call.parent);
    took(instance, func, tookMs);
  };
  return {
    ended: (call) => keep(call, { outcome: "ok" }),
    failed(call, { code, message }) {
      keep(call, { outcome: outcomeOf(code), error: `${code}: ${message}` });
      const { source, instance, func } = call;
      try {
        const type = typeOf(instance, func);
        if (type === undefined)
          throw new LatticeError("internal", `no types of ${instance}#${func}`);
        return failureOf(call, target, type);
      } catch (thrown) {
        const told = asLatticeError(thrown);
        const why = { code: told.code, problem: told.message };
        log.warn("import.failed", {
          workload: source,
          instance,
          func,
          link: DEFAULT_LINK,
          target,
          ...why,
        });
        throw told;
      }
    },
  };
}
