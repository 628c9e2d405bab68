/** Streams of WIT values whose contents are all there. */
import type { WitStream, WitValue } from "../core/wit.ts";

/** Values in one chunk, where a stream has so many of no type that they are only counted. */
export const MOST_COUNTED = 4096;

/** A stream of `contents`: a list as it was decoded, or the count of values that have no type. */
export function finishedStream(contents: unknown): WitStream {
  if (typeof contents === "number") return countedStream(contents);
  const items = isList(contents) ? contents : [];
  const chunk = items instanceof Uint8Array ? items : Array.from(items);
  return new ReadableStream(
    {
      pull(controller) {
        if (chunk.length > 0) controller.enqueue(chunk);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A list is an array, or one of the typed arrays that lists of numbers are. */
const isList = (value: unknown): value is ArrayLike<WitValue> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

function countedStream(count: number): WitStream {
  let left = count;
  return new ReadableStream(
    {
      pull(controller) {
        const size = Math.min(left, MOST_COUNTED);
        left -= size;
        controller.enqueue(Array.from({ length: size }, () => undefined));
        if (left === 0) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
