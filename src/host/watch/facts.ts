/** The topic `facts`: links and the names of configuration that the lattice keeps. */
import type { Link } from "../../core/link.ts";
import type { Tell, WatchedFacts } from "../../core/watched.ts";
import type { WatchParts } from "./watch.ts";

import { LatticeError, messageOf } from "../../core/error.ts";
import { createPace } from "./pace.ts";

const TELL_EVERY_MS = 200;

export function watchFacts(
  { clock, facts, log }: Pick<WatchParts, "clock" | "facts" | "log">,
  tell: Tell<"facts">,
  signal: AbortSignal,
): void {
  if (facts === undefined) {
    throw new LatticeError("unsupported", "no dialect of this node keeps links or configuration");
  }
  let configNames: readonly string[] | undefined;
  let following = false;
  const read = (): WatchedFacts => ({
    status: facts.status.peek(),
    links: [...facts.links.peek().values()].flat().toSorted(byName),
    configNames,
  });
  const changed = createPace(clock, TELL_EVERY_MS, read, tell, signal);
  /** Does not fail: names that cannot be read are unknown, until what the lattice keeps can be followed once more. */
  const followNames = async (): Promise<void> => {
    if (following || facts.status.peek().phase !== "live") return;
    following = true;
    try {
      await facts.followConfigNames?.((names) => {
        configNames = names;
        changed();
      }, signal);
    } catch (cause) {
      following = false;
      if (!signal.aborted) log.warn("facts.no-config-names", { problem: messageOf(cause) });
    }
  };
  facts.links.subscribe(changed, signal);
  facts.status.subscribe(() => {
    changed();
    void followNames();
  }, signal);
  changed();
  void followNames();
}

function byName(one: Link, other: Link): number {
  return one.source.localeCompare(other.source) || one.name.localeCompare(other.name);
}
