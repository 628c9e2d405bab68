/** The topic `lattice`: the hosts of the lattice as this node hears of them, itself among them, and the calls that it sees. */
import type { Dialect } from "../../core/dialect.ts";
import type { Observation } from "../../core/observation.ts";
import type { ObservedHost, Tell, WatchedLattice } from "../../core/watched.ts";
import type { Moment } from "./roster.ts";
import type { WatchParts } from "./watch.ts";

import { keepBeating } from "../../core/beat.ts";
import { messageOf } from "../../core/error.ts";
import { ownHost } from "./own-host.ts";
import { createPace } from "./pace.ts";
import { createRoster, MOST_ENTRIES } from "./roster.ts";
import { createTraffic } from "./traffic.ts";

const TELL_EVERY_MS = 500;
/** This node's own state, what was silent too long, and rates are looked at as often. */
const LOOK_EVERY_MS = 1_000;

type Generation = Dialect["generation"];

export function watchLattice(
  { clock, log, dialects, own, onCall }: WatchParts,
  tell: Tell<"lattice">,
  signal: AbortSignal,
): void {
  const roster = createRoster();
  const traffic = createTraffic();
  const heard = new Map<Generation, Observation>();
  const generations = dialects.map(({ generation }) => generation);
  const now = (): Moment => ({ monotonicMs: clock.monotonic(), epochMs: clock.now() });
  let self: ObservedHost | undefined;
  let whole = true;
  /** What is told beside the hosts, as it was told last. */
  let besides = "";

  const make = (): WatchedLattice | undefined => {
    const { hosts, removed } = roster.take();
    const rest = {
      sources: Array.from(heard, ([generation, { listening }]) => ({
        generation,
        listening: listening.peek(),
      })),
      traffic: traffic.rates(clock.monotonic()),
      leftOut: {
        ...roster.leftOut(),
        messages: [...heard.values()].reduce((sum, each) => sum + each.unread(), 0),
      },
    };
    const said = JSON.stringify(rest);
    if (!whole && hosts.length + removed.length === 0 && said === besides) return undefined;
    besides = said;
    const update = { whole, hosts, removed, ...rest };
    whole = false;
    return update;
  };
  const changed = createPace(clock, TELL_EVERY_MS, make, tell, signal);

  const look = (): void => {
    const at = now();
    const hearing = { epochMs: at.epochMs, room: MOST_ENTRIES };
    self = ownHost(own(), generations, self, hearing);
    roster.setOwn(self);
    const deaf = [...heard.values()].some(({ listening }) => listening.peek().phase === "stale");
    if (deaf) roster.excuse(at);
    else {
      for (const id of roster.age(at)) for (const each of heard.values()) each.ask(id);
    }
    changed();
  };
  const listen = async (dialect: Dialect): Promise<void> => {
    const { generation } = dialect;
    const observation = await dialect.observe?.((word) => {
      roster.hear(generation, word, now());
      if (roster.changed) changed();
    }, signal);
    if (observation === undefined || signal.aborted) return;
    heard.set(generation, observation);
    observation.listening.subscribe(changed, signal);
    changed();
  };

  onCall((call) => traffic.add(call, clock.monotonic()), signal);
  for (const dialect of dialects) {
    listen(dialect).catch((cause: unknown) => {
      if (signal.aborted) return;
      log.warn("lattice.unheard", { generation: dialect.generation, problem: messageOf(cause) });
    });
  }
  keepBeating(clock, LOOK_EVERY_MS, look, signal);
  look();
}
