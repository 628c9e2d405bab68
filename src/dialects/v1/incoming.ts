/**
 * The receiving of streams and futures of one call: what comes on each index path is kept until it is read
 * (`incoming-readers.ts`), within bounds.
 *
 * Messages may come before the values that they are part of, and in any order of paths. What ends without its own end, or
 * without its value, broke off on the other side.
 */
import type { DeferredType } from "../../wire/bytes.ts";
import type { WitType } from "../../core/wit.ts";
import type { Share } from "./gathering.ts";

import { LatticeError } from "../../core/error.ts";
import { copyBytes, MORE } from "../../wire/bytes.ts";
import { createDeferredDecoder, type DeferredDecoder } from "../../wire/value-deferred.ts";
import { isDeferredPlace } from "../../wire/wrpc.ts";
import { futureOf, type ReadChannel, type Reading, streamOf } from "./incoming-readers.ts";

/** Bytes of one stream that are not read yet: what a peer without credit may run ahead of a reader. */
const MOST_UNREAD_BYTES = 32 * 1024 * 1024;
/** Paths of one call that are open at once: those within lists and streams have no other bound. */
const MOST_PATHS = 1024;
/** What keeping a message takes besides its bytes. */
const MESSAGE_OVERHEAD_BYTES = 128;
/** Smaller messages are copied: they would hold the whole frame that they came in. */
const SMALL_MESSAGE_BYTES = 16 * 1024;

export interface IncomingParts {
  /** Of the values that the streams and futures are part of. */
  readonly types: readonly WitType[];
  /** Counts what is kept. */
  readonly share: Share;
  /** The bytes that were read of the channel at `path` since its beginning; `"stop"` when nobody reads it any more. */
  readonly tell: (path: readonly number[], read: number | "stop") => void;
  /** What a failure should name. */
  readonly peer: string;
}

export interface Incoming {
  /** For the decoder of the values. */
  open(type: DeferredType, path: readonly number[]): unknown;
  /** Takes a message; those for places that no value can have are dropped. */
  receive(path: readonly number[], data: Uint8Array, release?: () => void): void;
  /** Resolves when all that was opened was read or given up, rejects when one broke off. Ask when the values are there. */
  ended(): Promise<void>;
  /** Breaks off what has not ended. */
  fail(reason: unknown): void;
}

/** The bytes of one path. */
interface Channel extends ReadChannel {
  readonly path: readonly number[];
  readonly pieces: Piece[];
  /** Bytes taken from `pieces` since the beginning. */
  taken: number;
  /** Gives back what the decoder was given last. */
  spent: (() => void) | undefined;
  /** What `pieces` take. */
  queued: number;
  /** What `share` counts for this path: `pieces`, and what its decoder has not given out. */
  kept: number;
  complete: boolean;
  /** Nobody reads any more. */
  done: boolean;
  failure: { readonly cause: unknown } | undefined;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly release: (() => void) | undefined;
}

export function createIncoming({ types, share, tell, peer }: IncomingParts): Incoming {
  const channels = new Map<string, Channel>();
  const open = new Set<Channel>();
  let failure: { readonly cause: unknown } | undefined;
  let broken: { readonly cause: unknown } | undefined;
  let wakeEnded: () => void = () => undefined;

  const channelAt = (path: readonly number[]): Channel => {
    const key = path.join(".");
    const known = channels.get(key);
    if (known !== undefined) return known;
    const channel: Channel = {
      path,
      pieces: [],
      taken: 0,
      spent: undefined,
      queued: 0,
      kept: 0,
      complete: false,
      done: false,
      failure,
      reader: undefined,
    };
    channels.set(key, channel);
    return channel;
  };
  /** Counts what is kept for a path now. */
  const count = (channel: Channel, kept: number): void => {
    const more = kept - channel.kept;
    channel.kept = kept;
    if (more > 0) share.add(more);
    else share.remove(-more);
  };
  /** Drops what nothing comes for any more; why it broke off is kept for whoever opens it later. */
  const forget = ({ path, complete, failure: own }: Channel): void => {
    if (complete && own === undefined) channels.delete(path.join("."));
  };
  /** The reader has all it wanted, or failed. */
  const finish = (channel: Channel, cause?: unknown): void => {
    if (channel.done) return;
    channel.done = true;
    channel.reader = undefined;
    channel.pieces.length = 0;
    channel.queued = 0;
    count(channel, 0);
    forget(channel);
    if (cause !== undefined) broken ??= { cause };
    open.delete(channel);
    if (open.size === 0) wakeEnded();
  };
  const breakOff = (channel: Channel, cause: unknown): void => {
    const { reader } = channel;
    channel.failure = { cause };
    tell(channel.path, "stop");
    finish(channel, cause);
    reader?.fail(cause);
  };

  const receive: Incoming["receive"] = (path, data, release) => {
    if (failure !== undefined) return;
    const known = channels.get(path.join("."));
    if (known === undefined && !isDeferredPlace(types, path)) return;
    if (known === undefined && channels.size >= MOST_PATHS) return; // whoever waits for it sees the deadline
    const channel = known ?? channelAt(path);
    if (channel.complete) return;
    if (data.length === 0) {
      channel.complete = true;
      if (channel.done) forget(channel);
      else channel.reader?.wake();
      return;
    }
    if (channel.done) return;
    const small = data.length < SMALL_MESSAGE_BYTES;
    const own = small ? copyBytes(data, 0, data.length) : data;
    channel.pieces.push({ bytes: own, release: small ? undefined : release });
    if (small) release?.();
    channel.queued += own.length + MESSAGE_OVERHEAD_BYTES;
    try {
      count(channel, channel.kept + own.length + MESSAGE_OVERHEAD_BYTES);
      if (channel.kept > MOST_UNREAD_BYTES) throw tooMuch(peer);
    } catch (cause) {
      return breakOff(channel, cause);
    }
    channel.reader?.wake();
  };

  /** One step of reading: gives the decoder's next value, {@link MORE} when it has to wait. */
  const step = (channel: Channel, decoder: DeferredDecoder): unknown => {
    for (;;) {
      const value = decoder.next();
      if (decoder.copies && decoder.size === 0) {
        channel.spent?.();
        channel.spent = undefined;
      }
      if (value !== MORE) {
        // What waits within the decoder for its other half counts as kept.
        count(channel, channel.queued + decoder.size);
        return value;
      }
      const piece = channel.pieces.shift();
      if (piece === undefined) {
        if (channel.complete) throw cutShort(peer, channel.path);
        return MORE;
      }
      decoder.push(piece.bytes);
      channel.spent = piece.release;
      channel.queued -= piece.bytes.length + MESSAGE_OVERHEAD_BYTES;
      channel.taken += piece.bytes.length;
      tell(channel.path, channel.taken);
    }
  };
  /** Puts back what the decoder of a future has not read: what is deferred in it, at the same path, comes next. */
  const putBack = (channel: Channel, decoder: DeferredDecoder): void => {
    const rest = decoder.rest();
    if (rest.length === 0) return;
    channel.pieces.unshift({ bytes: rest, release: undefined });
    channel.queued += rest.length + MESSAGE_OVERHEAD_BYTES;
    channel.taken -= rest.length;
  };

  const incoming: Incoming = {
    receive,
    open(type, path) {
      const channel = channelAt(path);
      if (!channel.done) open.add(channel);
      const decoder = createDeferredDecoder(type, path, incoming);
      const reading: Reading = {
        channel,
        next: () => step(channel, decoder),
        // A mark's last byte and what keeping it takes: nobody needs to ask for the end of a stream.
        atEnd: () => channel.complete && channel.kept <= 1 + MESSAGE_OVERHEAD_BYTES,
        putBack: () => putBack(channel, decoder),
        finish: () => finish(channel),
        breakOff: (cause) => breakOff(channel, cause),
        giveUp() {
          tell(path, "stop");
          finish(channel);
        },
      };
      return type.kind === "stream" ? streamOf(reading) : futureOf(reading, type.element);
    },
    async ended() {
      if (open.size > 0) await new Promise<void>((resolve) => (wakeEnded = resolve));
      if (broken !== undefined) throw broken.cause;
    },
    fail(cause) {
      failure ??= { cause };
      for (const channel of Array.from(channels.values())) {
        if (!channel.done) breakOff(channel, cause);
      }
      channels.clear();
    },
  };
  return incoming;
}

function tooMuch(peer: string): LatticeError {
  return new LatticeError(
    "overloaded",
    `${peer} sent more than ${MOST_UNREAD_BYTES} bytes of a stream that nobody has read yet`,
  );
}

function cutShort(peer: string, path: readonly number[]): LatticeError {
  return new LatticeError("incomplete", `${peer} broke off what it sent at ${path.join(".")}`);
}
