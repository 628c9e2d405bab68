/**
 * Watches the two connections. Each looks after what befell the other; each loss and each return is in the log; and a host
 * that can be commanded and not called says so by a label, which travels with events, pings and inventories.
 */
import type { Bus } from "../core/bus.ts";
import type { Cancel, Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { LabelTable } from "./labels.ts";

/** Stands while the connection for calls is down and that for control is not. */
export const CALLS_LABEL = "inlay.calls";
/** A server that goes away takes both connections, one moment after the other: that is not such a state. */
const SETTLED_MS = 2_000;

export interface ConnectionParts {
  readonly control: Bus;
  readonly rpc: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly labels: LabelTable;
  readonly labelsChanged: () => void;
}

/** Until `signal` aborts. Of one bus for both there is only the log to write. */
export function watchConnections(parts: ConnectionParts, signal: AbortSignal): void {
  const { control, rpc, clock, labels, labelsChanged } = parts;
  writeLog(parts, signal);
  if (rpc === control) return;

  let planned: Cancel | undefined;
  const deaf = (): boolean =>
    control.status.peek().phase === "open" && rpc.status.peek().phase === "reconnecting";
  const tell = (): void => {
    planned = undefined;
    if (!deaf()) return;
    labels.put(CALLS_LABEL, "disconnected");
    labelsChanged();
  };
  const decide = (): void => {
    if (deaf()) planned ??= clock.after(SETTLED_MS, tell);
    else if (rpc.status.peek().phase === "open") {
      planned?.();
      planned = undefined;
      if (labels.all().has(CALLS_LABEL)) {
        labels.remove(CALLS_LABEL);
        labelsChanged();
      }
    }
  };
  // What happened to the one may have happened to the other: a server that went, or that is back.
  const shareNews = (one: Bus, other: Bus): void =>
    one.status.subscribe(({ phase }) => {
      const { phase: theirs } = other.status.peek();
      const differs = phase === "open" ? theirs === "reconnecting" : theirs === "open";
      if (differs && phase !== "closed") other.probe();
    }, signal);
  shareNews(control, rpc);
  shareNews(rpc, control);
  control.status.subscribe(decide, signal);
  rpc.status.subscribe(decide, signal);
  signal.addEventListener("abort", () => planned?.(), { once: true });
}

function writeLog({ control, rpc, log }: ConnectionParts, signal: AbortSignal): void {
  const names = rpc === control ? { "control and calls": control } : { control, calls: rpc };
  for (const [connection, bus] of Object.entries(names)) {
    bus.status.subscribe((status) => {
      if (status.phase === "open") log.info("connection.open", { connection });
      else if (status.phase === "reconnecting") {
        log.warn("connection.lost", { connection, reason: status.reason });
      }
    }, signal);
  }
}
