/**
 * The streams and futures of one call, between the host worker, where they are `ReadableStream`s and promises, and the
 * component's worker, where they are numbers.
 *
 * The worker is not trusted: it gets no more room than a window per stream and {@link MAX_ENDS} streams. When the call
 * is over, whatever is unfinished breaks off on both sides; what the worker has finished can still be read.
 */
import type {
  EndNews,
  FutureHandle,
  GuestNews,
  GuestSaid,
  SinkHandle,
  StreamHandle,
} from "../channels/component.ts";
import type { Clock } from "../core/clock.ts";
import type { Release } from "../core/memory.ts";
import type { WitValue } from "../core/wit.ts";
import type { Outlet } from "./stream-outlet.ts";
import type { Inlet } from "./stream-inlet.ts";

import { replaceParts } from "../channels/replace.ts";
import { asLatticeError, LatticeError } from "../core/error.ts";
import { createInlet } from "./stream-inlet.ts";
import { createFutureOutlet, createStreamOutlet } from "./stream-outlet.ts";

export interface GuestStreams {
  /** `value` for the worker: streams and promises in it as handles. */
  lend<T extends WitValue>(value: T): T;
  /**
   * `value` from the worker: handles in it as streams and promises. Throws `denied` for handles that are none.
   * `over` gets what tells of the end of each.
   */
  accept<T extends WitValue>(value: T, over?: Promise<unknown>[]): T;
  /** Throws `denied` for what breaks the rules; the worker is not to be trusted then. */
  hear(said: Exclude<GuestSaid, { readonly tag: "start" | "respond" | "drop" | "close" }>): void;
  /** `results` become the value of the worker's future `end`. */
  start(end: number, results: Promise<readonly WitValue[]>): void;
  /** Resolves when one of `ends` is ready, or `forMs` have passed. Rejects when the call is over. */
  wait(ends: readonly number[], forMs: number | undefined): Promise<GuestNews>;
  /** The call is over. */
  close(reason: LatticeError): void;
}

/** Streams and futures of one call. An HTTP request takes four; a guest that proxies many of them some dozens. */
const MAX_ENDS = 1024;

/** A guest waits for one thing at a time; what an adapter waits for meanwhile comes on top. */
const MAX_WAITS = 16;

/** Longest text that a guest may give as the reason of a failure, in UTF-16 units. */
const MAX_REASON = 4096;

export function createGuestStreams(clock: Clock, release: Release): GuestStreams {
  /** From here to the worker, by their numbers; those of calls that the worker began are negative. */
  const outlets = new Map<number, Outlet>();
  /** From the worker to here. */
  const inlets = new Map<number, Inlet>();
  const waiting = new Set<() => void>();
  let closed: LatticeError | undefined;
  let lastId = 0;

  const changed = (): void => {
    for (const look of waiting) look();
  };
  const count = (): void => {
    if (outlets.size + inlets.size < MAX_ENDS) return;
    throw denied(`has more than ${MAX_ENDS} streams in one call`);
  };
  const putOut = (outlet: Outlet, end = ++lastId): number => {
    if (closed !== undefined) outlet.close(closed);
    else outlets.set(end, outlet);
    return end;
  };
  const lend = <T extends WitValue>(value: T): T =>
    replaceParts(value, (part) => {
      if (part instanceof ReadableStream) {
        count();
        const handle: StreamHandle = { $stream: putOut(createStreamOutlet(part, changed)) };
        return handle;
      }
      if (part instanceof WritableStream) return lendSink(part);
      if (!(part instanceof Promise)) return undefined;
      count();
      const handle: FutureHandle = { $future: putOut(createFutureOutlet(part, lend, changed)) };
      return handle;
    });
  /** Bytes may come before the handle does. */
  const inletOf = (end: number): Inlet => {
    const known = inlets.get(end);
    if (known !== undefined) return known;
    if (!Number.isSafeInteger(end) || end >= 0 || outlets.has(end)) {
      throw denied(`has no stream ${end}`);
    }
    count();
    const made = createInlet(changed, release);
    if (closed !== undefined) made.close(closed);
    inlets.set(end, made);
    return made;
  };
  const accept = <T extends WitValue>(value: T, over?: Promise<unknown>[]): T =>
    replaceParts(value, (part) => {
      const isStream = "$stream" in part;
      if (!isStream && !("$future" in part)) return undefined;
      const end = Number(isStream ? part.$stream : part.$future);
      const inlet = inletOf(end);
      const taken = isStream ? inlet.stream() : inlet.future();
      over?.push(inlet.over);
      forget(end, inlet);
      return taken;
    });
  /** A stream that the worker writes, into `writable`. */
  const lendSink = (writable: WritableStream): SinkHandle => {
    count();
    const inlet = createInlet(changed, release);
    const end = ++lastId;
    if (closed === undefined) inlets.set(end, inlet);
    else inlet.close(closed);
    // Either end tells the other how it ends; who has made the writable one hears of it there.
    inlet
      .stream()
      .pipeTo(writable)
      .catch(() => undefined);
    return { $sink: end };
  };
  const forget = (end: number, inlet: Inlet): void => {
    if (inlet.done) inlets.delete(end);
  };
  const look = (wanted: readonly number[]): GuestNews =>
    wanted.flatMap((end) => newsOf(end).map((news) => [end, news] as const));
  const newsOf = (end: number): readonly EndNews[] => {
    const outlet = outlets.get(end);
    if (outlet === undefined) return inletOf(end).room();
    const news = outlet.take();
    if (news.some(({ tag }) => tag !== "bytes")) outlets.delete(end);
    return news;
  };
  return {
    lend,
    accept,
    hear(said) {
      const { end } = said;
      if (said.tag === "cancel") {
        outlets.get(end)?.close(new LatticeError("aborted", "the component wants no more"));
        outlets.delete(end);
        return;
      }
      const inlet = inletOf(end);
      if (said.tag === "bytes") inlet.write(said.bytes);
      else if (said.tag === "finish") inlet.finish();
      else if (said.tag === "value") inlet.settle(accept(said.value));
      else inlet.close(new LatticeError("incomplete", said.reason.slice(0, MAX_REASON)));
      forget(end, inlet);
    },
    start(end, results) {
      if (!Number.isSafeInteger(end) || end >= 0 || outlets.has(end) || inlets.has(end)) {
        throw denied(`cannot name a call ${end}`);
      }
      count();
      putOut(createFutureOutlet(results, lend, changed), end);
    },
    async wait(wanted, forMs) {
      if (closed !== undefined) throw closed;
      const news = look(wanted);
      if (news.length > 0 || forMs === 0) return news;
      if (waiting.size >= MAX_WAITS) throw denied("waits too often at once");
      return new Promise((resolve, reject) => {
        const conclude = (run: () => void): void => {
          cancelTimer?.();
          waiting.delete(again);
          run();
        };
        const again = (): void => {
          if (closed !== undefined) return conclude(() => reject(closed));
          const found = look(wanted);
          if (found.length > 0) conclude(() => resolve(found));
        };
        waiting.add(again);
        const cancelTimer =
          forMs === undefined ? undefined : clock.after(forMs, () => conclude(() => resolve([])));
      });
    },
    close(reason) {
      if (closed !== undefined) return;
      closed = reason;
      for (const outlet of outlets.values()) outlet.close(reason);
      outlets.clear();
      for (const inlet of inlets.values()) inlet.close(reason);
      inlets.clear();
      changed();
    },
  };
}

/** Tells streams and promises in `value`, which `call` was to take and did not, that nobody will read them. */
export function abandon(value: WitValue, reason: unknown): void {
  replaceParts(value, (part) => {
    if (part instanceof ReadableStream) {
      // One that is locked is somebody's already; one that fails by it has nobody to tell.
      if (!part.locked) part.cancel(asLatticeError(reason)).catch(() => undefined);
      return part;
    }
    if (!(part instanceof Promise)) return undefined;
    part.catch(() => undefined);
    return part;
  });
}

function denied(what: string): LatticeError {
  return new LatticeError("denied", `the worker ${what}`);
}
