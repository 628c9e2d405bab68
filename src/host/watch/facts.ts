/** The topic `facts`: links and the names of configuration that the lattice keeps. */
import type { Link } from "../../core/link.ts";
import type { Tell, WatchedFacts } from "../../core/watched.ts";
import type { WatchParts } from "./watch.ts";

import { LatticeError } from "../../core/error.ts";
import { createPace } from "./pace.ts";

const TELL_EVERY_MS = 200;

export function watchFacts(
  { clock, facts }: WatchParts,
  tell: Tell<"facts">,
  signal: AbortSignal,
): void {
  if (facts === undefined) {
    throw new LatticeError("unsupported", "no dialect of this node keeps links or configuration");
  }
  const read = (): WatchedFacts => {
    const links = [...facts.links.peek().values()].flat().toSorted(byName);
    const names = links.flatMap((link) => [...link.sourceConfig, ...link.targetConfig]);
    return {
      status: facts.status.peek(),
      links,
      configNames: [...new Set(names)].toSorted(),
    };
  };
  const changed = createPace(clock, TELL_EVERY_MS, read, tell, signal);
  facts.links.subscribe(changed, signal);
  facts.status.subscribe(changed, signal);
  changed();
}

function byName(one: Link, other: Link): number {
  return one.source.localeCompare(other.source) || one.name.localeCompare(other.name);
}
