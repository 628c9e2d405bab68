/**
 * {@link RemoteStreams} without a host worker: for tests of what guests get. Under "jspi" waits are promises, under
 * "atomics" they have ended when they return, as those of a blocked worker have.
 */
import type { FutureHandle, StreamHandle } from "../../src/channels/component.ts";
import type { Life } from "../../src/workers/life.ts";
import type {
  Later,
  RemoteEnd,
  RemoteFuture,
  RemoteSource,
  RemoteStreams,
} from "../../src/workers/remote-streams.ts";

import { createLife } from "../../src/workers/life.ts";

/** What comes in a stream: bytes, then its end, or what breaks it. */
export type Piece = string | Uint8Array | Error;

/** What a guest has sent in a stream. */
export interface Sent {
  readonly chunks: Uint8Array[];
  end: "open" | "finished" | { readonly failed: string };
}

export interface SentCall {
  readonly instance: string;
  readonly func: string;
  readonly args: readonly unknown[];
}

export interface FakeStreams {
  readonly streams: RemoteStreams;
  /** A stream of the other side. */
  stream(pieces: readonly Piece[]): StreamHandle;
  /** A future of the other side: its value or an error. */
  future(value: unknown): FutureHandle;
  sent(handle: StreamHandle): Sent;
  /** The value of a future that the guest made; `undefined` until it is settled. */
  settled(handle: FutureHandle): { readonly value?: unknown; readonly failed?: string } | undefined;
  /** Streams of the other side that the guest does not want any more. */
  readonly cancelled: readonly StreamHandle[];
  readonly calls: readonly SentCall[];
  /** What the next calls give: results, or an error. */
  readonly answers: (readonly unknown[] | Error)[];
  /** From now on nobody reads what is sent in the stream. */
  deafen(handle: StreamHandle): void;
}

/** Bytes that a sink takes before it is full; it is empty again after each wait. */
const WINDOW_BYTES = 100_000;

interface Arriving extends RemoteEnd {
  arrive(): void;
}

export function fakeStreams(mode: "jspi" | "atomics"): FakeStreams {
  const incoming = new Map<number, readonly Piece[]>();
  const values = new Map<number, unknown>();
  const outgoing = new Map<number, Sent & { unread: number; deaf: boolean }>();
  const promised = new Map<number, { readonly value?: unknown; readonly failed?: string }>();
  const cancelled: StreamHandle[] = [];
  const calls: SentCall[] = [];
  const answers: (readonly unknown[] | Error)[] = [];
  const arriving = new WeakMap<RemoteEnd, Arriving>();
  let last = 0;

  const later = <T>(step: () => T): Later<T> =>
    mode === "jspi" ? new Promise((resolve) => setTimeout(resolve, 0)).then(step) : step();
  const when = <T>(end: RemoteEnd, step: () => T): Later<T> => {
    if (end.ready) return step();
    return later(() => {
      arriving.get(end)?.arrive();
      return step();
    });
  };
  const futureOf = (value: () => unknown): RemoteFuture => {
    let there: { readonly value: unknown } | undefined;
    const end: RemoteFuture = {
      get ready() {
        return there !== undefined;
      },
      get: () =>
        when(end, () => {
          if (there?.value instanceof Error) throw there.value;
          return there?.value;
        }),
    };
    arriving.set(end, { ready: false, arrive: () => void (there = { value: value() }) });
    return end;
  };
  const sentOf = ({ $stream }: StreamHandle): Sent & { unread: number; deaf: boolean } => {
    const sent = outgoing.get($stream);
    if (sent === undefined) throw new Error(`nothing is sent in ${$stream}`);
    return sent;
  };
  const streams: RemoteStreams = {
    source(handle) {
      const queue = [...(incoming.get(handle.$stream) ?? [])];
      let there: Uint8Array | Error | undefined;
      let ended = false;
      const source: RemoteSource = {
        get ready() {
          return ended || there !== undefined;
        },
        read: (maxBytes) =>
          when(source, () => {
            if (there instanceof Error) throw there;
            const part = there?.subarray(0, maxBytes);
            there = part?.length === there?.length ? undefined : there?.subarray(maxBytes);
            return part;
          }),
        cancel() {
          cancelled.push(handle);
          there = undefined;
          ended = true;
        },
      };
      const arrive = (): void => {
        if (source.ready) return;
        const piece = queue.shift();
        ended = piece === undefined;
        there = typeof piece === "string" ? bytesOf(piece) : piece;
      };
      arriving.set(source, { ready: false, arrive });
      return source;
    },
    sink() {
      const handle = { $stream: ++last };
      const sent: Sent & { unread: number; deaf: boolean } = {
        chunks: [],
        end: "open",
        unread: 0,
        deaf: false,
      };
      outgoing.set(last, sent);
      const end: RemoteEnd = {
        get ready() {
          return sent.unread < WINDOW_BYTES || sent.deaf;
        },
      };
      arriving.set(end, { ready: false, arrive: () => void (sent.unread = 0) });
      const sink = {
        get ready() {
          return end.ready;
        },
        write(bytes: Uint8Array): Later<void> {
          if (sent.end !== "open") throw new Error("the stream has ended");
          if (sent.deaf) throw new Error("nobody reads it");
          sent.chunks.push(bytes.slice());
          sent.unread += bytes.length;
          return when(end, () => undefined);
        },
        finish: () => void (sent.end = sent.end === "open" ? "finished" : sent.end),
        fail: (reason: string) =>
          void (sent.end = sent.end === "open" ? { failed: reason } : sent.end),
      };
      arriving.set(sink, { ready: false, arrive: () => void (sent.unread = 0) });
      return { handle, sink };
    },
    sinkOf() {
      throw new Error("the fake has no streams that come out of a call's promise");
    },
    future: ({ $future }) => futureOf(() => values.get($future)),
    promise() {
      const id = ++last;
      const promise = {
        settle: (value: unknown) => void promised.set(id, { value }),
        fail: (failed: string) => void promised.set(id, { failed }),
      };
      return { handle: { $future: id }, promise };
    },
    call(instance, func, args) {
      calls.push({ instance, func, args });
      return futureOf(() => answers.shift() ?? new Error("nobody answers"));
    },
    waitAny(ends, untilMs) {
      if (ends.some(({ ready }) => ready) || ends.length === 0) {
        return mode === "jspi" && ends.length === 0 ? sleepUntil(untilMs) : undefined;
      }
      return later(() => {
        for (const end of ends) arriving.get(end)?.arrive();
      });
    },
  };
  return {
    streams,
    cancelled,
    calls,
    answers,
    stream(pieces) {
      incoming.set(++last, pieces);
      return { $stream: last };
    },
    future(value) {
      values.set(++last, value);
      return { $future: last };
    },
    sent: sentOf,
    settled: ({ $future }) => promised.get($future),
    deafen: (handle) => void (sentOf(handle).deaf = true),
  };
}

/** A life in the middle of its call. */
export function runningLife(): Life {
  const life = createLife();
  life.begin(1);
  return life;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** All that was sent, as text. */
export function textOf({ chunks }: Sent): string {
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function sleepUntil(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms - performance.now()));
}
