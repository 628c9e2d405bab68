/**
 * Publishes a host's events. While the control bus is down they are kept in order, up to {@link MOST_WITHHELD}
 * (the oldest go first), and follow when it is back; heartbeats are not kept, for the host sends a fresh one then.
 */
import type { DialectParts } from "../../core/dialect.ts";
import type { HostEvent } from "../../core/event.ts";

import { asLatticeError, messageOf } from "../../core/error.ts";
import { encodeCloudEvent } from "../../wire/cloudevent.ts";
import { wireEvent } from "./events.ts";
import { eventSubject } from "./subjects.ts";

const MOST_WITHHELD = 256;

interface Outgoing {
  readonly subject: string;
  readonly data: Uint8Array;
}

export function createAnnouncer(parts: DialectParts): (event: HostEvent) => void {
  const { control, lattice, host, clock, log } = parts;
  const withheld: Outgoing[] = [];

  const send = ({ subject, data }: Outgoing): boolean => {
    if (control.status.peek().phase !== "open") return false;
    try {
      control.publish(subject, data);
      return true;
    } catch (cause) {
      // A socket that is closing is down before the status says so. Anything else would fail again and again.
      if (asLatticeError(cause).code === "disconnected") return false;
      log.error("event.lost", { subject, problem: messageOf(cause) });
      return true;
    }
  };

  control.status.subscribe((status) => {
    if (status.phase !== "open") return;
    for (let next = withheld[0]; next !== undefined && send(next); next = withheld[0])
      withheld.shift();
  });

  return (event) => {
    const { name, data } = wireEvent(event, host);
    const outgoing = {
      subject: eventSubject(lattice, name),
      data: encodeCloudEvent({
        id: crypto.randomUUID(),
        source: host,
        type: `com.wasmcloud.lattice.${name}`,
        atMs: clock.now(),
        data,
      }),
    };
    if (withheld.length === 0 && send(outgoing)) return;
    if (event.type === "host-heartbeat") return;
    withheld.push(outgoing);
    if (withheld.length > MOST_WITHHELD) {
      const lost = withheld.shift();
      log.warn("event.lost", { subject: lost?.subject, problem: "too many events while offline" });
    }
  };
}
