/**
 * What a page can watch beyond the state of its node: a table of topics. A topic is made only while somebody watches it,
 * told at most some times a second, and bounded.
 */
import type { Dialect } from "./dialect.ts";
import type { FactsStatus } from "./facts.ts";
import type { Link } from "./link.ts";
import type { Listening, Tally } from "./observation.ts";
import type { WatchedCalls, WatchedRates } from "./watched-calls.ts";
import type { Interface } from "./wit.ts";

/** Each topic and what its watchers are told. The first update comes as soon as there is something to tell. */
export interface Watched {
  readonly calls: WatchedCalls;
  readonly facts: WatchedFacts;
  readonly lattice: WatchedLattice;
  readonly rates: WatchedRates;
  /** What runs in this node, with its types; told when one comes or goes. */
  readonly worlds: readonly WatchedWorld[];
}

export type Topic = keyof Watched;

/**
 * Gives one update to the watcher; resolves when it was taken, and never rejects. Who makes a topic waits for it, so that a
 * watcher that is busy gets the newest state later instead of all states.
 */
export type Tell<T extends Topic> = (update: Watched[T]) => Promise<void>;

/** What the lattice keeps, whole. */
export interface WatchedFacts {
  readonly status: FactsStatus;
  /** By source, then by name. */
  readonly links: readonly Link[];
  /** Names of configuration that the lattice keeps; `undefined` while this node cannot tell, or may not read them. */
  readonly configNames: readonly string[] | undefined;
}

/** The hosts of the lattice as far as this node hears of them: an update says what has changed since the last one. */
export interface WatchedLattice {
  /** The first update: whatever was known before is over. */
  readonly whole: boolean;
  /** Hosts that are new or have changed, each whole. */
  readonly hosts: readonly ObservedHost[];
  /** Ids of hosts that have left, or were silent for so long that they were forgotten. */
  readonly removed: readonly string[];
  /** For each generation that this node speaks and can listen to; empty: only this host is known. */
  readonly sources: readonly {
    readonly generation: Dialect["generation"];
    readonly listening: Listening;
  }[];
  /** Calls that this node has answered or made in the last seconds, by who called whom; those of others are not heard. */
  readonly traffic: readonly Traffic[];
  readonly leftOut: LeftOut;
}

/** What was heard and is not kept, since a lattice can have any number of anything. */
export interface LeftOut {
  readonly hosts: number;
  /** Components and providers of the hosts that are kept. */
  readonly entries: number;
  /** Messages that nobody looked at, since too many came at once. */
  readonly messages: number;
}

/** A component called another one, or a provider, or was called by somebody who did not say who it is. */
export interface Traffic {
  readonly source: string | undefined;
  readonly target: string;
  /** Over the last seconds. */
  readonly perSecond: number;
  /** Of those that failed or were refused. */
  readonly failedPerSecond: number;
}

/** Texts by name, as their host gives them. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/** Texts in it are what a peer chose, cut to a bearable length. */
export interface ObservedHost {
  readonly id: string;
  /** Empty if it has told none. */
  readonly friendlyName: string;
  /** It is this node. */
  readonly own: boolean;
  /** Those by which it was heard. */
  readonly generations: readonly Dialect["generation"][];
  readonly labels: Pairs;
  readonly version: string | undefined;
  /** Since the epoch, by this node's clock. */
  readonly startedAtMs: number | undefined;
  /** When it was last heard, since the epoch, if that is longer ago than hosts may be silent. */
  readonly silentSinceMs: number | undefined;
  /** `untold`: it has not said what it runs; `counted`: it says how much, and not what. */
  readonly contents: "told" | "counted" | "untold";
  readonly tally: Tally | undefined;
  /** By id. */
  readonly components: readonly ObservedComponent[];
  readonly providers: readonly ObservedProvider[];
  /** Components and providers that it has told and that are not kept. */
  readonly leftOut: number;
}

export interface ObservedComponent {
  readonly id: string;
  readonly image: string | undefined;
  readonly name: string | undefined;
  readonly maxInstances: number;
  readonly annotations: Pairs;
}

export interface ObservedProvider {
  readonly id: string;
  readonly linkName: string | undefined;
  readonly image: string | undefined;
  readonly name: string | undefined;
  readonly annotations: Pairs;
  /** As it was last told; `undefined`: nothing was. Hosts tell of changes only. */
  readonly healthy: boolean | undefined;
}

/** A component or in-page provider of this node, and the types of what it imports and exports. */
export interface WatchedWorld {
  readonly id: string;
  readonly kind: "component" | "provider";
  readonly imports: readonly WatchedImport[];
  /** Interfaces by their full name; functions of the root stand under `""`. */
  readonly exports: ReadonlyMap<string, Interface>;
}

export interface WatchedImport {
  /** With its version. */
  readonly name: string;
  readonly functions: Interface;
  /**
   * Who answers it: the node itself; nobody, since it has types only; or whomever it is linked to, under the first of these
   * names that is linked.
   */
  readonly by: "node" | "types" | readonly string[];
}
