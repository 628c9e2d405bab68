/**
 * `wrpc:rpc/error@0.1.0`: failures of calls as values. A component whose function gives `result<T, error>` with this error
 * hears by it that the call itself failed, and tells so by it; over the wire goes `T` alone (bytecodealliance/wrpc
 * `crates/runtime-wasmtime/src/{lib,polyfill}.rs` @ crates/runtime-wasmtime/v0.28.0, `rpc_result_type`).
 *
 * `wasmcloud:bus/error` makes another resource of it, with the same text (wasmCloud `crates/runtime/src/component/bus.rs` @
 * v1.9.2).
 */
import type { Results } from "../core/call.ts";
import type { FuncType, Interface, WitValue, World } from "../core/wit.ts";
import type { Face } from "./export-mapping.ts";
import type { Held, ImportMapping } from "./import-mapping.ts";

import { flowing } from "../core/call.ts";
import { asLatticeError, LatticeError, messageOf } from "../core/error.ts";
import { failed, functionsOf, okOf, succeeded } from "./import-mapping.ts";

const RPC_ERROR = "wrpc:rpc/error@0.1.0";

/** Longest text that is kept of a failure, in UTF-16 units. */
const MOST_TEXT = 4096;

class CallFailure {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const described: ImportMapping["functions"] = functionsOf({
  "[method]error.to-debug-string": ([handle], { held }) => [held.get(CallFailure, handle).text],
});

/** No link leads there: the host has them itself. `from-io-error` is not there: errors of WASI stay in the worker. */
export const RPC_ERROR_IMPORTS: Readonly<Record<string, ImportMapping>> = {
  [RPC_ERROR]: { links: [], functions: described },
  "wasmcloud:bus/error@2.0.1": {
    links: [],
    functions: new Map([
      ...described,
      [
        "[static]error.from-rpc-error",
        ([handle], { held }) => [held.put(held.take(CallFailure, handle))],
      ],
    ]),
  },
};

/** Whether the function's failures are values of it. */
export function tellsFailures({ result }: FuncType): boolean {
  const err = result?.kind === "result" ? result.err : undefined;
  return err?.kind === "own" && err.of === RPC_ERROR && err.resource === "error";
}

/** `interfaces` as they are on the wire. */
export function onTheWire(interfaces: World["exports"]): World["exports"] {
  return new Map([...interfaces].map(([name, functions]) => [name, withoutFailures(functions)]));
}

function withoutFailures(functions: Interface): Interface {
  if (![...functions.values()].some(tellsFailures)) return functions;
  return new Map(
    [...functions].map(([name, type]) => [name, tellsFailures(type) ? succeeding(type) : type]),
  );
}

/** The same function, which gives what it gives when nothing fails. */
function succeeding({ result, ...rest }: FuncType): FuncType {
  const ok = result?.kind === "result" ? result.ok : undefined;
  return ok === undefined ? rest : { ...rest, result: ok };
}

/** What a guest is given for `call`: its result, or the failure as an error that it may look at. */
export async function withFailures(call: Promise<Results>, held: Held): Promise<Results> {
  try {
    const results = await call;
    const told = succeeded(results[0]);
    return results.ended === undefined ? told : flowing(told, results.ended);
  } catch (cause) {
    // Nobody waits for a call that was given up.
    if (asLatticeError(cause).code === "aborted") throw cause;
    return failed(held.put(new CallFailure(messageOf(cause).slice(0, MOST_TEXT))));
  }
}

/** `face` as the lattice calls it: an error of this kind ends a call without results. */
export function faceOnTheWire(face: Face): Face {
  const exports = onTheWire(face.world.exports);
  const { world, callee } = face;
  if ([...exports].every(([name, functions]) => world.exports.get(name) === functions)) return face;
  return {
    world: { imports: world.imports, exports },
    callee: {
      async invoke(call) {
        const results = await callee.invoke(call);
        const type = world.exports.get(call.instance)?.get(call.func);
        if (type === undefined || !tellsFailures(type)) return results;
        const given = unwrapped(results, type);
        return results.ended === undefined ? given : flowing(given, results.ended);
      },
    },
  };
}

function unwrapped(results: Results, { result }: FuncType): readonly WitValue[] {
  const outcome = okOf(results);
  if ("err" in outcome) {
    const error = "the component gave an error of wrpc:rpc instead of a result";
    throw new LatticeError("guest-trapped", error);
  }
  return result?.kind === "result" && result.ok !== undefined ? [outcome.ok] : [];
}
