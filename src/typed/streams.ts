/**
 * Streams of WIT as programs write and read them. A program's stream is a `ReadableStream` or anything else that can be iterated,
 * of `Uint8Array`s for `stream<u8>` and of single values for others; within the node values travel in chunks.
 */
import type { WitStream, WitType, WitValue } from "../core/wit.ts";

/** Gives what stands for the value at `step`, `[3]`, of a stream. */
export type ConvertItem = (value: WitValue, step: string) => WitValue;

type Values = Iterable<unknown> | AsyncIterable<unknown> | ReadableStream<unknown>;

type Step =
  | { readonly tag: "value"; readonly value: unknown }
  | { readonly tag: "done" }
  | { readonly tag: "failed"; readonly reason: unknown };

/** Values in one chunk, if they are there at once. */
const MOST_TOGETHER = 64;
/** Turns of the microtask queue in which a value counts as there at once: one of an async generator takes three. */
const TURNS = 6;

export function canStream(value: unknown): value is Values {
  if (typeof value !== "object" || value === null) return false;
  return isReadable(value) || Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** `values` as the node has a stream of `element`. Nothing is read before somebody reads on, and then little ahead. */
export function toWitStream(
  element: WitType | undefined,
  values: Values,
  convert: ConvertItem,
  failed: (cause: unknown) => void,
): WitStream {
  let source: Source | undefined;
  /** Asked for and not used yet. */
  let following: Promise<Step> | undefined;
  let count = 0;
  const step = (): Promise<Step> => stepOf((source ??= sourceOf(element, values)));
  /** The next value, and those that are there at once. */
  const gather = async (): Promise<Step | readonly WitValue[]> => {
    const chunk: WitValue[] = [];
    let next = await (following ?? step());
    following = undefined;
    while (next.tag === "value" && !isBytes(element, next.value)) {
      chunk.push(convert(next.value, `[${count++}]`));
      if (chunk.length === MOST_TOGETHER) break;
      following = step();
      // oxlint-disable-next-line no-await-in-loop -- values come one after the other
      const quick = await Promise.race([following, turns()]);
      if (quick?.tag !== "value" || isBytes(element, quick.value)) break;
      following = undefined;
      next = quick;
    }
    return chunk.length > 0 ? chunk : next;
  };
  return new ReadableStream<Uint8Array | readonly WitValue[]>(
    {
      async pull(controller) {
        try {
          for (;;) {
            // oxlint-disable-next-line no-await-in-loop -- only empty pieces make another round
            const news = await gather();
            if (!("tag" in news)) {
              return controller.enqueue(
                element?.kind === "u8" ? Uint8Array.from(news, Number) : news,
              );
            }
            if (news.tag === "failed") throw news.reason;
            if (news.tag === "done") return controller.close();
            const { value } = news;
            if (!(value instanceof Uint8Array) || value.length === 0) continue;
            count += value.length;
            return controller.enqueue(value);
          }
        } catch (cause) {
          failed(cause);
          await source?.end().catch(() => undefined); // what went wrong first is told
          throw cause;
        }
      },
      async cancel() {
        await source?.end();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A stream of the node as programs read it, which can be iterated in every browser. */
export function fromWitStream(
  element: WitType | undefined,
  stream: WitStream,
  convert: ConvertItem,
): ReadableStream<unknown> {
  const reader = stream.getReader();
  let count = 0;
  return iterable(
    new ReadableStream(
      {
        async pull(controller) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          if (element?.kind === "u8") return controller.enqueue(value);
          for (const item of value) controller.enqueue(convert(item, `[${count++}]`));
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    ),
  );
}

/** What is asked for the values of a stream, one at a time. */
interface Source {
  next(): Promise<IteratorResult<unknown, unknown>> | IteratorResult<unknown, unknown>;
  end(): Promise<unknown>;
}

function sourceOf(element: WitType | undefined, values: Values): Source {
  if (isReadable(values)) {
    const reader = values.getReader();
    return {
      async next() {
        const { done, value } = await reader.read();
        return done ? { done, value: undefined } : { done, value };
      },
      end: () => reader.cancel(),
    };
  }
  const whole = isBytes(element, values) ? [values] : values;
  const iterator =
    Symbol.asyncIterator in whole ? whole[Symbol.asyncIterator]() : whole[Symbol.iterator]();
  return { next: () => iterator.next(), end: async () => iterator.return?.() };
}

/** Never rejects. */
async function stepOf(source: Source): Promise<Step> {
  try {
    const { done, value } = await source.next();
    return done === true ? { tag: "done" } : { tag: "value", value };
  } catch (reason) {
    return { tag: "failed", reason };
  }
}

async function turns(): Promise<undefined> {
  // oxlint-disable-next-line no-await-in-loop -- turn by turn
  for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
}

/** Streams of another realm are no instances of this one's class. */
function isReadable(value: object): value is ReadableStream<unknown> {
  return "getReader" in value && typeof value.getReader === "function";
}

function isBytes(element: WitType | undefined, value: unknown): value is Uint8Array {
  return element?.kind === "u8" && value instanceof Uint8Array;
}

/** `for await` over streams is younger than the streams (Safari 26.4). */
function iterable<T>(stream: ReadableStream<T>): ReadableStream<T> {
  const streams: object = stream;
  if (Symbol.asyncIterator in streams) return stream;
  const iterate = async function* (): AsyncGenerator<T> {
    const reader = stream.getReader();
    try {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- values come one after the other
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      await reader.cancel();
    }
  };
  return Object.assign(stream, { [Symbol.asyncIterator]: iterate });
}
