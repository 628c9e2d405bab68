/** The subscriptions of a bus over a line: a table that is told to the server anew with each line. */
import type { BusMessage, SubscribeOptions, Subscription } from "../core/bus.ts";
import type { Log } from "../core/log.ts";
import { denied } from "./errors.ts";
import type { ServerEnd } from "./line.ts";
import type { Receive } from "./requests.ts";
import { checkPattern } from "./subject.ts";

export interface LineSubscriptions {
  /** @throws {LatticeError} `bad-input` for a subject or queue group that cannot be one. */
  add(subject: string, receive: Receive, options?: SubscribeOptions): Subscription;
  /** Tells the server of all of them. */
  attach(line: ServerEnd): void;
  deliver(id: number, message: BusMessage): void;
  /** The server does not take it. */
  refuse(id: number): void;
  /** Drains those that are there now, save `kept`. */
  drain(kept?: Subscription): Promise<void>;
  /** Ends all of them at once. */
  clear(): void;
}

export interface LineSubscriptionsParts {
  readonly present: () => ServerEnd | undefined;
  /** Resolves when the server has done all that it was told before, or when the line is cut. */
  readonly settle: () => Promise<void>;
  readonly guard: (subject: string, work: () => void) => void;
}

interface Entry {
  readonly subscription: Subscription;
  readonly queue: string | undefined;
  /** Leaving: a later line must not take it up again. */
  readonly left: () => boolean;
  deliver(message: BusMessage): void;
  refuse(): void;
}

export function createLineSubscriptions(
  { present, settle, guard }: LineSubscriptionsParts,
  log: Log | undefined,
): LineSubscriptions {
  const entries = new Map<number, Entry>();
  let last = 0;

  return {
    add(subject, receive, options = {}) {
      checkPattern(subject, options.queue);
      const id = ++last;
      const entry = createEntry(id, subject, receive, options);
      if (options.signal?.aborted === true) return entry.subscription;
      entries.set(id, entry);
      present()?.subscribe(id, subject, options.queue);
      return entry.subscription;
    },
    attach(line) {
      for (const [id, { subscription, queue, left }] of entries) {
        if (!left()) line.subscribe(id, subscription.subject, queue);
      }
    },
    deliver: (id, message) => entries.get(id)?.deliver(message),
    refuse: (id) => entries.get(id)?.refuse(),
    async drain(kept) {
      const leaving = Array.from(entries.values()).filter(
        ({ subscription }) => subscription !== kept,
      );
      await Promise.all(leaving.map(({ subscription }) => subscription.drain()));
    },
    clear() {
      for (const { subscription } of entries.values()) subscription.unsubscribe();
    },
  };

  function createEntry(
    id: number,
    subject: string,
    receive: Receive,
    { queue, signal, onDenied }: SubscribeOptions,
  ): Entry {
    let ended = signal?.aborted ?? false;
    let drained: Promise<void> | undefined;
    const end = (): void => {
      if (ended) return;
      ended = true;
      entries.delete(id);
      signal?.removeEventListener("abort", end);
      if (drained === undefined) present()?.unsubscribe(id);
    };
    const drain = async (): Promise<void> => {
      present()?.unsubscribe(id);
      await settle();
      end();
    };
    signal?.addEventListener("abort", end, { once: true });
    return {
      queue,
      left: () => drained !== undefined,
      deliver(message) {
        if (!ended) guard(subject, () => receive(message));
      },
      refuse() {
        end();
        log?.warn("bus.subscription-denied", { subject, queue });
        onDenied?.(denied("subscribe", subject));
      },
      subscription: {
        subject,
        unsubscribe: end,
        drain: () => (drained ??= ended ? Promise.resolve() : drain()),
      },
    };
  }
}
