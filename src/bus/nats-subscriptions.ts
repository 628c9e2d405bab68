/** The subscriptions of a bus: a table that is sent to the server anew with each connection. */
import type { Subscription as NatsSubscription } from "nats.ws";
import type { SubscribeOptions, Subscription } from "../core/bus.ts";
import { messageOf } from "../core/error.ts";
import type { Log } from "../core/log.ts";
import { denied } from "./errors.ts";
import type { Link } from "./nats-link.ts";
import { toBusMessage } from "./nats-message.ts";
import type { Receive } from "./requests.ts";
import { checkPattern } from "./subject.ts";

export interface Subscriptions {
  /** @throws {LatticeError} `bad-input` for a subject or queue group that cannot be one. */
  add(subject: string, receive: Receive, options?: SubscribeOptions): Subscription;
  /** Sends all of them over `link`, and later ones too. */
  attach(link: Link): void;
  detach(): void;
  /** Drains those that are there now, save `kept`. */
  drain(kept?: Subscription): Promise<void>;
  /** Ends all of them at once. */
  clear(): void;
}

interface Entry extends Subscription {
  attach(link: Link): void;
  detach(): void;
}

export function createSubscriptions(log: Log): Subscriptions {
  const entries = new Set<Entry>();
  let link: Link | undefined;

  return {
    add(subject, receive, options = {}) {
      checkPattern(subject, options.queue);
      const entry = createEntry(subject, receive, options, log, () => entries.delete(entry));
      if (options.signal?.aborted === true) return entry;
      entries.add(entry);
      if (link !== undefined) entry.attach(link);
      return entry;
    },
    attach(next) {
      link = next;
      for (const entry of entries) entry.attach(next);
    },
    detach() {
      link = undefined;
      for (const entry of entries) entry.detach();
    },
    async drain(kept) {
      const leaving = Array.from(entries).filter((entry) => entry !== kept);
      await Promise.all(leaving.map((entry) => entry.drain()));
    },
    clear() {
      for (const entry of entries) entry.unsubscribe();
    },
  };
}

function createEntry(
  subject: string,
  receive: Receive,
  { queue, signal, onDenied }: SubscribeOptions,
  log: Log,
  leave: () => void,
): Entry {
  let ended = signal?.aborted ?? false;
  let live: { readonly link: Link; readonly subscription: NatsSubscription } | undefined;
  let drained: Promise<void> | undefined;

  const end = (): void => {
    ended = true;
    live = undefined;
    leave();
    signal?.removeEventListener("abort", unsubscribe);
  };
  const unsubscribe = (): void => {
    const was = live;
    end();
    was?.subscription.unsubscribe();
  };
  const refuse = (): void => {
    end();
    log.warn("bus.subscription-denied", { subject, queue });
    onDenied?.(denied("subscribe", subject));
  };
  const drain = async (): Promise<void> => {
    const was = live;
    leave(); // a later connection must not take it up again
    // If the link is lost meanwhile, the server sends no more: then all that will come has come.
    if (was !== undefined) await was.link.hold(was.subscription.drain()).catch(() => undefined);
    end();
  };

  // An exception here would end the library's reading loop and leave the connection deaf (nats.ws 1.30.3
  // `protocol.ts`, `dial`), so none gets out.
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (thrown) {
      log.error("bus.receiver-failed", { subject, error: messageOf(thrown) });
    }
  };

  signal?.addEventListener("abort", unsubscribe, { once: true });
  return {
    subject,
    unsubscribe() {
      if (!ended) unsubscribe();
    },
    drain: () => (drained ??= ended ? Promise.resolve() : drain()),
    attach(link) {
      const subscription = link.connection.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) =>
          guarded(() => {
            if (error !== null) refuse();
            else if (!ended) receive(toBusMessage(message, link.frames.note(message.data)));
          }),
      });
      live = { link, subscription };
    },
    detach() {
      live = undefined;
    },
  };
}
