/**
 * A component of 0.82, served as an actor is: by `wasmcloud:bus/guest`, or as a command. The argument is on its standard input,
 * what it writes to its standard output is the result (wasmCloud v0.82.0 `crates/runtime/src/actor/component/mod.rs`).
 */
import type { AdaptedCall, ExportAdapter, GuestInterface } from "../adapter.ts";
import type { Later } from "../remote-streams.ts";
import type { Stdio } from "./stdio.ts";
import type { Steps } from "./steps.ts";

import { LatticeError } from "../../core/error.ts";
import { err, ok } from "./results.ts";
import { run, wait } from "./steps.ts";

/** As guests of 0.82 see themselves called. */
const PROGRAM = "main.wasm";

export function actorGuest(stdio: Stdio): ExportAdapter {
  return (guest, call) => run(served(stdio, guest, call));
}

function* served(
  stdio: Stdio,
  guest: GuestInterface,
  { func, args }: AdaptedCall,
): Steps<readonly unknown[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoded by the function's type
  const [operation, argument] = args as readonly [string, Uint8Array];
  const { call, run: main } = guest;
  const entry = call === undefined ? main : () => call(operation);
  if (func !== "call" || entry === undefined) {
    throw new LatticeError("not-found", `an actor has no function ${func}`);
  }
  stdio.begin(call === undefined ? [PROGRAM, operation] : [PROGRAM], argument);
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the function gives nothing but an error
    yield* wait(entry() as Later<void>);
  } catch (thrown) {
    if (!(thrown instanceof Error) || !Object.hasOwn(thrown, "payload")) throw thrown;
    stdio.end();
    const text: unknown = Reflect.get(thrown, "payload");
    return [err(call === undefined ? "`wasi:command/command.run` failed" : String(text))];
  }
  return [ok(stdio.end())];
}
