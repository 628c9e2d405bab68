/** WIT `result`s as functions of JavaScript give them: `ok` is returned and `err` is thrown, by jco's rules. */
import type { WitType, WitValue } from "../core/wit.ts";

import { ComponentError } from "../core/component-error.ts";
import { ownMessageOf } from "../core/error.ts";

type ResultType = Extract<WitType, { kind: "result" }>;

/** How a function ended, in the program's words. */
export type Ending =
  | { readonly tag: "returned"; readonly value: unknown }
  | { readonly tag: "threw"; readonly reason: unknown };

/**
 * How `run`, a function of `result`, ends. JavaScript has no promise of a promise: what a function of a `future` gives is that
 * future, and nobody waits for it here.
 */
export async function endingOf(result: WitType | undefined, run: () => unknown): Promise<Ending> {
  try {
    const value = run();
    return { tag: "returned", value: result?.kind === "future" ? value : await value };
  } catch (reason) {
    return { tag: "threw", reason };
  }
}

/**
 * What a function of `result` that ended so gives. An `err` is the `payload` of what was thrown, else the thrown value itself
 * unless that is an `Error`; where `err` is a string it is the message of any `Error`. Other errors are thrown on: the
 * function failed.
 */
export function resultOf(result: WitType | undefined, ending: Ending): WitValue {
  if (result?.kind !== "result") {
    if (ending.tag === "threw") throw ending.reason;
    return ending.value;
  }
  if (ending.tag === "returned") return { tag: "ok", val: ending.value };
  return { tag: "err", val: payloadOf(result, ending.reason) };
}

function payloadOf({ err }: ResultType, thrown: unknown): unknown {
  if (typeof thrown === "object" && thrown !== null && Object.hasOwn(thrown, "payload")) {
    return Reflect.get(thrown, "payload");
  }
  if (!(thrown instanceof Error)) return thrown;
  if (err?.kind === "string") return ownMessageOf(thrown);
  throw thrown;
}

/** What a caller of a function of `result` gets for `value`. Throws {@link ComponentError} for an `err`. */
export function givenBack(result: WitType | undefined, value: WitValue): unknown {
  if (result?.kind !== "result") return value;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was checked against its type
  const { tag, val } = value as { readonly tag: "ok" | "err"; readonly val: unknown };
  if (tag === "err") throw new ComponentError(val);
  return val;
}
