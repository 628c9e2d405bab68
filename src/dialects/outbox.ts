/**
 * Sends what a host tells its lattice. While the control bus is down messages are kept in order, up to
 * {@link MOST_WITHHELD} (the oldest go first), and follow when it is back.
 */
import type { DialectParts } from "../core/dialect.ts";

import { asLatticeError, messageOf } from "../core/error.ts";

const MOST_WITHHELD = 256;

export interface Outgoing {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Whether it is kept while the bus is down; what is soon followed by a fresh one need not be. */
  readonly keep: boolean;
}

export function createOutbox({
  control,
  log,
}: Pick<DialectParts, "control" | "log">): (message: Outgoing) => void {
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

  return (message) => {
    if (withheld.length === 0 && send(message)) return;
    if (!message.keep) return;
    withheld.push(message);
    if (withheld.length > MOST_WITHHELD) {
      const lost = withheld.shift();
      log.warn("event.lost", { subject: lost?.subject, problem: "too many events while offline" });
    }
  };
}
