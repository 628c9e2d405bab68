/**
 * Streams, futures and calls of the host worker, as code in a component worker uses them.
 *
 * A worker whose guest blocks hears no messages, so whatever waits here asks the host and waits for its answer: a promise
 * under JSPI, the value itself with atomics. Nobody works in the background: bytes move when a guest reads, writes or
 * waits. All of it belongs to one call and ends with it, also where the instance lives on: its numbers mean others then. Once
 * the life is over, nothing that was waited for comes back.
 */
import type {
  EndNews,
  FutureHandle,
  GuestNews,
  GuestSaid,
  GuestWait,
  SinkHandle,
  StreamHandle,
} from "../channels/component.ts";
import type { Release } from "../core/memory.ts";
import type { WitValue } from "../core/wit.ts";
import type { Life } from "./life.ts";

import { pieceWeight, STREAM_WINDOW } from "../channels/component.ts";
import { LatticeError } from "../core/error.ts";

/** The value itself with atomics, a promise of it where the guest is suspended; also the value if it is there already. */
export type Later<T> = T | Promise<T>;

/** What {@link RemoteStreams.waitAny} waits for. */
export interface RemoteEnd {
  /** True if its next step needs no wait: bytes or the end are there, there is room, or the value is known. */
  readonly ready: boolean;
}

/** Bytes that come from the host worker. */
export interface RemoteSource extends RemoteEnd {
  /**
   * At least one byte and at most `maxBytes` (1 or more); `undefined` at the end. They are the reader's until it reads
   * again. Throws when the other side broke off.
   */
  read(maxBytes: number): Later<Uint8Array | undefined>;
  /** What is still to come is not wanted. */
  cancel(): void;
}

/** Bytes that go to the host worker. */
export interface RemoteSink extends RemoteEnd {
  /**
   * Gives `bytes` away (a copy is made if they are a view) and waits while the other side has enough to do.
   * Throws `aborted` when nobody reads them any more.
   */
  write(bytes: Uint8Array): Later<void>;
  /** All is written. */
  finish(): void;
  /** The reader gets an error. */
  fail(reason: string): void;
}

/** A value that comes later. */
export interface RemoteFuture extends RemoteEnd {
  /** Throws when the other side failed or broke off. Asked again it gives the same. */
  get(): Later<unknown>;
}

/** One life's streams; see the file's head. Errors are `LatticeError`s, thrown or rejected with. */
export interface RemoteStreams {
  /** For a stream that came in an argument or a result. Once for each. */
  source(handle: StreamHandle): RemoteSource;
  /** A new stream, to hand to the host in an argument or a result. */
  sink(): { readonly handle: StreamHandle; readonly sink: RemoteSink };
  /** For a stream that the host wants to be written. Once for each. */
  sinkOf(handle: SinkHandle): RemoteSink;
  /** For a future that came in an argument or a result. Once for each. */
  future(handle: FutureHandle): RemoteFuture;
  /** A new future, to hand to the host. Its value may hold handles of {@link sink} and {@link promise}. */
  promise(): { readonly handle: FutureHandle; readonly promise: RemotePromise };
  /**
   * Calls what the component imports from the host and gives the results once they are there: none, or one value, with
   * streams and futures as handles. The guest goes on meanwhile, so that it can write what the call reads.
   */
  call(instance: string, func: string, args: readonly WitValue[]): RemoteFuture;
  /** Waits until one of `ends` is ready, or until `untilMs` on the clock of `performance.now()` (`Infinity`: for ever). */
  waitAny(ends: readonly RemoteEnd[], untilMs: number): Later<void>;
}

/** The writing end of a future. */
export interface RemotePromise {
  settle(value: WitValue): void;
  fail(reason: string): void;
}

/** How a life speaks with its host; the two bridges differ in it. */
export interface StreamBridge {
  /** Posts, and waits for nothing. */
  say(life: Life, said: GuestSaid): void;
  ask(life: Life, wait: Omit<GuestWait, "callId">): Later<GuestNews>;
  /** Until `untilMs` on the clock of `performance.now()`; asks nobody. */
  sleep(life: Life, untilMs: number): Later<void>;
}

/** The longest delay that timers take; longer ones fire at once. */
export const MAX_DELAY_MS = 0x7fff_ffff;

/** An end as this file sees it. */
interface Known extends RemoteEnd {
  readonly id: number;
  hear(news: EndNews): void;
}

/** What was read goes to `release`: what waits for a collection is many times a window of a stream. */
export function createRemoteStreams(
  life: Life,
  bridge: StreamBridge,
  release: Release,
): RemoteStreams {
  const known = new WeakMap<RemoteEnd, Known>();
  let lastId = 0;

  const inCall = (): void => {
    if (life.callId < 0) {
      throw new LatticeError("unsupported", "the component uses streams while it is instantiated");
    }
  };
  const listen = (ends: readonly Known[], forMs?: number): Later<void> => {
    inCall();
    const byId = new Map(ends.map((end) => [end.id, end]));
    const wait = { ends: [...byId.keys()], ...(forMs === undefined ? {} : { forMs }) };
    return after(bridge.ask(life, wait), (news) => {
      for (const [id, one] of news) byId.get(id)?.hear(one);
    });
  };
  /** What `step` gives, as soon as `end` is ready for it. */
  const when = <T>(end: Known, step: () => Later<T>): Later<T> => {
    if (end.ready) return step();
    return after(listen([end]), () => when(end, step));
  };
  const say = (said: GuestSaid): void => {
    inCall();
    bridge.say(life, said);
  };
  /** What tells whether the call that runs now has ended. */
  const thisCall = (): (() => boolean) => {
    const { callId } = life;
    return () => life.callId !== callId;
  };
  const sourceOf = (id: number): RemoteSource => {
    /** What has come and is not read. */
    let rest: Uint8Array[] = [];
    /** What was read last, to the end of its buffer. */
    let spent: Uint8Array | undefined;
    let ending: "open" | "finished" | LatticeError = "open";
    const over = thisCall();
    const end: Known = {
      id,
      get ready() {
        return rest.length > 0 || ending !== "open" || over();
      },
      hear(news) {
        if (news.tag === "bytes") rest.push(news.bytes);
        else ending = news.tag === "fail" ? failureOf(news) : "finished";
      },
    };
    const source: RemoteSource = {
      get ready() {
        return end.ready;
      },
      read: (maxBytes) =>
        when(end, () => {
          if (spent !== undefined) release(spent);
          spent = undefined;
          const [first] = rest;
          if (first === undefined) {
            if (ending instanceof LatticeError) throw ending;
            if (ending === "open") throw late();
            return undefined;
          }
          const part = first.subarray(0, maxBytes);
          if (part.length === first.length) spent = rest.shift();
          else rest[0] = first.subarray(part.length);
          return part;
        }),
      cancel() {
        rest = [];
        if (ending !== "open" || over()) return;
        ending = "finished";
        say({ tag: "cancel", end: id });
      },
    };
    known.set(source, end);
    return source;
  };
  const futureOf = (id: number): RemoteFuture => {
    let outcome: { readonly value: WitValue } | LatticeError | undefined;
    const over = thisCall();
    const end: Known = {
      id,
      get ready() {
        return outcome !== undefined || over();
      },
      hear(news) {
        if (news.tag === "value") outcome = { value: news.value };
        else if (news.tag === "fail") outcome = failureOf(news);
      },
    };
    const future: RemoteFuture = {
      get ready() {
        return end.ready;
      },
      get: () =>
        when(end, () => {
          if (outcome instanceof LatticeError) throw outcome;
          if (outcome === undefined) throw late();
          return outcome.value;
        }),
    };
    known.set(future, end);
    return future;
  };
  const sinkAt = (id: number): RemoteSink => {
    /** Weight of what the host has not passed on, as far as is known here. */
    let outstanding = 0;
    let ending: "open" | "finished" | LatticeError = "open";
    const over = thisCall();
    const end: Known = {
      id,
      get ready() {
        return outstanding < STREAM_WINDOW || ending !== "open" || over();
      },
      hear(news) {
        if (news.tag === "room") outstanding = news.unread;
        else if (news.tag === "fail") ending = failureOf(news);
      },
    };
    const check = (): void => {
      if (ending instanceof LatticeError) throw ending;
      if (over()) throw late();
    };
    const write = (bytes: Uint8Array): Later<void> => {
      check();
      if (ending !== "open") throw new LatticeError("internal", "the stream is finished");
      if (bytes.length === 0) return undefined;
      const piece = owned(bytes.subarray(0, STREAM_WINDOW));
      outstanding += pieceWeight(piece);
      say({ tag: "bytes", end: id, bytes: piece });
      return when(end, () => {
        check();
        return bytes.length > STREAM_WINDOW ? write(bytes.subarray(STREAM_WINDOW)) : undefined;
      });
    };
    const close = (said: GuestSaid): void => {
      if (ending !== "open" || over()) return;
      ending = "finished";
      say(said);
    };
    const sink: RemoteSink = {
      get ready() {
        return end.ready;
      },
      write,
      finish: () => close({ tag: "finish", end: id }),
      fail: (reason) => close({ tag: "fail", end: id, reason }),
    };
    known.set(sink, end);
    return sink;
  };
  return {
    source: ({ $stream }) => sourceOf($stream),
    future: ({ $future }) => futureOf($future),
    sinkOf: ({ $sink }) => sinkAt($sink),
    sink() {
      const id = --lastId;
      return { handle: { $stream: id }, sink: sinkAt(id) };
    },
    promise() {
      const end = --lastId;
      const over = thisCall();
      const tell = (said: GuestSaid): void => {
        if (!over()) say(said);
      };
      const promise: RemotePromise = {
        settle: (value) => tell({ tag: "value", end, value }),
        fail: (reason) => tell({ tag: "fail", end, reason }),
      };
      return { handle: { $future: end }, promise };
    },
    call(instance, func, args) {
      const end = --lastId;
      say({ tag: "start", end, request: { instance, func, args } });
      return futureOf(end);
    },
    waitAny(ends, untilMs) {
      if (ends.some(({ ready }) => ready)) return undefined;
      if (ends.length === 0) return bridge.sleep(life, untilMs);
      const forMs = Math.min(Math.max(0, untilMs - performance.now()), MAX_DELAY_MS);
      const all = ends.flatMap((end) => known.get(end) ?? []);
      return listen(all, untilMs === Infinity ? undefined : forMs);
    },
  };
}

/** `step` of what comes later, or at once of what is there. */
export function after<T, U>(later: Later<T>, step: (value: T) => Later<U>): Later<U> {
  return later instanceof Promise ? later.then((value) => step(value)) : step(later);
}

function owned(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

function late(): LatticeError {
  return new LatticeError("incomplete", "the call that it belongs to has ended");
}

function failureOf({ code, message }: Extract<EndNews, { readonly tag: "fail" }>): LatticeError {
  return new LatticeError(code, message);
}
