/**
 * What a tab has asked and was not answered, by the subjects where answers go: while there is any, the arbiter's silence
 * matters to it. Not a table of requests: it may forget some, and only the watching ends.
 */
import type { Clock } from "../core/clock.ts";

export interface Unanswered {
  asked(reply: string): void;
  /** Something came on `subject`, which is a reply's or one below it. */
  heard(subject: string): void;
  any(): boolean;
}

/** Calls end before, by their own deadline. */
const LONGEST_MS = 60_000;
/** What was answered may go on: a stream has more than one message. */
const LINGER_MS = 2_000;
const MOST = 4096;

export function createUnanswered(clock: Clock): Unanswered {
  /** By reply subject, when it was asked; the oldest first. */
  const replies = new Map<string, number>();
  let lingerUntil = -Infinity;

  return {
    asked(reply) {
      replies.delete(reply);
      replies.set(reply, clock.monotonic());
      if (replies.size <= MOST) return;
      const [oldest] = replies.keys();
      if (oldest !== undefined) replies.delete(oldest);
    },
    heard(subject) {
      if (replies.size === 0 && lingerUntil === -Infinity) return;
      for (let at = subject; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
        if (!replies.delete(at)) continue;
        lingerUntil = clock.monotonic() + LINGER_MS;
        return;
      }
    },
    any() {
      const now = clock.monotonic();
      for (const [reply, askedMs] of replies) {
        if (now - askedMs < LONGEST_MS) return true;
        replies.delete(reply);
      }
      return now < lingerUntil;
    },
  };
}
