/**
 * Objects that come in pieces: `PutObject` with the first one, `PutChunk` with each that follows (wasmCloud/interfaces
 * `blobstore/blobstore.smithy`). They are gathered here and written when they are whole, so that a store has all of an object or
 * nothing.
 *
 * Whoever begins is told a name that nobody can guess, and goes on by it at the same node.
 */
import type { Chunk } from "./blobstore-messages.ts";

import { LatticeError } from "../../../core/error.ts";
import { joined } from "./streams.ts";

export interface Uploads {
  /** Begins an object with its first piece; gives the name by which it goes on. */
  begin(chunk: Chunk): string;
  /**
   * Takes the next piece; gives the object if that was the last one.
   *
   * @throws {LatticeError} `not-found` for an object that nobody has begun, or given up; `bad-input` for a piece that is not the
   * next one; `too-large`, which gives the object up.
   */
  next(stream: string, chunk: Chunk): Uint8Array | undefined;
  giveUp(stream: string): void;
}

interface Upload {
  readonly container: string;
  readonly object: string;
  readonly pieces: Uint8Array[];
  length: number;
  /** When its last piece came. */
  at: number;
}

/** Objects that are gathered at once, and bytes of all of them. */
const MOST_UPLOADS = 64;
const MOST_BYTES = 64 * 1024 * 1024;
/** After which somebody else's object may take the place of one that does not go on. */
const IDLE_MS = 30_000;

/** `now`: milliseconds that never go back. */
export function createUploads(now: () => number): Uploads {
  const uploads = new Map<string, Upload>();
  const held = (): number => [...uploads.values()].reduce((sum, { length }) => sum + length, 0);
  const makeRoom = (bytes: number): void => {
    for (const [stream, { at }] of uploads) {
      if (uploads.size < MOST_UPLOADS && held() + bytes <= MOST_BYTES) return;
      if (now() - at >= IDLE_MS) uploads.delete(stream);
    }
    if (uploads.size < MOST_UPLOADS && held() + bytes <= MOST_BYTES) return;
    throw tooLarge();
  };
  return {
    begin({ containerId: container, objectId: object, bytes }) {
      makeRoom(bytes.length);
      const stream = crypto.randomUUID();
      // What was decoded may be a view of the whole message.
      const pieces = [bytes.slice()];
      uploads.set(stream, { container, object, pieces, length: bytes.length, at: now() });
      return stream;
    },
    next(stream, { containerId, objectId, bytes, offset, isLast }) {
      const upload = uploads.get(stream);
      if (upload?.container !== containerId || upload.object !== objectId) {
        throw new LatticeError("not-found", "no such object is being put here in pieces");
      }
      if (offset !== upload.length) {
        const error = `the next piece begins at ${upload.length}, met ${offset}`;
        throw new LatticeError("bad-input", error);
      }
      if (held() + bytes.length > MOST_BYTES) {
        uploads.delete(stream);
        throw tooLarge();
      }
      upload.pieces.push(bytes.slice());
      upload.length += bytes.length;
      upload.at = now();
      if (!isLast) return undefined;
      uploads.delete(stream);
      return joined(upload.pieces, upload.length);
    },
    giveUp: (stream) => void uploads.delete(stream),
  };
}

function tooLarge(): LatticeError {
  return new LatticeError(
    "too-large",
    `at most ${MOST_UPLOADS} objects with ${MOST_BYTES} bytes are put in pieces at once`,
  );
}
