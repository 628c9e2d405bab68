/**
 * Calls of a target in this node without NATS and without encoding, that look to their caller as if they had gone over
 * NATS: the same checks of values, copies of them, and the same words for a failure.
 */
import type { Call, Callee } from "../../core/call.ts";
import type { EntityId } from "../../core/ids.ts";
import type { FuncType, WitValue } from "../../core/wit.ts";

import { flowing } from "../../core/call.ts";
import { asLatticeError, LatticeError } from "../../core/error.ts";
import { copyParams, copyResults } from "../../interfaces/copies.ts";

/** `callee` as the lattice would have it: calls of a function of `type` are copied in and out. */
export function asIfRemote(callee: Callee, target: EntityId, type: FuncType): Callee {
  return {
    async invoke(call) {
      call.signal.throwIfAborted();
      const args = copyParams(type, call.args);
      try {
        const results = await callee.invoke({ ...call, args });
        const copies = copyResults(type, results);
        return results.ended === undefined ? copies : flowing(copies, results.ended);
      } catch (cause) {
        // The one failure that Inlay nodes tell each other.
        if (!call.signal.aborted && asLatticeError(cause).code === "gone") throw cause;
        return failureOf(call, target, type);
      }
    },
  };
}

/**
 * What the caller of a function of `type` that failed at `target` gets, or throws.
 *
 * wRPC has no word for failure, and cannot tell one of a function without results from nothing at all. Why it failed is in
 * the record and the log of the target, which is where an operator looks in either case.
 */
export function failureOf(
  { func, signal }: Pick<Call, "func" | "signal">,
  target: EntityId,
  type: FuncType,
): readonly WitValue[] {
  if (signal.aborted) throw asLatticeError(signal.reason, "aborted");
  if (type.result === undefined) return [];
  throw new LatticeError("incomplete", `${target} ended ${func} without a result: it failed there`);
}
