/**
 * Interfaces as components of wasmCloud 0.82 import them, by those of the lattice: `wasi:keyvalue@0.1.0`, `wasi:blobstore@0.1.0` and
 * `wasmcloud:messaging` without version (wasmCloud v0.82.0 `crates/runtime/wit`, `crates/runtime/src/actor/component/`).
 *
 * A bucket is its name, a value of the store is whole before it is sent and once it has come.
 */
import type { WitValue } from "../core/wit.ts";
import type { ImportContext, ImportFunction, ImportMapping } from "./import-mapping.ts";

import { failed, functionsOf, handleOf, nameOf, okOf, orErr, succeeded } from "./import-mapping.ts";
import { OLDER_BLOBSTORE } from "./older-blobstore.ts";
import { OlderError, OlderValue } from "./older-values.ts";
import { bytesOf, errorText, partOf, stringOf } from "./parts.ts";

type Args = readonly WitValue[];

const STORE = "wrpc:keyvalue/store@0.2.0-draft";
const ATOMICS = "wrpc:keyvalue/atomics@0.2.0-draft";
const CONSUMER = "wasmcloud:messaging/consumer@0.2.0";

/** Errors of the store are resources, with a text. */
const failedWith = ({ held }: ImportContext, text: string): Args =>
  failed(held.put(new OlderError(text)));

/** What `call` gives, with its `ok` as `map` has it, and each failure as an error of the store. */
async function stored(
  context: ImportContext,
  call: Promise<Args>,
  map: (ok: WitValue) => Args,
): Promise<Args> {
  const other = (message: string): WitValue => ({ tag: "other", val: message });
  const outcome = okOf(await orErr(call, other));
  return "ok" in outcome ? map(outcome.ok) : failedWith(context, errorText(outcome.err));
}

const ofKey =
  (
    func: string,
    map: (ok: WitValue, context: ImportContext) => Args,
    wire: string = STORE,
  ): ImportFunction =>
  ([bucket, ...args], context) =>
    stored(context, context.far(wire, func, [nameOf(bucket), ...args]), (ok) => map(ok, context));

const ofOutgoing =
  (run: (value: OlderValue, ...args: Args) => Args): ImportFunction =>
  ([handle, ...args], { held }) =>
    run(held.get(OlderValue, handle), ...args);

const TYPES: Readonly<Record<string, ImportFunction>> = {
  "[static]bucket.open-bucket": ([name]) => succeeded(handleOf(stringOf(name))),
  "[static]outgoing-value.new-outgoing-value": (_, { held }) => [
    held.put(new OlderValue((bytes) => held.weigh(bytes))),
  ],
  "[method]outgoing-value.outgoing-value-write-body-sync": ofOutgoing((value, bytes) => {
    value.append(bytesOf(bytes));
    return succeeded();
  }),
  "[method]outgoing-value.outgoing-value-write-body-async": ofOutgoing((value) =>
    succeeded(value.sink()),
  ),
  "[static]incoming-value.incoming-value-consume-sync": ([handle], { held }) =>
    succeeded(held.take(OlderValue, handle).whole()),
  "[static]incoming-value.incoming-value-consume-async": ([handle], { held }) =>
    succeeded(held.take(OlderValue, handle).stream()),
  "[method]incoming-value.incoming-value-size": ofOutgoing((value) =>
    succeeded(BigInt(value.length)),
  ),
};

const EVENTUAL: Readonly<Record<string, ImportFunction>> = {
  get: ofKey("get", (found, { held }) => {
    if (found === undefined) return succeeded();
    const value = new OlderValue((bytes) => held.weigh(bytes));
    value.append(bytesOf(found));
    return succeeded(held.put(value));
  }),
  set([bucket, key, handle], context) {
    const value = context.held.get(OlderValue, handle);
    const args = [nameOf(bucket), stringOf(key), value.peek()];
    return stored(context, context.far(STORE, "set", args), () => succeeded());
  },
  delete: ofKey("delete", () => succeeded()),
  // As upstream, for which what is not there is an error here.
  exists: ofKey("exists", (found, context) =>
    found === true ? succeeded(true) : failedWith(context, "key does not exist"),
  ),
};

const ATOMIC: Readonly<Record<string, ImportFunction>> = {
  increment: ofKey("increment", (next) => succeeded(next), ATOMICS),
  "compare-and-swap": (_, context) => failedWith(context, "not supported"),
};

/** A text is the error of the interface. */
const text = (message: string): WitValue => message;
const bodyOf = (body: WitValue): Uint8Array =>
  body === undefined ? new Uint8Array(0) : bytesOf(body);

const requestOne = ([subject, body, timeoutMs]: Args, { far }: ImportContext): Promise<Args> =>
  orErr(far(CONSUMER, "request", [subject, bodyOf(body), timeoutMs]), text);

const MESSAGING: Readonly<Record<string, ImportFunction>> = {
  request: requestOne,
  async "request-multi"([subject, body, timeoutMs, most], context) {
    if (Number(most) > 1) return failed("a request has one reply at most here");
    const results = await requestOne([subject, body, timeoutMs], context);
    const outcome = okOf(results);
    return "ok" in outcome ? succeeded([outcome.ok]) : results;
  },
  publish([message], { far }) {
    const sent = {
      subject: partOf(message, "subject"),
      body: bodyOf(partOf(message, "body")),
      replyTo: partOf(message, "replyTo"),
    };
    return orErr(far(CONSUMER, "publish", [sent]), text);
  },
};

const mapping = (
  links: readonly string[],
  functions: Readonly<Record<string, ImportFunction>>,
): ImportMapping => ({ links, functions: functionsOf(functions) });

export const OLDER_IMPORTS: Readonly<Record<string, ImportMapping>> = {
  "wasi:keyvalue/types@0.1.0": mapping([], TYPES),
  "wasi:keyvalue/wasi-keyvalue-error@0.1.0": mapping([], {
    "[method]error.trace": ([handle], { held }) => [held.get(OlderError, handle).text],
  }),
  "wasi:keyvalue/eventual@0.1.0": mapping(["wasi:keyvalue/eventual"], EVENTUAL),
  "wasi:keyvalue/atomic@0.1.0": mapping(["wasi:keyvalue/atomic"], ATOMIC),
  ...OLDER_BLOBSTORE,
  "wasmcloud:messaging/consumer": mapping(["wasmcloud:messaging/consumer"], MESSAGING),
};
