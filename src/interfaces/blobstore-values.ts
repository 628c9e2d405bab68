/** What an instance of a component holds of a blob store: values on their way in and out, and lists of names. */
import type { WitStream, WitValue } from "../core/wit.ts";
import type { BytePipe } from "./byte-pipe.ts";

import { LatticeError } from "../core/error.ts";
import { createBytePipe } from "./byte-pipe.ts";
import { failed, succeeded, okOf } from "./import-mapping.ts";
import { bytesOf, listOf, stringOf } from "./parts.ts";

type Args = readonly WitValue[];

/** Bytes that a guest may write before anybody reads them. */
const WRITE_AHEAD_BYTES = 256 * 1024;
/** Largest value that is gathered for a guest. */
const MOST_WHOLE_BYTES = 64 * 1024 * 1024;
/** Most names that are given at once; a guest that wants more asks again. */
const MOST_NAMES = 10_000;

/** A value that the lattice sends. `status` tells, after its last byte, whether it was the whole. */
export class IncomingValue {
  readonly #stream: WitStream;
  readonly #status: Promise<unknown>;

  constructor(stream: WitStream, status: Promise<unknown>, signal: AbortSignal) {
    this.#stream = stream;
    this.#status = status;
    hear(status);
    giveUpWith(signal, stream);
  }

  async whole(): Promise<Args> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of chunksOf(this.stream())) {
      size += chunk.length;
      if (size > MOST_WHOLE_BYTES) {
        const most = `${MOST_WHOLE_BYTES} bytes at most are given in one piece`;
        throw new LatticeError("too-large", `${most}: consume the value as a stream`);
      }
      chunks.push(chunk);
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return succeeded(bytes);
  }

  /** Ends with an error if it was not the whole. */
  stream(): WitStream {
    const reader = this.#stream.getReader();
    const status = this.#status;
    return new ReadableStream(
      {
        async pull(controller) {
          const { done: ended, value } = await reader.read();
          if (!ended) return controller.enqueue(bytesOf(value));
          const outcome = okOf([await status]);
          if ("err" in outcome) throw new LatticeError("incomplete", stringOf(outcome.err));
          controller.close();
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }
}

/** A value that a guest writes, to a target that is named before, meanwhile or afterwards. */
export class OutgoingValue {
  readonly #pipe: BytePipe = createBytePipe(WRITE_AHEAD_BYTES);
  #written = false;
  #begun = false;
  #ended: Promise<Args> = Promise.resolve(succeeded());

  constructor(signal: AbortSignal) {
    signal.addEventListener("abort", () => this.#giveUp(signal.reason), { once: true });
  }

  /** What the guest writes to; only once. */
  body(): WritableStream<Uint8Array> | undefined {
    if (this.#written) return undefined;
    this.#written = true;
    return this.#pipe.writable;
  }

  /** What the target reads from; only once. */
  begin(): ReadableStream<Uint8Array> | undefined {
    if (this.#begun) return undefined;
    this.#begun = true;
    return this.#pipe.readable;
  }

  /** Sending has begun, and ends with these results. */
  ends(ended: Promise<Args>): void {
    this.#ended = ended;
    hear(ended);
  }

  /** Resolves with how sending ended. */
  finish(): Promise<Args> {
    if (!this.#written) hear(this.#pipe.writable.close()); // nothing was written: the value is empty
    return this.#ended;
  }

  #giveUp(reason: unknown): void {
    if (!this.#written) hear(this.#pipe.writable.abort(reason));
    if (!this.#begun) hear(this.#pipe.readable.cancel(reason));
  }
}

/** Names of objects as the lattice sends them. */
export class ObjectNames {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array | readonly WitValue[]>;
  readonly #status: Promise<unknown>;
  #waiting: readonly WitValue[] = [];

  constructor(stream: WitStream, status: Promise<unknown>, signal: AbortSignal) {
    this.#reader = stream.getReader();
    this.#status = status;
    hear(status);
    signal.addEventListener("abort", () => hear(this.#reader.cancel(signal.reason)), {
      once: true,
    });
  }

  /** Up to `count` names, and whether there are no more. */
  async read(count: number): Promise<Args> {
    const names: WitValue[] = [];
    const ended = await this.#take(Math.min(count, MOST_NAMES), (some) => names.push(...some));
    return typeof ended === "boolean" ? succeeded([names, ended]) : failed(ended.problem);
  }

  /** How many of `count` were skipped, and whether there are no more. */
  async skip(count: number): Promise<Args> {
    let skipped = 0;
    const ended = await this.#take(count, (some) => (skipped += some.length));
    return typeof ended === "boolean" ? succeeded([BigInt(skipped), ended]) : failed(ended.problem);
  }

  async #take(
    count: number,
    use: (names: readonly WitValue[]) => void,
  ): Promise<boolean | { readonly problem: string }> {
    for (let left = count; left > 0;) {
      const some = this.#waiting.slice(0, left);
      this.#waiting = this.#waiting.slice(some.length);
      left -= some.length;
      use(some);
      if (left === 0) break;
      const { done: ended, value } = await this.#reader.read();
      if (ended) {
        const outcome = okOf([await this.#status]);
        return "err" in outcome ? { problem: stringOf(outcome.err) } : true;
      }
      this.#waiting = listOf(value);
    }
    return false;
  }
}

async function* chunksOf(stream: WitStream): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done: ended, value } = await reader.read();
      if (ended) return;
      yield bytesOf(value);
    }
  } finally {
    hear(reader.cancel());
  }
}

/** A stream that nobody has begun to read ends with the call. */
function giveUpWith(signal: AbortSignal, stream: WitStream): void {
  const giveUp = (): void => {
    if (!stream.locked) hear(stream.cancel(signal.reason));
  };
  signal.addEventListener("abort", giveUp, { once: true });
}

/** Whoever waits for it hears its failure; nobody has to. */
function hear(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}
