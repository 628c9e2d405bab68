/**
 * A bucket watched without a consumer: all that is stored is read by direct get, in order; plain messages on the
 * bucket's subjects only say when to read on.
 *
 * A plain message is no more than a hint. It has no sequence, it may come before the stream has stored it, and it comes as
 * well when the stream refuses it.
 */
import type { Bus, BusMessage } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import { asLatticeError } from "../core/error.ts";
import type { KvChange } from "../core/kv.ts";
import type { Log } from "../core/log.ts";
import { until } from "../core/view.ts";
import { closed } from "./errors.ts";
import type { JetStream, StoredMessage, StreamInfo } from "./jetstream.ts";
import { entryOf, isMarker, type KvSubjects, OPERATION } from "./jetstream-entry.ts";
import { readNewest } from "./jetstream-newest.ts";

export interface KvParts {
  readonly bus: Pick<Bus, "request" | "subscribe" | "status">;
  readonly clock: Clock;
  readonly log: Log | undefined;
  /** Runs what a user gave, and hears what it throws. */
  readonly guard: (subject: string, work: () => void) => void;
}

export interface WatchParts extends KvParts {
  readonly jetstream: JetStream;
  readonly stream: StreamInfo;
  readonly subjects: KvSubjects;
}

/** Where nothing is heard, reading is all there is; elsewhere it finds what a lost hint would have told. */
const READ_ANYWAY_MS = { heard: 30_000, unheard: 2_000 } as const;
/** Pauses before reading again for a hint that came true nowhere: not yet stored, not yet on this replica, or refused. */
const DOUBT_MS = [20, 200, 1_000] as const;
const BACKOFF_MS = { first: 250, last: 5_000 } as const;

/** Resolves when all entries were told. Then, failures are logged and tried again, until `signal` or the bus ends. */
export function watchBucket(
  { bus, clock, log, guard, jetstream, stream, subjects }: WatchParts,
  onChange: (change: KvChange) => void,
  signal: AbortSignal,
): Promise<void> {
  const end = new AbortController();
  const pattern = `${subjects.read}>`;
  const readAnywayMs = READ_ANYWAY_MS[subjects.heard ? "heard" : "unheard"];
  /** Revisions of the entries that were told and are there. */
  const known = new Map<string, number>();
  /** The newest message that was heard of a key and was not found in the stream yet. */
  const hints = new Map<string, BusMessage>();
  /** All that is stored up to here was told. */
  let cursor = 0;
  let created: string | undefined;
  /** What is known may be of another time: read all anew. */
  let stale = true;
  /** Hints that came so far. */
  let heard = 0;
  /** Fruitless readings since the last one. */
  let doubts = 0;
  let opens = 0;
  let wake = (): void => undefined;

  const tell = (change: KvChange): void => guard(pattern, () => onChange(change));
  const next = (): Promise<StoredMessage | undefined> =>
    jetstream.next(stream, pattern, cursor + 1, end.signal);

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.after(ms, () => wake());
      wake = () => {
        wake = () => undefined;
        cancel();
        resolve();
      };
      if (end.signal.aborted) wake();
    });

  const take = (found: StoredMessage): void => {
    const { key, value, revision } = entryOf(found, subjects);
    if ((known.get(key) ?? 0) >= revision) return; // told already, or of the time before what was told
    if (!isMarker(found)) {
      known.set(key, revision);
      tell({ operation: "put", key, value, revision });
    } else if (known.delete(key)) {
      const operation = found.headers.get(OPERATION) === "PURGE" ? "purge" : "delete";
      tell({ operation, key, revision });
    }
  };
  const settle = (found: StoredMessage): void => {
    const hint = hints.get(found.subject);
    if (hint !== undefined && isSame(hint, found)) hints.delete(found.subject);
  };

  /** Reads all, and tells what is different from what was told. */
  const readAll = async (): Promise<void> => {
    stale = false;
    const { info, messages } = await readNewest(jetstream, stream, pattern, end.signal);
    cursor = info.lastSequence; // what came meanwhile was heard of, and is read next
    if (info.created !== created) known.forEach((_, key) => known.set(key, 0)); // revisions count anew
    ({ created } = info);
    const stored = new Set(messages.map(({ subject }) => subject));
    for (const [key] of Array.from(known)) {
      if (stored.has(subjects.read + key)) continue;
      known.delete(key);
      tell({ operation: "delete", key });
    }
    for (const found of messages) {
      settle(found);
      take(found);
    }
  };
  /** Tells what was stored since; stops early when all that was heard was found. */
  const readOn = async (): Promise<void> => {
    const hinted = hints.size > 0;
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      const found = await next();
      if (found === undefined) return;
      cursor = found.sequence;
      settle(found);
      take(found);
      if (hinted && hints.size === 0) return;
    }
  };
  /** Waits for a reason to read on, and does. */
  const follow = async (): Promise<void> => {
    if (hints.size === 0) {
      await pause(readAnywayMs);
      if (stale || end.signal.aborted) return;
    }
    const before = heard;
    await readOn();
    if (hints.size === 0) doubts = 0;
    if (hints.size === 0 || heard !== before) return;
    const doubtMs = DOUBT_MS[doubts++];
    if (doubtMs !== undefined) return pause(doubtMs);
    // Refused by the stream, it seems, or of a stream that was made anew and counts from 1.
    hints.clear();
    doubts = 0;
    const info = await jetstream.info(stream.name, end.signal);
    if (info.created !== created) stale = true;
  };

  return new Promise((resolve, reject) => {
    let told = false;
    const finish = (reason: unknown): void => {
      if (end.signal.aborted) return;
      end.abort(reason);
      signal.removeEventListener("abort", abort);
      wake();
      reject(asLatticeError(reason, "aborted")); // after the first telling nobody hears it
    };
    const abort = (): void => finish(signal.reason);
    const run = async (): Promise<void> => {
      let failures = 0;
      while (!end.signal.aborted) {
        const open = opens;
        let all = false;
        try {
          // oxlint-disable-next-line no-await-in-loop -- one reading after the other is the point
          await until(bus.status, ({ phase }) => phase === "open", end.signal);
          all = stale; // not before: the connection may have come and gone in that wait
          // oxlint-disable-next-line no-await-in-loop -- as above
          await (all ? readAll() : follow());
          failures = 0;
          told ||= !stale;
          if (told) resolve();
        } catch (thrown) {
          if (end.signal.aborted) return;
          const error = asLatticeError(thrown);
          if (error.code !== "disconnected") {
            if (!told) return finish(error);
            log?.warn("bus.watch-failed", { subject: pattern, error: error.message });
          }
          stale ||= all; // it was not read whole
          // oxlint-disable-next-line no-await-in-loop -- as above
          if (open === opens) await pause(backoff(failures++));
        }
      }
    };

    if (signal.aborted) return abort();
    if (bus.status.peek().phase === "closed") return finish(closed());
    signal.addEventListener("abort", abort, { once: true });
    bus.status.subscribe(({ phase }) => {
      if (phase === "closed") return finish(closed());
      if (phase !== "open") return;
      opens++;
      stale = true;
      wake();
    }, end.signal);
    const hear = (message: BusMessage): void => {
      hints.set(message.subject, message);
      heard++;
      doubts = 0;
      wake();
    };
    const onDenied = (error: Error): void => {
      if (!told && subjects.heard) finish(error);
    };
    try {
      bus.subscribe(pattern, hear, { signal: end.signal, onDenied });
    } catch (thrown) {
      return finish(thrown);
    }
    void run(); // catches what it throws
  });
}

const backoff = (failures: number): number =>
  Math.min(BACKOFF_MS.last, BACKOFF_MS.first * 2 ** failures);

function isSame({ data, headers }: BusMessage, found: StoredMessage): boolean {
  return (
    headers?.get(OPERATION) === found.headers.get(OPERATION) &&
    data.length === found.data.length &&
    data.every((byte, i) => byte === found.data[i])
  );
}
