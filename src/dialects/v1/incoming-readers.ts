/**
 * The streams and futures that a call was given, as what reads the bytes of their paths: a stream when somebody asks for more, a
 * future at once. Which bytes there are is kept by `incoming.ts`.
 */
import type { WitStream, WitType, WitValue } from "../../core/wit.ts";

import { asLatticeError } from "../../core/error.ts";
import { withOwnChunks } from "../../core/memory.ts";
import { MORE } from "../../wire/bytes.ts";
import { END } from "../../wire/value-deferred.ts";

/** Hears of what changes on its path. */
export interface Reader {
  readonly wake: () => void;
  readonly fail: (reason: unknown) => void;
}

/** What a reader sees of its path. */
export interface ReadChannel {
  /** The empty message has come. */
  readonly complete: boolean;
  /** Why this broke off. */
  readonly failure: { readonly cause: unknown } | undefined;
  /** Who reads now; within a future, first its own value, then what is deferred in it at the same path. */
  reader: Reader | undefined;
}

/** What reading one stream or future consists of. */
export interface Reading {
  readonly channel: ReadChannel;
  /** The next value; {@link MORE}, {@link END}. */
  next(): unknown;
  /** There is at most the end mark left. */
  atEnd(): boolean;
  putBack(): void;
  finish(): void;
  breakOff(cause: unknown): void;
  giveUp(): void;
}

/** A stream is read when its reader asks. */
export function streamOf(reading: Reading): WitStream {
  const { channel } = reading;
  let controller: ReadableStreamDefaultController<Uint8Array | readonly WitValue[]> | undefined;
  let asked: (() => void) | undefined;
  /** Whether there was anything to give. */
  const advance = (): boolean => {
    try {
      const value = reading.next();
      if (value === MORE) return false;
      if (value === END) {
        reading.finish();
        controller?.close();
      } else {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the decoder of a stream gives chunks
        controller?.enqueue(value as Uint8Array | readonly WitValue[]);
        if (reading.atEnd()) advance();
      }
    } catch (cause) {
      reading.breakOff(asLatticeError(cause));
    }
    return true;
  };
  const reader: Reader = {
    wake() {
      if (asked !== undefined ? !advance() : !(reading.atEnd() && advance())) return;
      asked?.();
      asked = undefined;
    },
    fail(cause) {
      controller?.error(cause);
      asked?.();
    },
  };
  const isInner = channel.reader !== undefined;
  if (channel.failure === undefined) channel.reader = reader;
  const stream = new ReadableStream<Uint8Array | readonly WitValue[]>(
    {
      start(own) {
        controller = own;
        if (channel.failure !== undefined) own.error(channel.failure.cause);
      },
      pull() {
        if (advance()) return undefined;
        return new Promise<void>((resolve) => (asked = resolve));
      },
      cancel: () => reading.giveUp(),
    },
    { highWaterMark: 0 },
  );
  if (!isInner && channel.failure === undefined) reader.wake();
  return withOwnChunks(stream, handedOn);
}

/** Who reads them mostly hands them on, and that is no more work for anybody. */
const handedOn = (): void => undefined;

/** A future is read as it comes: nobody can tell whether somebody waits for it. */
export function futureOf(reading: Reading, element: WitType | undefined): Promise<WitValue> {
  const { channel } = reading;
  const isInner = channel.reader !== undefined;
  const promise = new Promise<WitValue>((resolve, reject) => {
    if (channel.failure !== undefined) return reject(channel.failure.cause);
    const advance = (): void => {
      // Without a value there is nothing but the end to wait for.
      if (element === undefined && !channel.complete) return;
      const value = reading.next();
      if (value === MORE) return;
      if (channel.reader === reader) reading.finish();
      else {
        reading.putBack();
        channel.reader?.wake();
      }
      resolve(value);
    };
    const reader: Reader = {
      wake() {
        try {
          advance();
        } catch (cause) {
          reading.breakOff(asLatticeError(cause));
        }
      },
      fail: reject,
    };
    channel.reader = reader;
    if (!isInner) reader.wake();
  });
  promise.catch(() => undefined); // whoever has no use for it leaves it
  return promise;
}
