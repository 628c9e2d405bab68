/** The host worker's end of streams and futures that a component worker reads: asked for what there is, one piece at a time. */
import type { EndNews } from "../channels/component.ts";
import type { LatticeError } from "../core/error.ts";
import type { WitValue } from "../core/wit.ts";

import { TRANSFER_MIN_BYTES } from "../channels/port.ts";
import { asLatticeError, LatticeError as Failure } from "../core/error.ts";
import { releaseOf } from "../core/memory.ts";
import { copyBytes } from "../wire/bytes.ts";

export interface Outlet {
  /**
   * What there is, and is gone from here then, its bytes in buffers that are nobody else's; without anything it begins to
   * get some, and tells when it has.
   */
  take(): readonly EndNews[];
  /** Nobody reads on. */
  close(reason: LatticeError): void;
}

/** Bytes of a stream that wait here, once it is read at all: with the last chunk, about one part of a shared answer. */
const READ_AHEAD_BYTES = 128 * 1024;

export function createStreamOutlet(stream: ReadableStream<unknown>, changed: () => void): Outlet {
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  let reading = false;
  let closed = false;
  let news: EndNews[] = [];
  let aheadBytes = 0;
  /** Whoever made the stream may use its chunks again, unless they are given away. */
  const given = releaseOf(stream) !== undefined;

  const read = async (from: ReadableStreamDefaultReader<unknown>): Promise<void> => {
    while (aheadBytes < READ_AHEAD_BYTES) {
      const { done, value } = await from.read();
      if (done) return came({ tag: "finish" });
      if (!(value instanceof Uint8Array)) {
        throw new Failure("unsupported", "only streams of bytes cross to a component");
      }
      if (value.length === 0) continue;
      aheadBytes += value.length;
      came({ tag: "bytes", bytes: given ? value : copied(value) });
    }
  };
  const came = (next: EndNews): void => {
    if (next.tag !== "bytes") closed = true;
    news.push(next);
    changed();
  };
  const readOn = (): void => {
    if (reading || closed) return;
    reading = true;
    const gone = async (): Promise<void> => read((reader ??= stream.getReader()));
    gone()
      .catch((thrown: unknown) => came(failed(thrown)))
      .finally(() => (reading = false));
  };
  return {
    take() {
      const taken = news;
      news = [];
      aheadBytes = 0;
      readOn();
      return taken;
    },
    close(reason) {
      closed = true;
      // Whoever made the stream may fail by it, and has nobody to tell.
      const ending = reader?.cancel(reason) ?? (stream.locked ? undefined : stream.cancel(reason));
      ending?.catch(() => undefined);
    },
  };
}

/** `lend` makes handles of what is in the value. */
export function createFutureOutlet(
  promise: Promise<unknown>,
  lend: (value: WitValue) => WitValue,
  changed: () => void,
): Outlet {
  let news: readonly EndNews[] = [];
  const came = (next: EndNews): void => {
    news = [next];
    changed();
  };
  const lent = async (): Promise<EndNews> => ({ tag: "value", value: lend(await promise) });
  lent().then(came, (thrown: unknown) => came(failed(thrown)));
  return { take: () => news, close: () => undefined };
}

/** For one who keeps the bytes. What is not worth a transfer is copied where it crosses. */
function copied(bytes: Uint8Array): Uint8Array {
  const { byteLength } = bytes.buffer;
  if (byteLength === bytes.length && byteLength < TRANSFER_MIN_BYTES) return bytes;
  return copyBytes(bytes, 0, bytes.length);
}

function failed(thrown: unknown): EndNews {
  const { code, message } = asLatticeError(thrown, "incomplete");
  return { tag: "fail", code, message };
}
