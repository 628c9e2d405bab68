/** Handles among the values of a function: those of resources that its exporter has, and those of others. */
import type { FuncType, WitValue } from "../core/wit.ts";
import type { ConvertHandle } from "./convert-handles.ts";
import type { Handle } from "./type-parts.ts";

import { convertHandles } from "./convert-handles.ts";
import { handlesIn } from "./type-parts.ts";
import { paramTypes, resultTypes } from "./value.ts";

/** Which handles of a function are of the exporter's own resources. */
export interface OwnHandles {
  readonly taken: boolean;
  readonly given: boolean;
}

/** Tells which handles are meant: an exporter's own have no `of`. */
export type Meant = (handle: Handle) => boolean;

export const isOwn: Meant = ({ of }) => of === undefined;

// A memo, not state: the answer depends on the function alone.
const known = new WeakMap<FuncType, OwnHandles>();

/** By the types as the exporter has them. */
export function ownHandles(type: FuncType): OwnHandles {
  let found = known.get(type);
  if (found === undefined) {
    const taken = handlesIn(paramTypes(type)).some(isOwn);
    const given = handlesIn(resultTypes(type)).some(isOwn);
    known.set(type, (found = { taken, given }));
  }
  return found;
}

/** `args` with the handles that are `meant` converted. */
export function convertParams(
  type: FuncType,
  args: readonly WitValue[],
  meant: Meant,
  convert: ConvertHandle,
): readonly WitValue[] {
  const types = paramTypes(type);
  return args.map((value, index) => convertHandles(value, types[index], only(meant, convert)));
}

/** The same of results. */
export function convertResults(
  type: FuncType,
  results: readonly WitValue[],
  meant: Meant,
  convert: ConvertHandle,
): readonly WitValue[] {
  const types = resultTypes(type);
  return results.map((value, index) => convertHandles(value, types[index], only(meant, convert)));
}

/** Shows each handle among `args` that is `meant` to `see`. */
export function seeParams(
  type: FuncType,
  args: readonly WitValue[],
  meant: Meant,
  see: (handle: Handle, value: WitValue) => void,
): void {
  convertParams(type, args, meant, seeing(see));
}

/** The same of results. */
export function seeResults(
  type: FuncType,
  results: readonly WitValue[],
  meant: Meant,
  see: (handle: Handle, value: WitValue) => void,
): void {
  convertResults(type, results, meant, seeing(see));
}

function only(meant: Meant, convert: ConvertHandle): ConvertHandle {
  return (handle, value) => (meant(handle) ? convert(handle, value) : value);
}

function seeing(see: (handle: Handle, value: WitValue) => void): ConvertHandle {
  return (handle, value) => {
    see(handle, value);
    return value;
  };
}
