/** The wasmCloud 1.x dialect: control interface v1, events, and wRPC over NATS. */
import type { Dialect, DialectParts } from "../../core/dialect.ts";

import { createSource } from "../../core/view.ts";
import { keepMembership } from "../membership.ts";
import { answerer, obeyRoutes } from "../route.ts";
import { createAcceptances } from "./acceptances.ts";
import { createAnnouncer } from "./announcer.ts";
import { createFacts } from "./facts/facts.ts";
import { createGatherings } from "./gathering.ts";
import { createInboxes } from "./inboxes.ts";
import { attend } from "./provider-subjects.ts";
import { createRoundTrips } from "./pace.ts";
import { controlRoutes } from "./routes.ts";
import { reach } from "./rpc-client.ts";
import { serve } from "./rpc-server.ts";
import { mayShareWork } from "./shared-work.ts";
import { askForSupplement } from "./supplement.ts";

/** Speaks 1.x until `signal` aborts. */
export function createV1(parts: DialectParts, signal: AbortSignal): Dialect {
  const { control, rpc, lattice, host, log } = parts;
  const inboxes = createInboxes(rpc, signal);
  const acceptances = createAcceptances(parts.clock);
  const roundTrips = createRoundTrips(rpc, signal);
  const gatherings = createGatherings();
  const facts = createFacts(parts);
  const sharing = createSource(false);
  const client = { rpc, lattice, inboxes, roundTrips, gatherings: createGatherings() };
  return {
    generation: "v1",
    facts,
    sharing,
    async obey(commands, until) {
      const table = controlRoutes(lattice, host);
      const routing = { bus: control, host: commands, log };
      await obeyRoutes(table, routing, until);
      const wanted = mayShareWork(
        parts,
        { offered: commands.available, facts: facts.status },
        until,
      );
      const receive = answerer(table, routing);
      const member = keepMembership(
        { bus: control, log, subjects: table.shared, receive, wanted },
        until,
      );
      member.subscribe((value) => sharing.set(value));
    },
    announce: createAnnouncer(parts),
    supplement: (labels, until) => askForSupplement(parts, labels, until),
    attend: (desk, until) => attend(parts, desk, until),
    serve: (served, until) =>
      serve({ ...parts, inboxes, roundTrips, acceptances, gatherings }, served, until),
    reach: (target, world) => reach(client, target, world),
  };
}
