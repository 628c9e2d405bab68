/** What 0.82 has in one piece is a stream in the interfaces of the lattice. */
import type { WitStream } from "../../../core/wit.ts";

import { LatticeError } from "../../../core/error.ts";

const MOST_BYTES = 64 * 1024 * 1024;

/** A stream that gives `body`, when it is asked for. */
export function streamOf(body: Uint8Array): WitStream {
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (body.length > 0) controller.enqueue(body);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The whole of a stream of bytes. Throws `too-large` above 64 MiB. */
export function gather(stream: WitStream): Promise<Uint8Array> {
  return gatherAll(chunksOf(stream));
}

/** As {@link gather}. */
export async function gatherAll(source: AsyncIterable<unknown>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source) {
    if (!(piece instanceof Uint8Array)) continue;
    pieces.push(piece);
    length += piece.length;
    if (length > MOST_BYTES) {
      throw new LatticeError("too-large", `a body of more than ${MOST_BYTES} bytes`);
    }
  }
  return joined(pieces, length);
}

/** All of `pieces`, which have `length` bytes together. */
export function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Chunk by chunk; who stops early gives the stream up. */
export async function* chunksOf(
  stream: WitStream,
): AsyncGenerator<Uint8Array | readonly unknown[]> {
  const reader = stream.getReader();
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one piece after the other
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
