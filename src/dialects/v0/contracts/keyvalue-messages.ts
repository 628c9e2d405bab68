/** What goes to and from providers of `wasmcloud:keyvalue` (wasmCloud/interfaces `keyvalue/keyvalue.smithy`), and its interfaces. */
import type { Shape } from "../../../wire/shape.ts";

import { LatticeError } from "../../../core/error.ts";
import { struct } from "../../../wire/msgpack.ts";
import { defaulting, flag, text as string } from "../../../wire/shape.ts";

export const STORE: string = "wrpc:keyvalue/store@0.2.0-draft";
export const ATOMICS: string = "wrpc:keyvalue/atomics@0.2.0-draft";
export const COUNTERS: string = "inlay:keyvalue/atomics@0.1.0";
export const BATCH: string = "wrpc:keyvalue/batch@0.2.0-draft";
export const BUCKET: string = "";

export const isInt32 = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
export const int32: Shape<number> = (value, path) => {
  if (isInt32(value)) return value;
  throw new LatticeError("bad-message", `"${path}" must be a whole number of 32 bits`);
};

interface GetResponse {
  readonly value: string;
  readonly exists: boolean;
}
export const getResponse: Shape<GetResponse> = struct<GetResponse>({
  value: defaulting(string, ""),
  exists: flag,
});
