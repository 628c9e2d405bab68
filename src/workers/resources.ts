/**
 * Resources of imported interfaces, within one life: bytes between the realms, and objects of a class for the glue.
 *
 * Whoever answers the interface chooses the bytes of a handle and alone understands them. A guest can only pass on what it
 * was given: the glue keeps handles in tables, and their bytes are out of its reach. Drops stay here.
 */
import type { ImportedInterface } from "../channels/component.ts";
import type { FuncType, WitType, WitValue } from "../core/wit.ts";
import type { Handle } from "../wire/type-parts.ts";
import type { IoStreams } from "./adapter.ts";
import type { RemoteStreams } from "./remote-streams.ts";

import { LatticeError } from "../core/error.ts";
import { camelCase } from "../core/wit.ts";
import { ioStreamOf, partsOfType } from "../wire/type-parts.ts";
import { isTagged } from "../wire/value-types.ts";

export interface Resources {
  /** The class of the resource `resource` of the interface `name`. */
  classOf(name: string, resource: string): ResourceClass;
  /** Values of the guest for the host: handles as bytes. */
  out(values: readonly WitValue[], types: readonly WitType[]): readonly WitValue[];
  /** Values of the host for the guest: bytes as objects. */
  in(values: readonly WitValue[], types: readonly WitType[]): readonly WitValue[];
}

export interface ResourceClass {
  /** For the glue. */
  readonly made: ((this: unknown, ...args: readonly WitValue[]) => unknown) & {
    readonly prototype: object;
  };
  /** What `new` gives: the object, or a promise of it, which the glue awaits. */
  construct: (...args: readonly WitValue[]) => unknown;
}

export interface ResourceParts {
  readonly imports: ReadonlyMap<string, ImportedInterface>;
  readonly streams: RemoteStreams;
  /** Makes streams of `wasi:io`; absent if the component has none. */
  readonly io: IoStreams | undefined;
}

export function createResources({ imports, streams, io }: ResourceParts): Resources {
  const bytesOf = new WeakMap<object, Uint8Array>();
  const classes = new Map<string, ResourceClass>();
  for (const [name, { resources }] of imports) {
    for (const resource of resources) classes.set(`${name}.${resource}`, createClass());
  }
  const toBytes = (handle: Handle, value: WitValue): WitValue => {
    const bytes = typeof value === "object" && value !== null ? bytesOf.get(value) : undefined;
    if (bytes === undefined) throw misfit(handle, "is none");
    return bytes;
  };
  const toObject = (handle: Handle, value: WitValue): WitValue => {
    const found = classes.get(`${handle.of}.${handle.resource}`);
    if (found === undefined) return toStream(handle, value);
    if (!(value instanceof Uint8Array)) throw misfit(handle, "came as something else than bytes");
    const object: object = Object.create(found.made.prototype);
    bytesOf.set(object, value);
    return object;
  };
  const toStream = (handle: Handle, value: WitValue): WitValue => {
    const kind = ioStreamOf(handle);
    const stream = partOf(value, "$stream");
    const sink = partOf(value, "$sink");
    if (kind === "input" && typeof stream === "number") {
      return io?.input(streams.source({ $stream: stream })) ?? noStreams(handle);
    }
    if (kind === "output" && typeof sink === "number") {
      return io?.output(streams.sinkOf({ $sink: sink })) ?? noStreams(handle);
    }
    throw misfit(handle, "came as something else than a stream");
  };
  return {
    classOf(name, resource) {
      const found = classes.get(`${name}.${resource}`);
      if (found === undefined)
        throw new LatticeError("internal", `no resource ${name}.${resource}`);
      return found;
    },
    out: (values, types) => values.map((value, index) => converted(value, types[index], toBytes)),
    in: (values, types) => values.map((value, index) => converted(value, types[index], toObject)),
  };
}

/** Parameters of `func` as {@link Resources} takes them. */
export function paramTypes({ params }: FuncType): readonly WitType[] {
  return params.map(({ type }) => type);
}

export function resultTypes({ result }: FuncType): readonly WitType[] {
  return result === undefined ? [] : [result];
}

function createClass(): ResourceClass {
  const own: ResourceClass = {
    // No class: its constructor could give no promise.
    made: function (this: unknown, ...args) {
      return own.construct(...args);
    },
    construct() {
      throw new LatticeError("internal", "the resource has no constructor");
    },
  };
  return own;
}

type Convert = (handle: Handle, value: WitValue) => WitValue;

/** `value` with its handles converted; parts without any stay as they are. */
function converted(value: WitValue, type: WitType | undefined, convert: Convert): WitValue {
  if (type === undefined || !partsOfType(type).handles) return value;
  const next = (part: WitValue, of: WitType | undefined): WitValue => converted(part, of, convert);
  const payload = (of: WitType | undefined): WitValue =>
    of === undefined ? value : { tag: tagOf(value), val: next(partOf(value, "val"), of) };
  switch (type.kind) {
    case "own":
    case "borrow":
      return convert(type, value);
    case "list":
      return Array.isArray(value) ? value.map((part: WitValue) => next(part, type.element)) : value;
    case "tuple":
      return Array.isArray(value)
        ? value.map((part: WitValue, index) => next(part, type.elements[index]))
        : value;
    case "option":
      if (isTagged(type)) return tagOf(value) === "some" ? payload(type.some) : value;
      return value === undefined || value === null ? undefined : next(value, type.some);
    case "result":
      return payload(tagOf(value) === "err" ? type.err : type.ok);
    case "variant":
      return payload(type.cases.find(({ name }) => name === tagOf(value))?.type);
    case "record":
      return Object.fromEntries(
        type.fields.map((field) => {
          const name = camelCase(field.name);
          return [name, next(partOf(value, name), field.type)];
        }),
      );
    default:
      return value;
  }
}

function tagOf(value: WitValue): WitValue {
  return partOf(value, "tag");
}

function partOf(value: WitValue, name: string): WitValue {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function noStreams({ resource }: Handle): never {
  throw new LatticeError("unsupported", `${resource} leads nowhere here`);
}

function misfit({ resource }: Handle, what: string): LatticeError {
  return new LatticeError("bad-message", `a handle of ${resource} ${what}`);
}
