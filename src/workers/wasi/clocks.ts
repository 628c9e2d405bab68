/** `wasi:clocks`: the machine's time, and pollables that are ready at some time. */
import type { GuestImports } from "../instantiate.ts";
import type { Holder } from "./resource.ts";

import { Pollable, readyAt } from "./io-poll.ts";

const NS_PER_MS = 1_000_000;

export function clocks(holder: Holder): GuestImports {
  const at = (atMs: number): Pollable => new Pollable(holder, readyAt(atMs));
  return {
    "wasi:clocks/wall-clock": WALL_CLOCK,
    "wasi:clocks/monotonic-clock": {
      now: () => BigInt(Math.floor(performance.now() * NS_PER_MS)),
      resolution: () => BigInt(NS_PER_MS),
      subscribeInstant: (instant: bigint) => at(Number(instant) / NS_PER_MS),
      subscribeDuration: (duration: bigint) => at(performance.now() + Number(duration) / NS_PER_MS),
    },
  };
}

const WALL_CLOCK = {
  now() {
    const ms = Date.now(); // the guest's own clock; `performance` stands still while the machine sleeps
    return {
      seconds: BigInt(Math.floor(ms / 1000)),
      nanoseconds: (ms % 1000) * NS_PER_MS,
    };
  },
  resolution: () => ({ seconds: 0n, nanoseconds: NS_PER_MS }),
};
