/**
 * The topic `calls`: all calls of this node as they end, with their values as text. While nobody watches, the tap is shut and
 * nothing of this runs.
 *
 * It is bounded: what ends faster than watchers take it is counted, not kept.
 */
import type { Tell } from "../../core/watched.ts";
import type { WatchedCall, WatchedCalls } from "../../core/watched-calls.ts";
import type { CallTap } from "../interceptors/tap.ts";
import type { WatchParts } from "./watch.ts";

import { createPace } from "./pace.ts";
import { createCallWatcher } from "./call-watcher.ts";

/** Between two updates. */
const TELL_EVERY_MS = 100;
/** Calls of one update, and the text of their values in UTF-16 units. */
const MOST_CALLS = 300;
const MOST_TEXT = 400_000;

/** Where calls go for one watcher. */
export interface CallBasket {
  /** Whether there is room for a call. */
  room(): boolean;
  put(call: WatchedCall): void;
  /** A call has ended for which there was no room when it began. */
  miss(): void;
}

/** Who watches through a tap: the baskets of all watchers, filled by one. */
const watching = new WeakMap<CallTap, Set<CallBasket>>();

export function watchCalls(
  { clock, tap }: Pick<WatchParts, "clock" | "tap">,
  tell: Tell<"calls">,
  signal: AbortSignal,
): void {
  let calls: WatchedCall[] = [];
  let text = 0;
  let dropped = 0;
  const take = (): WatchedCalls => {
    const update = { calls, dropped };
    calls = [];
    text = 0;
    dropped = 0;
    return update;
  };
  const changed = createPace(clock, TELL_EVERY_MS, take, tell, signal);
  const basket: CallBasket = {
    room: () => calls.length < MOST_CALLS && text < MOST_TEXT,
    put(call) {
      if (basket.room()) {
        calls.push(call);
        text += lengthOf(call);
      } else dropped++;
      changed();
    },
    miss() {
      dropped++;
      changed();
    },
  };
  let baskets = watching.get(tap);
  if (baskets === undefined) watching.set(tap, (baskets = new Set()));
  baskets.add(basket);
  const open = baskets;
  tap.watcher ??= createCallWatcher(clock, open);
  const close = (): void => {
    open.delete(basket);
    if (open.size === 0) tap.watcher = undefined;
  };
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  else changed(); // whoever watches sees that it has begun
}

function lengthOf({ args = [], result = "", error = "" }: WatchedCall): number {
  return args.reduce((sum, { text }) => sum + text.length, result.length + error.length);
}
