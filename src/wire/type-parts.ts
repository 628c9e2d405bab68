/** What is among the parameters and results of a function that needs care where values cross between realms. */
import type { FuncType, WitType } from "../core/wit.ts";

import { withoutVersion } from "../core/wit.ts";
import { innerTypes } from "./inner-types.ts";

export interface TypeParts {
  /** Streams or futures of the component model. */
  readonly streams: boolean;
  /** Streams of `wasi:io`, which are resources. */
  readonly ioStreams: boolean;
  /** Handles of resources, those of `wasi:io` included. */
  readonly handles: boolean;
}

export type Handle = Extract<WitType, { readonly kind: "own" | "borrow" }>;

const NONE: TypeParts = { streams: false, ioStreams: false, handles: false };

/** Types are shared within a world, and asked about at each call. */
const known = new WeakMap<object, TypeParts>();

export function partsOf(func: FuncType): TypeParts {
  let parts = known.get(func);
  if (parts === undefined) {
    parts = all([...func.params.map(({ type }) => type), func.result]);
    known.set(func, parts);
  }
  return parts;
}

export function partsOfType(type: WitType): TypeParts {
  let parts = known.get(type);
  if (parts === undefined) {
    parts = look(type);
    known.set(type, parts);
  }
  return parts;
}

/** All handles in `types`, each type looked at once. */
export function handlesIn(types: Iterable<WitType>): readonly Handle[] {
  const seen = new Set<WitType>();
  const found: Handle[] = [];
  const visit = (type: WitType): void => {
    if (seen.has(type) || !partsOfType(type).handles) return;
    seen.add(type);
    if (type.kind === "own" || type.kind === "borrow") found.push(type);
    else for (const part of innerTypes(type)) visit(part);
  };
  for (const type of types) visit(type);
  return found;
}

/** `input-stream` and `output-stream`. */
export function ioStreamOf({ of, resource }: Handle): "input" | "output" | undefined {
  if (of === undefined || withoutVersion(of) !== "wasi:io/streams") return undefined;
  if (resource === "input-stream") return "input";
  return resource === "output-stream" ? "output" : undefined;
}

function all(types: readonly (WitType | undefined)[]): TypeParts {
  const parts = types.map((type) => (type === undefined ? NONE : partsOfType(type)));
  return {
    streams: parts.some(({ streams }) => streams),
    ioStreams: parts.some(({ ioStreams }) => ioStreams),
    handles: parts.some(({ handles }) => handles),
  };
}

function look(type: WitType): TypeParts {
  if (type.kind === "own" || type.kind === "borrow") {
    return { streams: false, ioStreams: ioStreamOf(type) !== undefined, handles: true };
  }
  const within = all(innerTypes(type));
  const isStream = type.kind === "stream" || type.kind === "future";
  return isStream ? { ...within, streams: true } : within;
}
