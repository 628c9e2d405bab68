/**
 * Memory that is given back when it is done with.
 *
 * Engines collect buffers when they see fit: some 60 MB of them gather in each worker of Chromium first, more in Firefox and
 * where a machine is busy. Where megabytes flow by, whoever has a buffer to itself gives it back after use, so that a stream
 * takes no more than what is under way in it.
 */

/** Gives the memory behind `bytes` back: every view of it is empty then. What is small is left to the engine. */
export type Release = (bytes: Uint8Array) => void;

const OWN_CHUNKS: unique symbol = Symbol("own chunks");

/** What {@link withOwnChunks} has said of a stream. */
interface OwnChunks {
  readonly [OWN_CHUNKS]: Release;
}

/**
 * Says that nobody but the reader of `stream` has its chunks, each the whole of its buffer: the reader may hand their
 * buffers on, or give them to `release`.
 */
export function withOwnChunks<T extends ReadableStream>(stream: T, release: Release): T {
  const own: OwnChunks = { [OWN_CHUNKS]: release };
  return Object.assign(stream, own);
}

/** What gives chunks of `stream` back; `undefined` if somebody else may look at them. */
export function releaseOf(stream: ReadableStream): Release | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the symbol is this file's own
  return (stream as Partial<OwnChunks> & ReadableStream)[OWN_CHUNKS];
}
