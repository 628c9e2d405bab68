/** A lattice of tabs on what the browser has; "tabs" are of one realm here, which the browser cannot tell from several. */
import { openSolo, type Solo } from "../../../src/bus/solo.ts";
import { openBroadcastChannel, webLocks } from "../../../src/bus/solo-browser.ts";
import type { SoloPorts } from "../../../src/bus/solo-ports.ts";
import { openKeptStreams } from "../../../src/storage/kept-streams.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { realClock } from "../../support/real-clock.ts";

export interface OpenedTab {
  readonly solo: Solo;
  readonly events: () => readonly string[];
}

/** One more tab of the lattice `name`: those of other names are other origins to it. */
export async function openTab(name: string, changes: Partial<SoloPorts> = {}): Promise<OpenedTab> {
  const { log, entries } = recordLog();
  const solo = await openSolo({
    openChannel: (channel, receive) => openBroadcastChannel(`${name} ${channel}`, receive),
    locks: {
      wait: (lock, signal) => webLocks.wait(`${name} ${lock}`, signal),
      steal: (lock) => webLocks.steal(`${name} ${lock}`),
      held: async () =>
        (await webLocks.held()).flatMap((lock) =>
          lock.startsWith(`${name} `) ? [lock.slice(name.length + 1)] : [],
        ),
    },
    store: await openKeptStreams(`test solo ${name}`),
    unique: () => crypto.randomUUID(),
    clock: realClock,
    log,
    ...changes,
  });
  return { solo, events: () => entries.map(({ event }) => event) };
}
