/**
 * `wasi:keyvalue@0.2.0-draft` by `wrpc:keyvalue`: a bucket is the identifier that it was opened by, so that opening it
 * asks nobody (wasmCloud `crates/runtime/src/component/keyvalue.rs` at v1.9.2).
 */
import type { WitValue } from "../core/wit.ts";
import type { ImportFunction, ImportMapping } from "./import-mapping.ts";
import type { ExportMapping } from "./export-mapping.ts";

import { LatticeError } from "../core/error.ts";
import { errorText, stringOf } from "./parts.ts";
import { functionsOf, handleOf, nameOf, okOf, orErr, succeeded } from "./import-mapping.ts";

const WIRE = (name: string): string => `wrpc:keyvalue/${name}@0.2.0-draft`;

/** The variant `error` of the interface for a failure of the machinery. */
const other = (message: string): WitValue => ({ tag: "other", val: message });

/** A method or function of a bucket, whose handle comes first, as a function of the bucket's name. */
const ofBucket =
  (wire: string, func: string): ImportFunction =>
  ([bucket, ...args], { far }) =>
    orErr(far(WIRE(wire), func, [nameOf(bucket), ...args]), other);

/** As {@link ofBucket}; an error of the application is a trap, as in wasmCloud's hosts. */
const ofBatch =
  (func: string): ImportFunction =>
  ([bucket, ...args], { far }) => {
    const results = far(WIRE("batch"), func, [nameOf(bucket), ...args]);
    return orErr(
      results.then((given) => demandOk(func, given)),
      other,
    );
  };

function demandOk(func: string, results: readonly WitValue[]): readonly WitValue[] {
  const outcome = okOf(results);
  if ("ok" in outcome) return results;
  throw new LatticeError("guest-trapped", `${func} gave an error: ${errorText(outcome.err)}`);
}

const METHODS = ["get", "set", "delete", "exists", "list-keys"];

export const KEYVALUE_IMPORTS: Readonly<Record<string, ImportMapping>> = {
  "wasi:keyvalue/store@0.2.0-draft": {
    links: ["wasi:keyvalue/store"],
    functions: functionsOf({
      open: ([identifier]) => succeeded(handleOf(stringOf(identifier))),
      ...Object.fromEntries(
        METHODS.map((method) => [`[method]bucket.${method}`, ofBucket("store", method)]),
      ),
    }),
  },
  "wasi:keyvalue/atomics@0.2.0-draft": {
    links: ["wasi:keyvalue/atomics"],
    functions: functionsOf({ increment: ofBucket("atomics", "increment") }),
  },
  "wasi:keyvalue/batch@0.2.0-draft": {
    links: ["wasi:keyvalue/batch"],
    functions: functionsOf({
      "get-many": ofBatch("get-many"),
      "set-many": ofBatch("set-many"),
      "delete-many": ofBatch("delete-many"),
    }),
  },
};

/** The watcher gets its bucket as a handle, by which it can call the store. */
const withBucket = ([bucket, ...args]: readonly WitValue[]): readonly WitValue[] => [
  handleOf(stringOf(bucket)),
  ...args,
];

export const KEYVALUE_EXPORTS: Readonly<Record<string, ExportMapping>> = {
  "wasi:keyvalue/watcher@0.2.0-draft": {
    wire: WIRE("watcher"),
    functions: {
      "on-set": { func: "on-set", params: withBucket },
      "on-delete": { func: "on-delete", params: withBucket },
    },
  },
};
