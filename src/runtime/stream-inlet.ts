/** The host worker's end of a stream or future that a component worker writes, with a bound on what waits here. */
import type { EndNews } from "../channels/component.ts";
import type { LatticeError } from "../core/error.ts";
import type { Release } from "../core/memory.ts";
import type { WitStream, WitValue } from "../core/wit.ts";

import { pieceWeight, STREAM_WINDOW } from "../channels/component.ts";
import { asLatticeError, LatticeError as Failure } from "../core/error.ts";
import { withOwnChunks } from "../core/memory.ts";

export interface Inlet {
  /** For whoever reads it; only once. Throws `denied` afterwards, and for a future. */
  stream(): WitStream;
  /** The same for a future. */
  future(): Promise<WitValue>;
  write(bytes: Uint8Array): void;
  finish(): void;
  settle(value: WitValue): void;
  /** Resolves when all of it was read, or the future is settled; rejects if either side broke off. */
  readonly over: Promise<unknown>;
  /** Ended and handed over: nothing more can come of it. */
  readonly done: boolean;
  /** There is room for more, or nobody wants any. */
  room(): readonly EndNews[];
  /** Nothing more comes; what is finished stays so, and can be read. */
  close(reason: LatticeError): void;
}

/** A worker of ours asks for leave once it is above one window, by at most another one. */
const MAX_UNREAD = 4 * STREAM_WINDOW;

/** Far enough below the window that a worker which waits gets leave for more than one piece. */
const ROOM_BELOW = STREAM_WINDOW / 2;

type Ending =
  | { readonly tag: "open" | "finished" }
  | { readonly tag: "failed"; readonly reason: LatticeError };

/**
 * `changed` is called when {@link Inlet.room} may say something else; `release` is for whoever reads the bytes, which are
 * the reader's own.
 */
export function createInlet(changed: () => void, release: Release): Inlet {
  const pieces: Uint8Array[] = [];
  let unread = 0;
  let ending: Ending = { tag: "open" };
  let unwanted: LatticeError | undefined;
  let form: "stream" | "future" | undefined;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Ends the wait of a reader. */
  let pulled: (() => void) | undefined;
  const value = deferred();
  const read = deferred();

  const become = (wanted: "stream" | "future"): void => {
    if (form !== undefined) throw denied(`hands the same ${form} over twice`);
    form = wanted;
  };
  const give = (): void => {
    if (controller === undefined) return;
    if (ending.tag === "failed") return breakOff(controller, ending.reason);
    if (pulled === undefined) return;
    const next = pieces.shift();
    if (next !== undefined) {
      unread -= pieceWeight(next);
      controller.enqueue(next);
    } else if (ending.tag === "finished") {
      controller.close();
      read.resolve(undefined);
    } else return;
    letGo();
    changed();
  };
  const breakOff = (its: ReadableStreamDefaultController, reason: LatticeError): void => {
    its.error(reason);
    read.reject(reason);
  };
  const letGo = (): void => {
    pulled?.();
    pulled = undefined;
  };
  const open = (): boolean => ending.tag === "open";
  return {
    stream() {
      become("stream");
      const stream = new ReadableStream<Uint8Array>(
        {
          start(its) {
            controller = its;
            give();
          },
          pull() {
            return new Promise((resolve) => {
              pulled = resolve;
              give();
            });
          },
          cancel(reason) {
            unwanted = asLatticeError(reason, "aborted");
            pieces.length = 0;
            unread = 0;
            controller = undefined;
            read.reject(unwanted);
            letGo();
            changed();
          },
        },
        { highWaterMark: 0 },
      );
      return withOwnChunks(stream, release);
    },
    future() {
      become("future");
      return value.promise;
    },
    get over() {
      return form === "future" ? value.promise : read.promise;
    },
    get done() {
      return form !== undefined && !open();
    },
    write(bytes) {
      if (!isOwn(bytes)) throw denied("writes what are no bytes of its own");
      if (!open() || unwanted !== undefined || bytes.length === 0) return;
      pieces.push(bytes);
      unread += pieceWeight(bytes);
      if (unread > MAX_UNREAD) throw denied("writes more into a stream than there is room");
      give();
    },
    finish() {
      if (!open()) return;
      ending = { tag: "finished" };
      give();
    },
    settle(settled) {
      if (!open()) return;
      ending = { tag: "finished" };
      value.resolve(settled);
    },
    room() {
      if (unwanted !== undefined) {
        const message = `nobody reads on: ${unwanted.message}`;
        return [{ tag: "fail", code: "aborted", message }];
      }
      return unread < ROOM_BELOW ? [{ tag: "room", unread }] : [];
    },
    close(reason) {
      if (!open()) return;
      ending = { tag: "failed", reason };
      // What was written and never finished is no good.
      pieces.length = 0;
      unread = 0;
      value.reject(reason);
      give();
      letGo();
    },
  };
}

/** Views would keep more alive than is counted, and shared bytes could change. */
function isOwn(bytes: unknown): bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array) || !(bytes.buffer instanceof ArrayBuffer)) return false;
  return bytes.byteLength === bytes.buffer.byteLength;
}

function deferred(): {
  readonly promise: Promise<WitValue>;
  readonly resolve: (value: WitValue) => void;
  readonly reject: (reason: LatticeError) => void;
} {
  let resolve: (value: WitValue) => void = () => undefined;
  let reject: (reason: LatticeError) => void = () => undefined;
  const promise = new Promise<WitValue>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined); // heard by whoever has the future, if anybody
  return { promise, resolve, reject };
}

function denied(what: string): LatticeError {
  return new Failure("denied", `the worker ${what}`);
}
