/**
 * The frames that messages come in, given back when all that came in one is done with.
 *
 * The client library hands out views of a frame, one message after the other, before it looks at the next frame. What
 * does not fit into one frame it puts together in an array of its own, which begins with the data; in a frame a line goes
 * before it (nats.ws 1.30.3 `parser.ts`).
 */
import type { Release } from "../core/memory.ts";

export interface Frames {
  /** Notes the data of the next message. Gives what to call when nobody looks at it any more; nothing for a small frame. */
  note(data: Uint8Array): (() => void) | undefined;
}

/** What a smaller frame takes is left to the engine. */
const LARGE_FRAME_BYTES = 32 * 1024;
/** Behind the data of each message. */
const CRLF_BYTES = 2;

interface Frame {
  readonly buffer: ArrayBufferLike;
  /** Messages that somebody may still look at. */
  held: number;
  /** The last message of it was noted. */
  whole: boolean;
}

export function createFrames(release: Release | undefined): Frames {
  let last: Frame | undefined;
  return {
    note(data) {
      const { buffer, byteLength, byteOffset } = data;
      if (release === undefined || buffer.byteLength < LARGE_FRAME_BYTES) return undefined;
      if (last?.buffer !== buffer) last = { buffer, held: 0, whole: false };
      const frame = last;
      const end = byteOffset + byteLength + CRLF_BYTES;
      if (byteOffset === 0 || end === buffer.byteLength) frame.whole = true;
      if (byteLength === 0) return undefined;
      frame.held++;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        frame.held--;
        // Later than this turn, for the library still reads on in it.
        if (frame.held === 0 && frame.whole) queueMicrotask(() => release(data));
      };
    },
  };
}
