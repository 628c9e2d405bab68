/** The host worker's end of streams and futures that a component worker reads: asked for what there is, one piece at a time. */
import type { EndNews } from "../channels/component.ts";
import type { LatticeError } from "../core/error.ts";
import type { WitValue } from "../core/wit.ts";

import { compact } from "../channels/port.ts";
import { asLatticeError, LatticeError as Failure } from "../core/error.ts";

export interface Outlet {
  /** What there is, and is gone from here then; without anything it begins to get some, and tells when it has. */
  take(): EndNews | undefined;
  /** Nobody reads on. */
  close(reason: LatticeError): void;
}

/** Reads nothing ahead. */
export function createStreamOutlet(stream: ReadableStream<unknown>, changed: () => void): Outlet {
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  let reading = false;
  let news: EndNews | undefined;
  const came = (next: EndNews): void => {
    reading = false;
    news = next;
    changed();
  };
  const read = async (from: ReadableStreamDefaultReader<unknown>): Promise<EndNews> => {
    for (;;) {
      const { done, value } = await from.read();
      if (done) return { tag: "finish" };
      if (!(value instanceof Uint8Array)) {
        throw new Failure("unsupported", "only streams of bytes cross to a component");
      }
      if (value.length > 0) return { tag: "bytes", bytes: value };
    }
  };
  return {
    take() {
      if (news === undefined && !reading) {
        reading = true;
        try {
          read((reader ??= stream.getReader())).then(came, (thrown: unknown) =>
            came(failed(thrown)),
          );
        } catch (thrown) {
          // Somebody else reads it.
          reading = false;
          return failed(thrown);
        }
      }
      const taken = news;
      news = undefined;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the same form, its bytes cut down to what they show
      return compact(taken) as EndNews | undefined;
    },
    close(reason) {
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
  let news: EndNews | undefined;
  const came = (next: EndNews): void => {
    news = next;
    changed();
  };
  const lent = async (): Promise<EndNews> => ({ tag: "value", value: lend(await promise) });
  lent().then(came, (thrown: unknown) => came(failed(thrown)));
  return { take: () => news, close: () => undefined };
}

function failed(thrown: unknown): EndNews {
  const { code, message } = asLatticeError(thrown, "incomplete");
  return { tag: "fail", code, message };
}
