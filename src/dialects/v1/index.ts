/** The wasmCloud 1.x dialect: control interface v1, events, and wRPC over NATS. */
import type { Dialect, DialectParts } from "../../core/dialect.ts";

import { obeyRoutes } from "../route.ts";
import { createAcceptances } from "./acceptances.ts";
import { createAnnouncer } from "./announcer.ts";
import { createGatherings } from "./gathering.ts";
import { createInboxes } from "./inboxes.ts";
import { controlRoutes } from "./routes.ts";
import { reach } from "./rpc-client.ts";
import { serve } from "./rpc-server.ts";

/** Speaks 1.x until `signal` aborts. */
export function createV1(parts: DialectParts, signal: AbortSignal): Dialect {
  const { control, rpc, lattice, host, log } = parts;
  const inboxes = createInboxes(rpc, signal);
  const acceptances = createAcceptances(parts.clock);
  const gatherings = createGatherings();
  return {
    generation: "v1",
    obey: (commands, until) =>
      obeyRoutes(controlRoutes(lattice, host), { bus: control, host: commands, log }, until),
    announce: createAnnouncer(parts),
    serve: (served, until) => serve({ ...parts, inboxes, acceptances, gatherings }, served, until),
    reach: (target, world) => reach({ rpc, lattice, inboxes }, target, world),
  };
}
