/**
 * Failures of the machinery as errors that a guest can handle, where the type of what it imports has room for a text.
 *
 * A native host traps the guest instead (wasmCloud `crates/runtime/src/component/mod.rs` at v1.9.2), which is what
 * happens here too where the type has no room, and for calls that nobody waits for any more.
 */
import type { ErrorCode, LatticeError } from "../core/error.ts";
import type { FuncType, WitType, WitValue } from "../core/wit.ts";

import { httpErrorOf } from "../interfaces/http-errors.ts";

/** Cases that WASI and wasmCloud have for "something else went wrong, namely …", in the order of preference. */
const CASES = ["other", "upstream", "io", "internal-error"];

/** What concerns the call as a whole, or tells of a defect of this program or its worker. */
const FATAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "aborted",
  "closed",
  "worker-lost",
  "guest-trapped",
  "internal",
]);

/** `reason` as the `err` that `type` allows; `undefined` if it has none for a text. */
export function errOf({ result }: FuncType, reason: LatticeError): WitValue {
  if (result?.kind !== "result" || result.err === undefined || FATAL.has(reason.code))
    return undefined;
  const val = isHttp(result.err) ? httpErrorOf(reason) : textAs(result.err, reason.message);
  return val === undefined ? undefined : { tag: "err", val };
}

/** HTTP has a case of its own for most failures. */
function isHttp(type: WitType): boolean {
  return type.kind === "variant" && type.cases.some(({ name }) => name === "HTTP-protocol-error");
}

function textAs(type: WitType, text: string): WitValue {
  if (type.kind === "string") return text;
  if (type.kind !== "variant") return undefined;
  for (const name of CASES) {
    const found = type.cases.find((each) => each.name === name);
    if (found?.type !== undefined && takesText(found.type)) return { tag: name, val: text };
  }
  return undefined;
}

/** An `option` that is there looks as what is in it. */
function takesText(type: WitType): boolean {
  return type.kind === "string" || (type.kind === "option" && type.some.kind === "string");
}
