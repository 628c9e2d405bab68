/**
 * What a page can watch beyond the state of its node: a table of topics. A topic is made only while somebody watches it,
 * told at most some times a second, and bounded.
 */
import type { FactsStatus } from "./facts.ts";
import type { Link } from "./link.ts";

/** Each topic and what its watchers are told. The first update comes as soon as there is something to tell. */
export interface Watched {
  readonly facts: WatchedFacts;
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
