/** Streams for tests: made from chunks, and read to their end. */
import type { WitStream } from "../../src/core/wit.ts";

type Chunk = Uint8Array | readonly unknown[];

/** A stream of `chunks`; each is asked for when it is wanted. */
export function streamOf(chunks: Iterable<Chunk> | AsyncIterable<Chunk>): WitStream {
  const source =
    Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  return new ReadableStream<Chunk>(
    {
      async pull(controller) {
        const { done, value } = await source.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await source.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** All chunks of `stream`. */
export async function chunksOf(stream: WitStream): Promise<readonly Chunk[]> {
  const chunks: Chunk[] = [];
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
  }
  return chunks;
}

/** All bytes of a `stream<u8>`. */
export async function bytesOfStream(stream: WitStream): Promise<Uint8Array> {
  const chunks = await chunksOf(stream);
  return Buffer.concat(chunks.map((chunk) => Uint8Array.from(chunk.map(Number))));
}

/** `size` bytes in chunks of `chunkSize`; each byte tells its place, so that none can be lost or moved. */
export function* pattern(size: number, chunkSize: number = 64 * 1024): Iterable<Uint8Array> {
  for (let at = 0; at < size; at += chunkSize) {
    const chunk = new Uint8Array(Math.min(chunkSize, size - at));
    for (let i = 0; i < chunk.length; i++) chunk[i] = patternAt(at + i);
    yield chunk;
  }
}

/** The byte of {@link pattern} at a place. */
export const patternAt = (at: number): number => (at ^ (at >> 8) ^ (at >> 16)) & 0xff;

/** Reads a stream of {@link pattern}; gives its size, and throws at the first byte that is not as it should be. */
export async function checkPattern(
  stream: WitStream,
  each: (read: number) => Promise<void> | void = () => undefined,
): Promise<number> {
  let read = 0;
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const chunk = next.value;
    for (let i = 0; i < chunk.length; i++, read++) {
      if (chunk[i] !== patternAt(read)) throw new Error(`byte ${read} is ${String(chunk[i])}`);
    }
    await each(read);
  }
  return read;
}
