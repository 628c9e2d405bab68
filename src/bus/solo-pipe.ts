/**
 * One of two ends of a channel of their own: what is sent in one turn leaves as one frame, each frame says what was heard
 * of the other end's, and an end that awaits something notices when the other one has fallen silent.
 */
import type { Clock } from "../core/clock.ts";
import type { Channel, OpenChannel } from "./solo-ports.ts";
import { createSilence } from "./solo-silence.ts";

interface Frame<Op> {
  /** Counts the frames of one end, from 1. */
  readonly seq: number;
  /** The last one that was heard of the other end. */
  readonly ack: number;
  readonly ops: readonly Op[];
  /** Asks for a frame in return. */
  readonly ask?: true;
}

export interface PipeParts<In> {
  readonly name: string;
  readonly openChannel: OpenChannel;
  readonly clock: Clock;
  readonly receive: (op: In) => void;
  /** Called with each frame, before what is in it. */
  readonly heard?: () => void;
  /** Nothing was heard for half a second, though something is awaited. */
  readonly silent: () => void;
  /** What is awaited besides the other end's word that it has heard the frames. */
  readonly awaited?: () => boolean;
  /** Called beside asking on the channel. */
  readonly ask?: () => void;
  /** The other end has heard nothing of the last {@link MOST_UNHEARD_BYTES}. */
  readonly overrun?: () => void;
}

export interface Pipe<Out> {
  /** `bytes` is what it counts for while the other end has not heard it. */
  send(op: Out, bytes?: number): void;
  /** Sends what is waiting at once. */
  flush(): void;
  /** Something may be awaited now. */
  watch(): void;
  /** Awaits a frame in return. */
  ask(): void;
  /** A sign of life came another way. */
  alive(): void;
  close(): void;
}

/** As nats-server bounds what waits for a slow consumer (`MAX_PENDING`, 64 MiB). */
const MOST_UNHEARD_BYTES = 64 * 1024 * 1024;
/** A receiver says by itself that it has heard so much. */
const ACK_EVERY_FRAMES = 256;

export function openPipe<Out, In>(parts: PipeParts<In>): Pipe<Out> {
  const { clock, receive, overrun } = parts;
  let waiting: Out[] = [];
  let waitingBytes = 0;
  let sent = 0;
  let heard = 0;
  /** Frames of the other end since it was last told what was heard. */
  let untold = 0;
  let unheardBytes = 0;
  const unheard: { readonly seq: number; readonly bytes: number }[] = [];
  let closed = false;

  const post = (ops: readonly Out[], bytes: number, ask: boolean): void => {
    const frame: Frame<Out> = { seq: ++sent, ack: heard, ops, ...(ask ? { ask: true } : {}) };
    untold = 0;
    if (ops.length > 0 || ask) {
      unheard.push({ seq: sent, bytes });
      unheardBytes += bytes;
    }
    channel.post(frame);
    silence.watch();
  };
  const flush = (): void => {
    if (closed || waiting.length === 0) return;
    const [ops, bytes] = [waiting, waitingBytes];
    waiting = [];
    waitingBytes = 0;
    post(ops, bytes, false);
    if (unheardBytes > MOST_UNHEARD_BYTES) overrun?.();
  };
  const hear = (posted: unknown): void => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the other end posts to a channel of this name
    const { seq, ack, ops, ask } = posted as Frame<In>;
    if (closed) return;
    silence.heard();
    parts.heard?.();
    heard = seq;
    while (unheard[0] !== undefined && unheard[0].seq <= ack) {
      unheardBytes -= unheard.shift()?.bytes ?? 0;
    }
    silence.watch();
    for (const op of ops) receive(op);
    if (ask === true || ++untold >= ACK_EVERY_FRAMES) {
      if (waiting.length > 0) flush();
      else if (!isClosed()) post([], 0, false);
    }
  };
  const isClosed = (): boolean => closed;
  const channel: Channel = parts.openChannel(parts.name, hear);
  const silence = createSilence({
    clock,
    awaited: () => unheard.length > 0 || parts.awaited?.() === true,
    ask() {
      post([], 0, true);
      parts.ask?.();
    },
    silent: parts.silent,
  });
  return {
    send(op, bytes = 0) {
      if (closed) return;
      waitingBytes += bytes;
      if (waiting.push(op) === 1) queueMicrotask(flush);
    },
    flush,
    watch: () => silence.watch(),
    ask() {
      if (!closed) post([], 0, true);
    },
    alive: () => silence.heard(),
    close() {
      flush();
      closed = true;
      silence.end();
      channel.close();
    },
  };
}
