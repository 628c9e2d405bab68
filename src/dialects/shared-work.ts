/**
 * When this host answers for the whole lattice (links, configuration, claims), with others of the same queue groups.
 *
 * A tab may freeze at any moment, so it does this only where no native host can: while none answers pings, while the page
 * is shown and awake, while the lattice keeps something, and if its options allow. Tabs share the groups among themselves.
 */
import type { DialectParts } from "../core/dialect.ts";
import type { FactsStatus } from "../core/facts.ts";
import type { View } from "../core/view.ts";
import type { CensusWords } from "./census.ts";

import { createSource } from "../core/view.ts";
import { takeCensus } from "./census.ts";

export interface SharedWork {
  readonly offered: View<boolean>;
  readonly facts: View<FactsStatus>;
  readonly words: CensusWords;
}

/** Whether this host is to be in the groups, until `signal` aborts. The census is taken only while the rest holds. */
export function mayShareWork(
  parts: DialectParts,
  { offered, facts, words }: SharedWork,
  signal: AbortSignal,
): View<boolean> {
  const member = createSource(false);
  let asking: AbortController | undefined;

  const decide = (): void => {
    const { phase } = facts.peek();
    const able = offered.peek() && (phase === "live" || phase === "stale") && !signal.aborted;
    if (able === (asking !== undefined)) return;
    if (!able) {
      asking?.abort();
      asking = undefined;
      member.set(false);
      return;
    }
    const own = (asking = new AbortController());
    const alone = takeCensus(parts, words, AbortSignal.any([signal, own.signal]));
    alone.subscribe((value) => member.set(value === true), own.signal);
    member.set(alone.peek() === true);
  };
  offered.subscribe(decide, signal);
  facts.subscribe(decide, signal);
  signal.addEventListener("abort", decide, { once: true });
  decide();
  return member;
}
