/**
 * The narrow waist: components, in-page providers and peers in the lattice are all a {@link Callee},
 * something that takes a {@link Call} of WIT values and gives results. Bytes exist only below it.
 */
import type { CallProbe } from "./call-probe.ts";
import type { EntityId } from "./ids.ts";
import type { WitValue } from "./wit.ts";

export interface Call {
  /** Unique in this node. */
  readonly id: string;
  /** The id of the call within which it is made; absent where none is known. */
  readonly parent?: string;
  /** Who calls, as far as the caller says. */
  readonly source: EntityId | undefined;
  readonly target: EntityId;
  /** Link name, `default` if none was chosen. */
  readonly link: string;
  /** `wasi:keyvalue/store@0.2.0-draft`; empty for functions of a world's root. */
  readonly instance: string;
  /** Component-level name: `get`, `[method]bucket.get`. */
  readonly func: string;
  readonly args: readonly WitValue[];
  /**
   * Of calls that make resources: which instance of the caller makes them, by 128 random bits in hex. What was made for
   * one can be used together. Absent where the caller does not say.
   */
  readonly session?: string;
  /** The place that must answer, as a handle names it; absent: any that serves the target. */
  readonly place?: string;
  /** W3C `traceparent` and `tracestate`. */
  readonly trace: ReadonlyMap<string, string>;
  /** Aborted when nobody waits for the results, or for what still flows in them, any more. */
  readonly signal: AbortSignal;
  /** Given while somebody watches calls. */
  readonly probe?: CallProbe;
  /** When its first bytes came, on the clock that never goes back, in milliseconds. Given while somebody watches calls. */
  readonly arrivedMs?: number;
}

/** What a guest asks for before a link gives it a target. */
export type ImportCall = Omit<Call, "target" | "link"> & {
  /** The link names that this instance of the guest has chosen, by interface without version; others are `default`. */
  readonly linkNames: Map<string, string>;
};

/** None, or one value. */
export interface Results extends ReadonlyArray<WitValue> {
  /**
   * Of results with streams or futures that are given while those still flow: resolves when all of them have ended, and
   * rejects if one broke off. Until then the call runs: its deadline, its record and a drain count it. Absent where
   * nothing is to come.
   */
  readonly ended?: Promise<void>;
}

export interface Callee {
  /**
   * Gives the results. A WIT `err` is a result. They come as soon as they are known, streams within them still flow then.
   * The call's signal ends those streams too.
   *
   * @throws {LatticeError} when the machinery fails.
   */
  invoke(call: Call): Promise<Results>;
}

export interface DroppedHandle {
  /** The interface that it was given under. */
  readonly instance: string;
  readonly resource: string;
  readonly handle: Uint8Array;
  readonly linkNames: ImportCall["linkNames"];
}

/** Answers what guests import. */
export interface Importee {
  invoke(call: ImportCall): Promise<Results>;
  /** The guest has no use for a handle any more, which a call of this gave it. Tells whoever has the resource. */
  drop?(dropped: DroppedHandle): void;
}

/** `values` whose streams and futures have all ended when `ended` resolves. Whoever hears its failure need not be there. */
export function flowing(values: readonly WitValue[], ended: Promise<void>): Results {
  ended.catch(() => undefined);
  return Object.assign([...values], { ended });
}

export type Interceptor = (next: Callee) => Callee;

/** `interceptors` as one; the first of them sees a call first. */
export function chain(interceptors: readonly Interceptor[]): Interceptor {
  return (callee) => interceptors.reduceRight((next, intercept) => intercept(next), callee);
}

/** Which way a call goes whose target runs in this node: only `here`, or over the lattice as from anybody else. */
export type Via = "here" | "lattice";
