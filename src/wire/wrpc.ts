/**
 * The names of wRPC over NATS: subjects of functions, of parameters and results, the queue group, the weight of headers.
 *
 * Sources: bytecodealliance/wrpc `crates/transport-nats/src/lib.rs` at crates/transport-nats/v0.28.1 for subjects and
 * headers; wasmCloud `crates/host/src/wasmbus/mod.rs` at v1.9.2 for the prefix and the queue group.
 */
import type { EntityId, LatticeId } from "../core/ids.ts";
import type { FuncType, WitType } from "../core/wit.ts";
import { MAX_TYPE_DEPTH } from "./value-types.ts";

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
 *
 * Streams and futures need channels of their own, which dynamic hosts do not have either; handles would need
 * a table of resources that outlives a call.
 */
export function unservable(name: string, func: FuncType): string | undefined {
  if (wireFunction(name) === undefined) return `${name} never crosses the lattice`;
  const seen = new Set<WitType>();
  const types = [...func.params.map(({ type }) => type), ...(func.result ? [func.result] : [])];
  const met = types.map((type) => obstacleIn(type, seen, 1)).find((found) => found !== undefined);
  return met === undefined ? undefined : `${name} uses ${met}, which cannot cross the lattice yet`;
}

/** The first handle, stream or future in `type`. Types of one interface share parts: each is looked at once. */
function obstacleIn(type: WitType, seen: Set<WitType>, depth: number): string | undefined {
  if (seen.has(type)) return undefined;
  seen.add(type);
  if (depth > MAX_TYPE_DEPTH) return `types nested deeper than ${MAX_TYPE_DEPTH}`;
  if (type.kind === "own" || type.kind === "borrow") return `the resource ${type.resource}`;
  if (type.kind === "stream" || type.kind === "future") return `a ${type.kind}`;
  for (const part of partsOf(type)) {
    const obstacle = obstacleIn(part, seen, depth + 1);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

function partsOf(type: WitType): readonly WitType[] {
  switch (type.kind) {
    case "list":
      return [type.element];
    case "option":
      return [type.some];
    case "result":
      return [type.ok, type.err].filter((part) => part !== undefined);
    case "tuple":
      return type.elements;
    case "record":
      return type.fields.map((field) => field.type);
    case "variant":
      return type.cases.flatMap((each) => each.type ?? []);
    default:
      return [];
  }
}
