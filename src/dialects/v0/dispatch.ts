/** Which function of a target an invocation means, and what its result is in bytes. */
import type { Call, Callee, Results } from "../../core/call.ts";
import type { FuncType, WitValue, World } from "../../core/wit.ts";
import type { Contracts } from "./contracts/contracts.ts";
import type { Invocation } from "./invocation.ts";

import { asLatticeError, LatticeError, messageOf } from "../../core/error.ts";
import { ACTOR_GUEST } from "../../interfaces/actor.ts";
import { copyParams, copyResults } from "../../interfaces/copies.ts";
import { fitting, withoutMark } from "./contracts/contract.ts";

/** Calls a function of the target. */
export type CallTarget = (
  instance: string,
  func: string,
  args: readonly WitValue[],
) => Promise<Results>;

/** How one invocation is carried out. */
export interface Plan {
  /** What is called first, for records. */
  readonly instance: string;
  readonly func: string;
  run(argument: Uint8Array, call: CallTarget): Promise<Uint8Array>;
}

/**
 * What a provider sends by its own contract goes to the interface that the contract has for it, if the target exports that: as
 * upstream, which knows `wasi:http/incoming-handler` of the kind. All else an actor takes as it is; what is no actor takes the
 * operations of contracts from anybody.
 *
 * @throws {LatticeError} `not-found` for an operation that the target does not have.
 */
export function planOf(
  { operation, origin }: Pick<Invocation, "operation"> & Partial<Pick<Invocation, "origin">>,
  world: World,
  contracts: Contracts,
): Plan {
  const found = contracts.served(operation);
  const served = fitting(found, world.exports);
  // What needs no interface is answered for those who could not take it themselves.
  const own =
    served !== undefined && served.needs.length > 0 && origin?.contract_id === found?.contract;
  if (world.exports.has(ACTOR_GUEST) && !own) {
    return {
      instance: ACTOR_GUEST,
      func: "call",
      async run(argument, call) {
        const results = await call(ACTOR_GUEST, "call", [operation, argument]);
        const answer = demandOkText(results);
        if (answer instanceof Uint8Array) return answer;
        throw new LatticeError("internal", "an actor gave something else than bytes");
      },
    };
  }
  if (served === undefined) {
    throw new LatticeError("not-found", `Malformed invocation: Invalid method name ${operation}`);
  }
  const [instance = operation] = served.needs;
  return {
    instance,
    func: operation,
    run: (argument, call) =>
      served.serve(withoutMark(argument), async (of, func, args) => {
        const type = typeOf(world, of, func);
        return copyResults(type, await call(of, func, copyParams(type, args)));
      }),
  };
}

/** Calls an operation of a member of this node, as an actor does: failures are texts. */
export async function callHere(
  world: World,
  callee: Callee,
  call: Call,
  contracts: Contracts,
): Promise<Results> {
  const [operation, argument] = call.args;
  if (typeof operation !== "string" || !(argument instanceof Uint8Array)) {
    throw new LatticeError("bad-input", "an actor calls with an operation and bytes");
  }
  try {
    const plan = planOf({ operation }, world, contracts);
    const val = await plan.run(argument, (instance, func, args) =>
      callee.invoke({ ...call, instance, func, args }),
    );
    return [{ tag: "ok", val }];
  } catch (cause) {
    if (call.signal.aborted) throw cause; // nobody waits for it
    return [{ tag: "err", val: failureText(cause) }];
  }
}

/** What the caller is told of a failure: as upstream, of a trap only that there was one. */
export function failureText(cause: unknown): string {
  const { code } = asLatticeError(cause);
  return code === "guest-trapped" ? "failed to handle invocation" : messageOf(cause);
}

/** The bytes that an actor gave, or its own words as an error. */
function demandOkText(results: readonly WitValue[]): WitValue {
  const [result] = results;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the worker gives results of the actor's own types
  const { tag, val } = result as { readonly tag: string; readonly val: WitValue };
  if (tag === "ok") return val;
  throw new LatticeError("bad-input", String(val));
}

function typeOf(world: World, instance: string, func: string): FuncType {
  const type = world.exports.get(instance)?.get(func);
  if (type !== undefined) return type;
  throw new LatticeError("not-found", `the target has no function ${func} of ${instance}`);
}
