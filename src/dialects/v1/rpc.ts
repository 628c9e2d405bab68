/**
 * Everything of 1.x that calls and providers need, and joining does not: the two ends of wRPC, and the subjects of
 * providers.
 */
import type { Dialect, DialectParts } from "../../core/dialect.ts";

import { createAcceptances } from "./acceptances.ts";
import { createGatherings } from "./gathering.ts";
import { createInboxes } from "./inboxes.ts";
import { createRoundTrips } from "./pace.ts";
import { attend } from "./provider-subjects.ts";
import { publishDrop } from "./resources.ts";
import { reach } from "./rpc-client.ts";
import { serve } from "./rpc-server.ts";

export type Rpc = Required<Pick<Dialect, "attend" | "serve" | "reach" | "drop">>;

/** Ready for calls until `signal` aborts. */
export function createRpc(parts: DialectParts, signal: AbortSignal): Rpc {
  const { rpc, lattice } = parts;
  const inboxes = createInboxes(rpc, signal);
  const roundTrips = createRoundTrips(rpc, signal);
  const server = {
    ...parts,
    inboxes,
    roundTrips,
    acceptances: createAcceptances(parts.clock),
    gatherings: createGatherings(),
  };
  const client = { rpc, lattice, inboxes, roundTrips, gatherings: createGatherings() };
  return {
    attend: (desk, until) => attend(parts, desk, until),
    serve: (served, until) => serve(server, served, until),
    reach: (target, world) => reach(client, target, world),
    drop: (target, instance, resource, handle) =>
      publishDrop(parts, target, [instance, resource], handle),
  };
}
