/** The sending of streams and futures of one call: as many bytes as the reader takes, and each with its end. */
import type { Bus } from "../../core/bus.ts";
import type { DeferredPart } from "../../wire/bytes.ts";
import type { RoundTrips } from "./pace.ts";

import { LatticeError } from "../../core/error.ts";
import { releaseOf } from "../../core/memory.ts";
import {
  abandon,
  type EncodedPart,
  encodeFuture,
  promiseIn,
  STREAM_END,
  streamEncoder,
  streamIn,
} from "../../wire/value-deferred.ts";
import { type Channel, channelSubject } from "../../wire/wrpc.ts";
import { readReport } from "./flow.ts";
import { createPace } from "./pace.ts";

/** Bytes of one message: as the Rust peers' own readers take them at once. */
export const MESSAGE_BYTES: number = 64 * 1024;
/** What a message may have beyond that, so that a chunk of as many bytes is not cut for the sake of the count before it. */
const COUNT_BYTES = 5;
/** Streams and futures of one call that are sent at once: those within lists and streams have no other bound. */
const MOST_PARTS = 1024;

const END = new Uint8Array(0);

export interface OutgoingParts {
  readonly rpc: Bus;
  readonly roundTrips: RoundTrips;
  /** The receiver's inbox. */
  readonly inbox: string;
  readonly name: Channel["name"];
  /** The bytes that the receiver takes ahead of its reading, if it reports what it reads. */
  readonly window: number | undefined;
  /** Ends the sending. */
  readonly signal: AbortSignal;
}

export interface Outgoing {
  /** Resolves when all of `parts`, and what is deferred in them, were sent; rejects, when all have ended, if one broke off. */
  send(parts: readonly DeferredPart[]): Promise<void>;
  /** Takes the reader's report on what is sent at `path`. */
  report(path: readonly number[], data: Uint8Array): void;
}

/** The way of one part: its messages, in their turn. */
interface Outlet {
  write(pieces: readonly Uint8Array[]): Promise<void>;
  end(): void;
  report(data: Uint8Array): void;
  /** Aborts when nobody reads any more, or with the call. */
  readonly signal: AbortSignal;
  close(): void;
}

export function createOutgoing(parts: OutgoingParts): Outgoing {
  const outlets = new Map<string, Outlet>();
  const running = new Set<Promise<void>>();
  let failure: { readonly cause: unknown } | undefined;

  const start = (part: DeferredPart): void => {
    const key = part.path.join(".");
    const outlet = openOutlet(parts, part.path);
    if (running.size >= MOST_PARTS) {
      const cause = tooMany();
      failure ??= { cause };
      abandon(part, cause);
      outlet.end();
      outlet.close();
      return;
    }
    outlets.set(key, outlet);
    const sent = sendPart(part, outlet, start)
      .catch((cause: unknown) => {
        // A reader that has gone is nobody's failure.
        if (cause !== NOT_READ) failure ??= { cause };
      })
      .finally(() => {
        outlets.delete(key);
        outlet.close();
        running.delete(sent);
      });
    running.add(sent);
  };
  return {
    async send(all) {
      for (const part of all) start(part);
      // oxlint-disable-next-line no-await-in-loop -- parts may leave further parts behind
      while (running.size > 0) await Promise.all(running);
      if (failure !== undefined) throw failure.cause;
    },
    report: (path, data) => outlets.get(path.join("."))?.report(data),
  };
}

const tooMany = (): LatticeError =>
  new LatticeError("too-large", `more than ${MOST_PARTS} streams and futures at once in one call`);

/** The reason of an end that the reader wished. */
const NOT_READ = new LatticeError("aborted", "the peer does not read it any more");

async function sendPart(
  whole: DeferredPart,
  outlet: Outlet,
  startOther: (part: DeferredPart) => void,
): Promise<void> {
  const { path } = whole;
  /** Sends the bytes; gives what is deferred again at the same path, which goes on in the same bytes. */
  const write = async (encoded: EncodedPart): Promise<DeferredPart | undefined> => {
    const same = encoded.parts.find((each) => each.path.length === path.length);
    for (const part of encoded.parts) if (part !== same) startOther(part);
    await outlet.write(encoded.pieces);
    return same;
  };
  const send = async (part: DeferredPart): Promise<void> => {
    if (part.type.kind === "stream") {
      const encode = streamEncoder(part.type, path);
      const stream = streamIn(part);
      const release = releaseOf(stream);
      await pump(stream, outlet.signal, async (chunk) => {
        await write(encode(chunk));
        if (chunk instanceof Uint8Array) release?.(chunk);
      });
      await outlet.write([STREAM_END]);
      return;
    }
    const settled = await orAborted(promiseIn(part), outlet.signal);
    const next = await write(encodeFuture(part.type, path, settled));
    if (next !== undefined) await send(next);
  };
  try {
    await send(whole);
  } finally {
    // Without a stream's own end, or a future's value, before it, it tells that this broke off.
    outlet.end();
  }
}

/** Hands each chunk on; cancels the stream when that fails, or the signal aborts. */
async function pump(
  stream: ReadableStream<unknown>,
  signal: AbortSignal,
  take: (chunk: unknown) => Promise<void>,
): Promise<void> {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => undefined); // it has failed by itself
  signal.addEventListener("abort", cancel, { once: true });
  try {
    signal.throwIfAborted();
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a chunk goes when the one before it has gone
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      // oxlint-disable-next-line no-await-in-loop -- as above
      await take(value);
    }
  } catch (cause) {
    await reader.cancel(cause).catch(() => undefined); // it is the stream's own failure
    throw cause;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function openOutlet(
  { rpc, roundTrips, inbox, name, window, signal }: OutgoingParts,
  path: readonly number[],
): Outlet {
  const subject = channelSubject(inbox, { name, path });
  const stopped = new AbortController();
  const stop = (): void => stopped.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  let sent = 0;
  let read = 0;
  let wake: () => void = () => undefined;
  const pace = createPace(roundTrips);
  const cut = createCut();
  const hasCredit = (bytes: number): boolean => sent + bytes - read <= (window ?? Infinity);
  /** Waits for credit where the reader gives some, else for its turn. */
  const turn = async (bytes: number): Promise<void> => {
    const wait = window === undefined ? pace() : undefined;
    if (wait !== undefined) await orAborted(wait, stopped.signal);
    while (!hasCredit(bytes)) {
      const credit = new Promise<void>((resolve) => (wake = resolve));
      // oxlint-disable-next-line no-await-in-loop -- each report may give less than is needed
      await orAborted(credit, stopped.signal);
    }
  };
  return {
    signal: stopped.signal,
    async write(pieces) {
      for (const message of cut(pieces, Math.min(MESSAGE_BYTES + COUNT_BYTES, rpc.maxPayload))) {
        stopped.signal.throwIfAborted();
        // oxlint-disable-next-line no-await-in-loop -- messages go one after the other
        await turn(message.length);
        rpc.publish(subject, message);
        sent += message.length;
      }
    },
    end() {
      try {
        rpc.publish(subject, END);
      } catch {
        // Where there is no connection, the reader's own is lost or its deadline will pass.
      }
    },
    report(data) {
      const report = readReport(data);
      if (report === "stop") return stopped.abort(NOT_READ);
      if (report === undefined || report <= read || report > sent) return;
      read = report;
      wake();
    },
    close: () => signal.removeEventListener("abort", stop),
  };
}

/**
 * `pieces` as messages of at most `most` bytes, each good until the next one is asked for; what fills a message is not
 * copied.
 */
function createCut(): (pieces: readonly Uint8Array[], most: number) => Iterable<Uint8Array> {
  /** Where pieces are put together; the same for all messages, as each would leave an array behind. */
  let joined = new Uint8Array(0);
  return function* cut(pieces, most) {
    let left = pieces.reduce((sum, { length }) => sum + length, 0);
    let size = 0;
    for (const piece of pieces) {
      for (let at = 0; at < piece.length;) {
        const part = piece.subarray(at, at + most - size);
        at += part.length;
        left -= part.length;
        const ends = size + part.length === most || left === 0;
        if (size === 0 && ends) {
          yield part;
          continue;
        }
        const wanted = Math.min(most, size + part.length + left);
        if (joined.length < wanted) joined = grown(joined, size, wanted);
        joined.set(part, size);
        size += part.length;
        if (!ends) continue;
        yield joined.subarray(0, size);
        size = 0;
      }
    }
  };
}

function grown(bytes: Uint8Array, used: number, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size);
  larger.set(bytes.subarray(0, used));
  return larger;
}
