/**
 * How fast streams are sent to peers that give no credit.
 *
 * A Rust peer keeps 16 messages of a path; while they wait to be read, everything else that comes to its connection
 * waits behind them (bytecodealliance/wrpc `crates/transport-nats/src/lib.rs` at crates/transport-nats/v0.28.1). So few
 * messages of one stream are under way at once: up to {@link MOST_UNDER_WAY} that the server has not passed on for sure.
 */
import type { Bus } from "../../core/bus.ts";

/** Messages between two round trips; two rounds may be under way. */
const ROUND = 4;
/** Messages of one stream that may be under way at once. */
export const MOST_UNDER_WAY: number = 2 * ROUND;

/** Round trips to the server, shared by all streams that wait for one. */
export interface RoundTrips {
  /** Resolves when the server has passed on all that was published before. */
  next(): Promise<void>;
}

export function createRoundTrips(bus: Bus, signal: AbortSignal): RoundTrips {
  let asked: Promise<void> | undefined;
  return {
    next() {
      // All that ask in one turn share it: a flush speaks for everything that was published before.
      asked ??= Promise.resolve().then(() => {
        asked = undefined;
        return bus.flush(signal);
      });
      return asked;
    },
  };
}

/** Resolves when one more message of the stream may go. */
export type Turn = () => Promise<void> | undefined;

export function createPace(roundTrips: RoundTrips): Turn {
  let sent = 0;
  let pending: Promise<void> | undefined;
  return () => {
    if (sent++ % ROUND !== 0 || sent === 1) return undefined;
    const before = pending;
    pending = roundTrips.next();
    pending.catch(() => undefined); // whoever waits for it next hears of it; the last one has no need to
    return before;
  };
}
