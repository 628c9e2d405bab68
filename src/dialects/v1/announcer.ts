/** Publishes a host's events; heartbeats are not kept while the bus is down, for the host sends a fresh one then. */
import type { DialectParts } from "../../core/dialect.ts";
import type { HostEvent } from "../../core/event.ts";

import { encodeCloudEvent } from "../../wire/cloudevent.ts";
import { createOutbox } from "../outbox.ts";
import { wireEvent } from "./events.ts";
import { eventSubject } from "./subjects.ts";

export function createAnnouncer(parts: DialectParts): (event: HostEvent) => void {
  const { lattice, host, clock } = parts;
  const send = createOutbox(parts);
  return (event) => {
    const wire = wireEvent(event, host);
    if (wire === undefined) return;
    const { name, data } = wire;
    send({
      subject: eventSubject(lattice, name),
      data: encodeCloudEvent({
        id: crypto.randomUUID(),
        source: host,
        type: `com.wasmcloud.lattice.${name}`,
        atMs: clock.now(),
        data,
      }),
      keep: event.type !== "host-heartbeat",
    });
  };
}
