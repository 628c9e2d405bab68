/** How a host obeys the lattice by a table: its own subjects at once, those of the whole lattice while it may share them. */
import type { HostControl } from "../core/command.ts";
import type { DialectParts } from "../core/dialect.ts";
import type { FactsStatus } from "../core/facts.ts";
import type { Source, View } from "../core/view.ts";
import type { CensusWords } from "./census.ts";
import type { RouteTable } from "./route.ts";

import { keepMembership } from "./membership.ts";
import { answerer, obeyRoutes } from "./route.ts";
import { mayShareWork } from "./shared-work.ts";

export interface Obedience {
  readonly table: RouteTable;
  /** Who carries the commands out. */
  readonly host: HostControl;
  readonly facts: View<FactsStatus>;
  readonly words: CensusWords;
  /** Is set to whether the server knows this host as one that answers for the lattice. */
  readonly sharing: Source<boolean>;
}

/**
 * Obeys until `signal` aborts; resolves when the server knows the host's own subscriptions.
 *
 * @throws {LatticeError} `denied` if it refuses one of them.
 */
export async function obeyLattice(
  parts: DialectParts,
  { table, host, facts, words, sharing }: Obedience,
  signal: AbortSignal,
): Promise<void> {
  const { control: bus, log } = parts;
  const routing = { bus, host, log };
  await obeyRoutes(table, routing, signal);
  const wanted = mayShareWork(parts, { offered: host.available, facts, words }, signal);
  const receive = answerer(table, routing);
  const member = keepMembership({ bus, log, subjects: table.shared, receive, wanted }, signal);
  member.subscribe((value) => sharing.set(value));
}
