/** Publishes events of 0.82, each on the subject of all events and on its own. */
import type { DialectParts } from "../../core/dialect.ts";
import type { WireEvent } from "./events.ts";

import { encodeCloudEvent } from "../../wire/cloudevent.ts";
import { createOutbox } from "../outbox.ts";
import { invocationId } from "./ids.ts";
import { eventSubjects } from "./subjects.ts";

export type Announce = (event: WireEvent) => void;

/** Heartbeats are not kept while the bus is down, for the host sends a fresh one then. */
export function createAnnouncer(parts: DialectParts): Announce {
  const { lattice, host, clock } = parts;
  const send = createOutbox(parts);
  return ({ name, data: told }) => {
    const atMs = clock.now();
    const data = encodeCloudEvent({
      id: invocationId(atMs),
      source: host,
      type: `com.wasmcloud.lattice.${name}`,
      atMs,
      data: told,
    });
    const keep = name !== "host_heartbeat";
    for (const subject of eventSubjects(lattice, name)) send({ subject, data, keep });
  };
}
