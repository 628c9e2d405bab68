/** What pages can watch of a node, by topic: each begins when somebody asks, and ends with that one's signal. */
import type { Clock } from "../../core/clock.ts";
import type { Dialect } from "../../core/dialect.ts";
import type { Facts } from "../../core/facts.ts";
import type { Later } from "../../core/later.ts";
import type { Log } from "../../core/log.ts";
import type { View } from "../../core/view.ts";
import type { Tell, Topic, WatchedWorld } from "../../core/watched.ts";
import type { World } from "../../core/wit.ts";
import type { Interfaces } from "../../interfaces/interfaces.ts";
import type { Recorded } from "../recorded.ts";
import type { OwnHost } from "./own-host.ts";
import type { CallTap } from "../interceptors/tap.ts";
import type { CallHistory } from "../call-history.ts";
import type { WorkloadEntry } from "../workload.ts";

import { LatticeError } from "../../core/error.ts";
import { watchCalls } from "./calls.ts";
import { watchFacts } from "./facts.ts";
import { watchLattice } from "./lattice.ts";
import { watchRates } from "./rates.ts";
import { watchWorlds } from "./worlds.ts";

export { runningOf } from "./running.ts";

/** What topics are made of. */
export interface WatchParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly dialects: readonly Dialect[];
  readonly facts: Facts | undefined;
  /** This node, as it is now. */
  readonly own: () => OwnHost;
  /** Hears of each call that ends here. */
  readonly onCall: Recorded["onCall"];
  readonly tap: CallTap;
  readonly history: CallHistory;
  /** All that runs here, members of sets included. */
  readonly entries: () => readonly WorkloadEntry[];
  readonly interfaces: Later<Interfaces>;
  /** Components and providers that run here. */
  readonly running: View<readonly Running[]>;
}

export interface Running extends Pick<WatchedWorld, "id" | "kind"> {
  readonly world: World;
}

/** Begins to tell, until `signal` aborts. Throws {@link LatticeError} where this node cannot make the topic. */
type Start<T extends Topic> = (parts: WatchParts, tell: Tell<T>, signal: AbortSignal) => void;

const topics: { readonly [T in Topic]: Start<T> } = {
  calls: watchCalls,
  facts: watchFacts,
  lattice: watchLattice,
  rates: watchRates,
  worlds: watchWorlds,
};

export function startWatching<T extends Topic>(
  topic: T,
  parts: WatchParts,
  tell: Tell<T>,
  signal: AbortSignal,
): void {
  const start: Start<T> | undefined = Object.hasOwn(topics, topic) ? topics[topic] : undefined;
  if (start === undefined) {
    const known = Object.keys(topics).join(", ");
    throw new LatticeError("bad-input", `"${topic}" cannot be watched; there are: ${known}`);
  }
  start(parts, tell, signal);
}
