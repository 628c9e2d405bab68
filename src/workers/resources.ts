/**
 * Resources within one life: objects of a class for the glue, and between the realms bytes for those of imported
 * interfaces, numbers for the guest's own.
 *
 * Whoever answers an imported interface chooses the bytes of a handle and alone understands them. A guest can only pass
 * on what it was given: the glue keeps handles in tables, and their bytes are out of its reach. Of its drops the host
 * hears where the handle is one of an Inlay node; others stay here.
 */
import type { ImportedInterface } from "../channels/component.ts";
import type { FuncType, WitType, WitValue } from "../core/wit.ts";
import type { Handle } from "../wire/type-parts.ts";
import type { IoStreams } from "./adapter.ts";
import type { RemoteStreams } from "./remote-streams.ts";

import { LatticeError } from "../core/error.ts";
import { convertHandles, partOf } from "../wire/convert-handles.ts";
import { HANDLE_BYTES } from "../wire/resource-handle.ts";
import { ioStreamOf } from "../wire/type-parts.ts";

export interface Resources {
  /** The class of the resource `resource` of the interface `name`. */
  classOf(name: string, resource: string): ResourceClass;
  /** Values of the guest for the host: handles as bytes or numbers. */
  out(values: readonly WitValue[], types: readonly WitType[]): readonly WitValue[];
  /** Values of the host for the guest: bytes and numbers as objects. */
  in(values: readonly WitValue[], types: readonly WitType[], own?: OwnClass): readonly WitValue[];
  /** Ends the guest's own resource of that number. */
  drop(slot: number): void;
}

export interface ResourceClass {
  /** For the glue. */
  readonly made: ((this: unknown, ...args: readonly WitValue[]) => unknown) & {
    readonly prototype: object;
  };
  /** What `new` gives: the object, or a promise of it, which the glue awaits. */
  construct: (...args: readonly WitValue[]) => unknown;
}

/** The class that an object of the guest's own resource of this name must have. */
export type OwnClass = (resource: string) => (new (...args: never[]) => object) | undefined;

export interface ResourceParts {
  readonly imports: ReadonlyMap<string, ImportedInterface>;
  readonly streams: RemoteStreams;
  /** Makes streams of `wasi:io`; absent if the component has none. */
  readonly io: IoStreams | undefined;
  /** Hears of handles that the guest has no use for any more. */
  readonly dropped: (handle: Uint8Array) => void;
}

/** As jco's glue has it where the engine has none. */
const DISPOSE: symbol = Symbol.dispose ?? Symbol.for("dispose");

export function createResources({ imports, streams, io, dropped }: ResourceParts): Resources {
  const bytesOf = new WeakMap<object, Uint8Array>();
  const own = new Map<number, object>();
  let lastSlot = 0;
  const dispose = function (this: object): void {
    const handle = bytesOf.get(this);
    // The host looks whether it is one of an Inlay node; most are not, by their length.
    if (handle?.length === HANDLE_BYTES) dropped(handle);
  };
  const classes = new Map<string, ResourceClass>();
  for (const [name, { resources }] of imports) {
    for (const resource of resources) classes.set(`${name}.${resource}`, createClass(dispose));
  }
  const outside = (handle: Handle, value: WitValue): WitValue => {
    if (handle.of === undefined && typeof value === "object" && value !== null) {
      own.set(++lastSlot, value);
      return lastSlot;
    }
    const bytes = typeof value === "object" && value !== null ? bytesOf.get(value) : undefined;
    if (bytes === undefined) throw misfit(handle, "is none");
    return bytes;
  };
  /** The glue looks numbers up in the table of the wanted class, whatever object they come from. */
  const toOwn = (handle: Handle, value: WitValue, classOf?: OwnClass): object => {
    const found = typeof value === "number" ? own.get(value) : undefined;
    const wanted = classOf?.(handle.resource);
    if (found === undefined || wanted === undefined || !(found instanceof wanted)) {
      throw misfit(handle, "is none");
    }
    if (handle.kind === "own" && typeof value === "number") own.delete(value);
    return found;
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
    out: (values, types) =>
      values.map((value, index) => convertHandles(value, types[index], outside)),
    in: (values, types, classOf) => {
      const inside = (handle: Handle, value: WitValue): WitValue =>
        handle.of === undefined ? toOwn(handle, value, classOf) : toObject(handle, value);
      return values.map((value, index) => convertHandles(value, types[index], inside));
    },
    drop(slot) {
      const found = own.get(slot);
      own.delete(slot);
      const end: unknown = found && Reflect.get(found, DISPOSE);
      if (typeof end === "function") Reflect.apply(end, found, []);
    },
  };
}

/** Parameters of `func` as {@link Resources} takes them. */
export function paramTypes({ params }: FuncType): readonly WitType[] {
  return params.map(({ type }) => type);
}

export function resultTypes({ result }: FuncType): readonly WitType[] {
  return result === undefined ? [] : [result];
}

function createClass(dispose: (this: object) => void): ResourceClass {
  const own: ResourceClass = {
    // No class: its constructor could give no promise.
    made: function (this: unknown, ...args) {
      return own.construct(...args);
    },
    construct() {
      throw new LatticeError("internal", "the resource has no constructor");
    },
  };
  Object.defineProperty(own.made.prototype, DISPOSE, { value: dispose });
  return own;
}

function noStreams({ resource }: Handle): never {
  throw new LatticeError("unsupported", `${resource} leads nowhere here`);
}

function misfit({ resource }: Handle, what: string): LatticeError {
  return new LatticeError("bad-message", `a handle of ${resource} ${what}`);
}
