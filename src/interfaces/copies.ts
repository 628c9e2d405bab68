/** Parameters and results of a function, checked and copied as encoding and decoding would do it. */
import type { FuncType, WitValue } from "../core/wit.ts";

import { copyTuple } from "../wire/value-copy.ts";
import { paramTypes, resultTypes } from "../wire/value.ts";

/** @throws {LatticeError} `bad-input` for values that are not of their types. */
export function copyParams(type: FuncType, args: readonly WitValue[]): readonly WitValue[] {
  return copyTuple(paramTypes(type), args);
}

/** @throws {LatticeError} as {@link copyParams}. */
export function copyResults(type: FuncType, results: readonly WitValue[]): readonly WitValue[] {
  return copyTuple(resultTypes(type), results, "results");
}
