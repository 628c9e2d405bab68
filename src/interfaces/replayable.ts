/**
 * A stream that can be sent a second time if the first receiver turns out not to be there. Whoever is there takes chunks;
 * so once more than a few were taken nothing is kept any more.
 */
import type { WitStream } from "../core/wit.ts";

import { LatticeError } from "../core/error.ts";

type Chunk = Uint8Array | readonly unknown[];

/** Chunks that a sender may look at before anybody has answered. */
const MOST_KEPT = 4;

export interface Replayable {
  /** Resolves when somebody asks for the first chunk. */
  readonly asked: Promise<void>;
  readonly first: WitStream;
  /** The same from its beginning. What still reads the first one gets no more. */
  readonly second: () => WitStream;
  /** Whoever reads it is the one: from now on it ends when that one gives it up. */
  readonly decided: () => void;
  readonly giveUp: (reason: unknown) => void;
}

export function replayable(source: WitStream): Replayable {
  const reader = source.getReader();
  const kept: Chunk[] = [];
  let taken = 0;
  let replaced = false;
  let ask: () => void;
  const asked = new Promise<void>((resolve) => (ask = resolve));
  /** A step that the first stream has begun, and the second one goes on with. */
  let step: ReturnType<typeof reader.read> | undefined;

  const take = async (controller: ReadableStreamDefaultController<Chunk>): Promise<void> => {
    step ??= reader.read();
    const { done, value } = await step;
    step = undefined;
    if (done) return controller.close();
    controller.enqueue(value);
  };
  let final = false;
  let cancelled: { readonly reason: unknown } | undefined;
  const giveUp = (reason: unknown): void => {
    reader.cancel(reason).catch(() => undefined); // its end is what is wanted
  };
  const first: WitStream = new ReadableStream<Chunk>(
    {
      async pull(controller) {
        ask();
        step ??= reader.read();
        const { done, value } = await step;
        if (replaced) return controller.error(gone());
        step = undefined;
        if (done) return controller.close();
        if (taken++ < MOST_KEPT) kept.push(value);
        else kept.length = 0;
        controller.enqueue(value);
      },
      cancel(reason) {
        // A sender that finds nobody gives the stream up, which must not be the end of the second one.
        if (final) giveUp(reason);
        else cancelled = { reason };
      },
    },
    { highWaterMark: 0 },
  );
  return {
    asked,
    first,
    second: () => {
      replaced = true;
      return new ReadableStream<Chunk>(
        {
          async pull(controller) {
            ask();
            const chunk = kept.shift();
            if (chunk !== undefined) return controller.enqueue(chunk);
            if (taken > MOST_KEPT) return controller.error(gone());
            await take(controller);
          },
          cancel: giveUp,
        },
        { highWaterMark: 0 },
      );
    },
    decided: () => {
      final = true;
      if (cancelled !== undefined && !replaced) giveUp(cancelled.reason);
    },
    giveUp,
  };
}

function gone(): LatticeError {
  return new LatticeError("aborted", "the stream went another way");
}
