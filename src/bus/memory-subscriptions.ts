/** The subscriptions of a connection to a lattice in memory. */
import type { SubscribeOptions, Subscription } from "../core/bus.ts";
import type { Log } from "../core/log.ts";
import { denied } from "./errors.ts";
import type { Member } from "./memory.ts";
import type { MemoryLine } from "./memory-bus.ts";
import type { Receive } from "./requests.ts";
import { checkPattern } from "./subject.ts";

export interface MemorySubscriptions {
  add(subject: string, receive: Receive, options?: SubscribeOptions): Subscription;
  /** Tells the server of all of them. */
  attach(): void;
  /** The server knows none of them any more. */
  detach(): void;
  /** Drains those that are there now, save `kept`. */
  drain(kept?: Subscription): Promise<void>;
  /** Ends all of them at once. */
  clear(): void;
}

interface Entry {
  readonly subscription: Subscription;
  readonly member: Member;
  refuse(): void;
}

export function createMemorySubscriptions(
  line: MemoryLine,
  log: Log | undefined,
): MemorySubscriptions {
  const entries = new Set<Entry>();
  const { members } = line.server;

  const join = (entry: Entry): void =>
    line.send(() => {
      if (line.permits("subscribe", entry.member.subject)) members.add(entry.member);
      else entry.refuse();
    });

  return {
    add(subject, receive, options = {}) {
      checkPattern(subject, options.queue);
      const entry = createEntry(subject, receive, options);
      if (options.signal?.aborted === true) return entry.subscription;
      entries.add(entry);
      join(entry);
      return entry.subscription;
    },
    attach() {
      for (const entry of entries) join(entry);
    },
    detach() {
      // Also those that were just leaving: what they sent about it is lost with the line.
      for (const member of members) if (member.owner === line) members.delete(member);
    },
    async drain(kept) {
      const leaving = Array.from(entries).filter(({ subscription }) => subscription !== kept);
      await Promise.all(leaving.map(({ subscription }) => subscription.drain()));
    },
    clear() {
      for (const { subscription } of entries) subscription.unsubscribe();
    },
  };

  function createEntry(
    subject: string,
    receive: Receive,
    { queue, signal, onDenied }: SubscribeOptions,
  ): Entry {
    let ended = signal?.aborted ?? false;
    let drained: Promise<void> | undefined;
    const leave = (): void => {
      entries.delete(entry);
      line.send(() => members.delete(member));
    };
    const end = (): void => {
      if (ended) return;
      ended = true;
      signal?.removeEventListener("abort", end);
      leave();
    };
    const drain = async (): Promise<void> => {
      leave();
      await line.settle();
      end();
    };
    const member: Member = {
      owner: line,
      subject,
      queue,
      deliver(message) {
        if (!ended) line.guard(subject, () => receive(message));
      },
    };
    const entry: Entry = {
      member,
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
    signal?.addEventListener("abort", end, { once: true });
    return entry;
  }
}
