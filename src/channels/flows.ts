/**
 * Streams and futures between two realms that both hear messages at any time, as a page and its host worker do: whoever has
 * one lends it under a number, and the other side asks for it piece by piece. So what nobody asks for is not read, and no
 * more than one piece of a stream waits on its way.
 *
 * Workers whose guests block are another matter (`component.ts`).
 */
import type { ErrorCode } from "../core/error.ts";
import type { WitStream, WitValue } from "../core/wit.ts";
import type { FutureHandle, StreamHandle } from "./component.ts";

import { asLatticeError, LatticeError } from "../core/error.ts";
import { releaseOf } from "../core/memory.ts";
import { compact, transferring } from "./port.ts";
import { replaceParts } from "./replace.ts";

/** A chunk of a stream, its end, or the value of a future. */
export type FlowNews =
  | { readonly tag: "chunk"; readonly chunk: Uint8Array | readonly WitValue[] }
  | { readonly tag: "end" }
  | { readonly tag: "value"; readonly value: WitValue };

/** An error where it crosses. */
export interface FlowReason {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What each side answers for what it has lent. */
export interface FlowMethods {
  /** The next piece of `end`. Rejects if it broke off. */
  next(end: number): Promise<FlowNews>;
  /** What is still to come of `end` is not wanted. */
  cancel(end: number, reason: FlowReason): Promise<void>;
}

export interface Flows {
  /** For the other side to call. */
  readonly methods: FlowMethods;
  /** What belongs to one call. */
  scope(): FlowScope;
}

export interface FlowScope {
  /** `value` with its streams and promises as handles. */
  lend<T extends WitValue>(value: T): T;
  /** `value` with the other side's handles as streams and promises. */
  accept<T extends WitValue>(value: T): T;
  /** True while something that was lent has not ended. */
  lending(): boolean;
  /** Resolves when all that was lent has ended or is not wanted any more; rejects if some of it broke off. */
  lent(): Promise<void>;
  /** What was lent is not given any more, and, unless `kept`, what was accepted breaks off. */
  close(reason: LatticeError, options?: { readonly kept?: boolean }): void;
}

interface Outlet {
  take(): Promise<FlowNews>;
  /** Whoever has it is told that nobody reads on. */
  close(reason: LatticeError): void;
}

/** `peer`: what the other side answers for what it has lent. */
export function createFlows(peer: FlowMethods): Flows {
  const outlets = new Map<number, Outlet>();
  let lastEnd = 0;
  return {
    methods: {
      async next(end) {
        const outlet = outlets.get(end);
        if (outlet === undefined)
          throw new LatticeError("closed", "the call of this stream is over");
        return outlet.take();
      },
      async cancel(end, { code, message }) {
        outlets.get(end)?.close(new LatticeError(code, message));
      },
    },
    scope() {
      const mine = new Set<number>();
      const inlets = new Set<(reason: LatticeError) => void>();
      const waiting = new Set<() => void>();
      let broken: LatticeError | undefined;
      let closed: LatticeError | undefined;

      const finish = (end: number): void => {
        mine.delete(end);
        outlets.delete(end);
        if (mine.size > 0) return;
        for (const wake of waiting) wake();
      };
      const put = (make: (over: (failure?: unknown) => void) => Outlet): number => {
        const end = ++lastEnd;
        const outlet = make((failure) => {
          if (failure !== undefined) broken ??= asLatticeError(failure, "incomplete");
          finish(end);
        });
        if (closed !== undefined) {
          outlet.close(closed);
          return end;
        }
        mine.add(end);
        outlets.set(end, outlet);
        return end;
      };
      const lend = <T extends WitValue>(value: T): T =>
        replaceParts(value, (part) => {
          if (part instanceof ReadableStream) {
            const $stream = put((over) => streamOutlet(part, lend, over));
            return { $stream } satisfies StreamHandle;
          }
          if (!(part instanceof Promise)) return undefined;
          const $future = put((over) => futureOutlet(part, lend, over));
          return { $future } satisfies FutureHandle;
        });
      const accept = <T extends WitValue>(value: T): T =>
        replaceParts(value, (part) => {
          if ("$stream" in part) return streamInlet(peer, Number(part.$stream), accept, inlets);
          return "$future" in part
            ? futureInlet(peer, Number(part.$future), accept, inlets)
            : undefined;
        });
      return {
        lend,
        accept,
        lending: () => mine.size > 0,
        async lent() {
          if (mine.size > 0) await new Promise<void>((resolve) => waiting.add(resolve));
          if (broken !== undefined) throw broken;
        },
        close(reason, { kept = false } = {}) {
          closed ??= reason;
          for (const end of Array.from(mine)) outlets.get(end)?.close(reason);
          if (kept) return;
          for (const breakOff of Array.from(inlets)) breakOff(reason);
        },
      };
    },
  };
}

type Convert = <T extends WitValue>(value: T) => T;

function streamOutlet(
  stream: ReadableStream<unknown>,
  lend: Convert,
  over: (failure?: unknown) => void,
): Outlet {
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  let closed: LatticeError | undefined;
  return {
    async take() {
      let read: ReadableStreamReadResult<unknown>;
      try {
        read = await (reader ??= stream.getReader()).read();
      } catch (cause) {
        over(cause);
        throw cause;
      }
      if (closed !== undefined) throw closed;
      if (read.done) {
        over();
        return { tag: "end" };
      }
      return chunkNews(read.value, lend, releaseOf(stream));
    },
    close(reason) {
      closed ??= reason;
      // Whoever made the stream may fail by it, and has nobody to tell.
      const ending = reader?.cancel(reason) ?? (stream.locked ? undefined : stream.cancel(reason));
      ending?.catch(() => undefined);
      over();
    },
  };
}

/** Bytes go in a buffer of their own, which is handed over: whoever made the chunk may use it again. */
function chunkNews(
  value: unknown,
  lend: Convert,
  release: ((bytes: Uint8Array) => void) | undefined,
): FlowNews {
  if (!(value instanceof Uint8Array)) {
    if (Array.isArray(value))
      return { tag: "chunk", chunk: value.map((part) => compact(lend(part))) };
    throw new LatticeError("bad-input", "a stream has a chunk that is neither bytes nor an array");
  }
  const chunk = new Uint8Array(value);
  release?.(value);
  return transferring({ tag: "chunk", chunk }, [chunk.buffer]);
}

function futureOutlet(
  promise: Promise<unknown>,
  lend: Convert,
  over: (failure?: unknown) => void,
): Outlet {
  let giveUp: (reason: LatticeError) => void = () => undefined;
  const given = new Promise<never>((_, reject) => (giveUp = reject));
  given.catch(() => undefined); // only whoever asks hears of it
  promise.catch(() => undefined); // as above
  return {
    async take() {
      try {
        const value = compact(lend(await Promise.race([promise, given])));
        over();
        return { tag: "value", value };
      } catch (cause) {
        over(cause);
        throw cause;
      }
    },
    close(reason) {
      giveUp(reason);
      over();
    },
  };
}

function streamInlet(
  peer: FlowMethods,
  end: number,
  accept: Convert,
  inlets: Set<(reason: LatticeError) => void>,
): WitStream {
  let ahead: Promise<FlowNews> | undefined;
  let broken: LatticeError | undefined;
  const ask = (): Promise<FlowNews> => {
    const news = peer.next(end);
    news.catch(() => undefined); // heard by whoever reads on
    return news;
  };
  const refuse = (reason: LatticeError): void => {
    inlets.delete(breakOff);
    const { code, message } = reason;
    peer.cancel(end, { code, message }).catch(() => undefined); // nobody is there any more
  };
  const breakOff = (reason: LatticeError): void => {
    broken = reason;
    controller?.error(reason);
    refuse(reason);
  };
  inlets.add(breakOff);
  let controller: ReadableStreamDefaultController<Uint8Array | readonly WitValue[]> | undefined;
  return new ReadableStream(
    {
      start(its) {
        controller = its;
      },
      async pull(its) {
        try {
          const news = await (ahead ?? ask());
          if (broken !== undefined) return;
          if (news.tag !== "chunk") {
            inlets.delete(breakOff);
            return its.close();
          }
          // The next one comes while this one is looked at.
          ahead = ask();
          const { chunk } = news;
          its.enqueue(chunk instanceof Uint8Array ? chunk : accept(chunk));
        } catch (cause) {
          inlets.delete(breakOff);
          throw cause;
        }
      },
      cancel: (reason) => refuse(asLatticeError(reason, "aborted")),
    },
    { highWaterMark: 0 },
  );
}

function futureInlet(
  peer: FlowMethods,
  end: number,
  accept: Convert,
  inlets: Set<(reason: LatticeError) => void>,
): Promise<WitValue> {
  const future = new Promise<WitValue>((resolve, reject) => {
    inlets.add(reject);
    const take = async (): Promise<void> => {
      const news = await peer.next(end);
      resolve(news.tag === "value" ? accept(news.value) : undefined);
    };
    take()
      .catch(reject)
      .finally(() => inlets.delete(reject));
  });
  future.catch(() => undefined); // heard by whoever has it, if anybody
  return future;
}
