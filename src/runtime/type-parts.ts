/** What is among the parameters and results of a function. */
import type { FuncType, WitType } from "../core/wit.ts";

interface Parts {
  readonly streams: boolean;
  readonly handles: boolean;
}

const NONE: Parts = { streams: false, handles: false };

/** Types are shared within a world, and asked about at each call. */
const known = new WeakMap<object, Parts>();

/** True if a stream or future is among them. */
export function hasStreams(func: FuncType | undefined): boolean {
  return func !== undefined && partsOf(func).streams;
}

/** True if a handle of a resource is among them. */
export function hasHandles(func: FuncType | undefined): boolean {
  return func !== undefined && partsOf(func).handles;
}

function partsOf(func: FuncType): Parts {
  let parts = known.get(func);
  if (parts === undefined) {
    const types = func.params.map(({ type }) => type);
    if (func.result !== undefined) types.push(func.result);
    parts = all(types);
    known.set(func, parts);
  }
  return parts;
}

function all(types: readonly (WitType | undefined)[]): Parts {
  const parts = types.map((type) => (type === undefined ? NONE : within(type)));
  return {
    streams: parts.some(({ streams }) => streams),
    handles: parts.some(({ handles }) => handles),
  };
}

function within(type: WitType): Parts {
  const before = known.get(type);
  if (before !== undefined) return before;
  const parts = look(type);
  known.set(type, parts);
  return parts;
}

function look(type: WitType): Parts {
  switch (type.kind) {
    case "stream":
    case "future":
      return { ...all([type.element]), streams: true };
    case "own":
    case "borrow":
      return { streams: false, handles: true };
    case "list":
      return within(type.element);
    case "option":
      return within(type.some);
    case "result":
      return all([type.ok, type.err]);
    case "tuple":
      return all(type.elements);
    case "record":
      return all(type.fields.map((field) => field.type));
    case "variant":
      return all(type.cases.map((each) => each.type));
    default:
      return NONE;
  }
}
