/**
 * The names of wRPC over NATS: subjects of functions, of parameters and results, the queue group, the weight of headers.
 *
 * Sources: bytecodealliance/wrpc `crates/transport-nats/src/lib.rs` at crates/transport-nats/v0.28.1 for subjects and
 * headers; wasmCloud `crates/host/src/wasmbus/mod.rs` at v1.9.2 for the prefix and the queue group.
 */
import type { EntityId, LatticeId } from "../core/ids.ts";
import type { FuncType, WitType } from "../core/wit.ts";
import { innerTypes } from "./inner-types.ts";
import { defers, MAX_TYPE_DEPTH } from "./value-types.ts";

/** The token of the protocol in each function's subject. */
export const PROTOCOL = "wrpc.0.0.1";

/** What the subjects of everything that `id` serves begin with. */
export const subjectPrefix = (lattice: LatticeId, id: EntityId): string => `${lattice}.${id}`;

/** Shared by all who serve `id`, so that each call is answered once. */
export const queueGroup = (lattice: LatticeId, id: EntityId): string => subjectPrefix(lattice, id);

/**
 * The function's name on the wire: `bucket.get` of `[method]bucket.get`, `bucket` of `[constructor]bucket`.
 * `undefined` for what is never sent, which is the drop of a resource.
 */
export function wireFunction(func: string): string | undefined {
  const [, kind, name] = /^\[([^\]]*)\](.*)$/.exec(func) ?? [];
  if (kind === undefined) return func;
  return kind === "resource-drop" ? undefined : name;
}

/**
 * Where calls of a function go. `func` is its component-level name; the empty `instance` of a world's own
 * functions leaves no trace. Instances keep their dots: no subject can be taken apart again.
 */
export function invocationSubject(
  lattice: LatticeId,
  id: EntityId,
  instance: string,
  func: string,
): string {
  const name = wireFunction(func) ?? func;
  const tail = instance === "" ? name : `${instance}.${name}`;
  return `${subjectPrefix(lattice, id)}.${PROTOCOL}.${tail}`;
}

/** A stream of bytes within a call: its parameters or results, or a part of them that is sent apart. */
export interface Channel {
  readonly name: "params" | "results";
  /** Where in the values the part has its place; empty for the values themselves. */
  readonly path: readonly number[];
}

/** `INBOX.params`, `INBOX.results.0.1`. */
export function channelSubject(inbox: string, { name, path }: Channel): string {
  return [inbox, name, ...path].join(".");
}

/** The channel that `tail`, the rest of a subject behind `INBOX.`, names; `undefined` if it names none. */
export function parseChannel(tail: string): Channel | undefined {
  const [name, ...steps] = tail.split(".");
  if (name !== "params" && name !== "results") return undefined;
  const path = steps.map((step) => (/^(0|[1-9]\d{0,9})$/.test(step) ? Number(step) : Infinity));
  return path.every((index) => index <= 0xffff_ffff) ? { name, path } : undefined;
}

const UTF8 = new TextEncoder();

/** Bytes of a payload's budget that the headers of a message take: the server counts them with the payload. */
export function headerBytes(headers: ReadonlyMap<string, string>): number {
  if (headers.size === 0) return 0;
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return UTF8.encode(`NATS/1.0\r\n${lines.join("")}\r\n`).length;
}

/**
 * Why the function with the component-level name `name` cannot be called over the lattice; `undefined` if it can.
 * Handles are bytes that only their maker understands: who serves functions that have any needs a table of resources.
 */
export function unservable(
  name: string,
  func: FuncType,
  { handles = false }: { readonly handles?: boolean } = {},
): string | undefined {
  if (wireFunction(name) === undefined) return `${name} never crosses the lattice`;
  const seen = new Set<WitType>();
  const types = [...func.params.map(({ type }) => type), ...(func.result ? [func.result] : [])];
  const met = types
    .map((type) => obstacleIn(type, handles, seen, 1))
    .find((found) => found !== undefined);
  return met === undefined ? undefined : `${name} uses ${met}, which cannot cross the lattice yet`;
}

/** What WASI wants of a host stays within that. */
const OF_HOSTS = /^wasi:(?:cli|clocks|filesystem|http|io|random|sockets|tls)\//;

/** Types of one interface share parts: each is looked at once. */
function obstacleIn(
  type: WitType,
  handles: boolean,
  seen: Set<WitType>,
  depth: number,
): string | undefined {
  if (seen.has(type)) return undefined;
  seen.add(type);
  if (depth > MAX_TYPE_DEPTH) return `types nested deeper than ${MAX_TYPE_DEPTH}`;
  if (type.kind === "own" || type.kind === "borrow") {
    if (!handles) return `the resource ${type.resource}`;
    if (OF_HOSTS.test(type.of ?? "")) return `the resource ${type.resource} of ${type.of}`;
  }
  for (const part of innerTypes(type)) {
    const obstacle = obstacleIn(part, handles, seen, depth + 1);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

/**
 * The first handle in `type` that is not the last value of its encoding, in any case; `undefined` if there is none.
 *
 * wasmCloud hosts that get such a handle for one of their components read everything that follows into it, up to the end
 * of the results (bytecodealliance/wrpc `crates/runtime-wasmtime/src/codec.rs` at crates/runtime-wasmtime/v0.28.0).
 */
export function handleNotLast(type: WitType): string | undefined {
  return misplacedHandle(type, true, 1, [new Set(), new Set()]);
}

/** `seen`: what was looked at as the last value, and as another. */
function misplacedHandle(
  type: WitType,
  last: boolean,
  depth: number,
  seen: readonly [Set<WitType>, Set<WitType>],
): string | undefined {
  const known = seen[last ? 0 : 1];
  if (depth > MAX_TYPE_DEPTH || known.has(type)) return undefined;
  known.add(type);
  if (type.kind === "own" || type.kind === "borrow") return last ? undefined : type.resource;
  // Streams and futures have bytes of their own.
  if (type.kind === "stream" || type.kind === "future") return undefined;
  const parts = innerTypes(type);
  const inOrder = type.kind === "tuple" || type.kind === "record";
  for (const [index, part] of parts.entries()) {
    const isLast = last && type.kind !== "list" && (!inOrder || index === parts.length - 1);
    const found = misplacedHandle(part, isLast, depth + 1, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a value of `types` may have a part that travels apart at `path`: where each step leads is known by the types. */
export function isDeferredPlace(types: readonly WitType[], path: readonly number[]): boolean {
  const [first = -1, ...steps] = path;
  const type = types[first];
  return type !== undefined && leadsToDeferred(type, steps, new Map());
}

/** `tried`: the types that were looked at with so many steps left, since types share parts. */
function leadsToDeferred(
  type: WitType,
  steps: readonly number[],
  tried: Map<WitType, number>,
): boolean {
  if (!defers(type) || tried.get(type) === steps.length) return false;
  tried.set(type, steps.length);
  const [step, ...further] = steps;
  if (step === undefined && (type.kind === "stream" || type.kind === "future")) return true;
  if (isTransparent(type)) {
    return innerTypes(type).some((part) => leadsToDeferred(part, steps, tried));
  }
  if (step === undefined) return false;
  const ordered = type.kind === "tuple" || type.kind === "record";
  const part = innerTypes(type)[ordered ? step : 0];
  return part !== undefined && leadsToDeferred(part, further, tried);
}

/** Kinds that take no step in an index path. */
const isTransparent = ({ kind }: WitType): boolean =>
  kind === "option" || kind === "result" || kind === "variant" || kind === "future";
