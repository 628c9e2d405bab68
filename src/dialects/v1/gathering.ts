/**
 * How much of unfinished calls a host may hold: what is still arriving, and what of streams is not read yet, stands
 * outside any pool, and a peer could otherwise fill the tab's memory with calls that it never finishes.
 */
import type { View } from "../../core/view.ts";

import { LatticeError } from "../../core/error.ts";
import { createSource } from "../../core/view.ts";

/** Calls whose parameters are still arriving, or that have streams. */
const MOST_CALLS = 1024;
/** Bytes of such calls together. */
const MOST_BYTES = 256 * 1024 * 1024;

export interface Gatherings {
  /** False from the moment that no more is taken until half of it is free again. */
  readonly room: View<boolean>;
  /** @throws {LatticeError} `overloaded` when no more calls are gathered. */
  enter(): Share;
  /** What is held now. */
  readonly load: { readonly calls: number; readonly bytes: number };
}

/** What one call holds. */
export interface Share {
  /** @throws {LatticeError} `overloaded` when all calls together hold too much. */
  add(bytes: number): void;
  /** It holds so much less. */
  remove(bytes: number): void;
  release(): void;
}

export function createGatherings(): Gatherings {
  const room = createSource(true);
  let calls = 0;
  let held = 0;
  const look = (): void => {
    const most = room.peek() ? 1 : 0.5;
    room.set(calls < MOST_CALLS * most && held < MOST_BYTES * most);
  };
  return {
    room,
    get load() {
      return { calls, bytes: held };
    },
    enter() {
      if (calls >= MOST_CALLS) {
        throw new LatticeError("overloaded", `${calls} calls are under way, which is all it takes`);
      }
      calls++;
      let own = 0;
      let released = false;
      look();
      return {
        add(bytes) {
          if (released) return;
          own += bytes;
          held += bytes;
          look();
          if (held <= MOST_BYTES) return;
          throw new LatticeError(
            "overloaded",
            `unfinished calls hold ${held} bytes, which is too much`,
          );
        },
        remove(bytes) {
          if (released) return;
          own -= bytes;
          held -= bytes;
          look();
        },
        release() {
          if (released) return;
          released = true;
          calls--;
          held -= own;
          look();
        },
      };
    },
  };
}
