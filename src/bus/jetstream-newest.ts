/**
 * All that a bucket has at the moment, read without a consumer: the stream's info names the subjects, and the newest
 * message of each is asked for, many at once, so that the distance of the server hardly counts.
 */
import type { JetStream, StoredMessage, StreamInfo } from "./jetstream.ts";

/** Answers that are under way at once. */
const MOST_AT_ONCE = 128;

export interface Newest {
  readonly info: StreamInfo;
  /** One for each subject, markers included, by their sequence. Some may be newer than `info.lastSequence`. */
  readonly messages: readonly StoredMessage[];
}

export async function readNewest(
  jetstream: JetStream,
  stream: StreamInfo,
  pattern: string,
  signal: AbortSignal,
): Promise<Newest> {
  const info = await jetstream.info(stream.name, signal, pattern);
  const found =
    info.subjects === undefined
      ? await oneByOne(jetstream, stream, { pattern, until: info.lastSequence }, signal)
      : await manyAtOnce(jetstream, stream, info.subjects, signal);
  return { info, messages: found.sort((a, b) => a.sequence - b.sequence) };
}

async function manyAtOnce(
  jetstream: JetStream,
  stream: StreamInfo,
  subjects: readonly string[],
  signal: AbortSignal,
): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  const left = subjects.values();
  const readOn = async (): Promise<void> => {
    for (const subject of left) {
      // oxlint-disable-next-line no-await-in-loop -- others are under way beside it
      const message = await jetstream.last(stream, subject, signal);
      if (message !== undefined) found.push(message);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, subjects.length) }, readOn));
  return found;
}

/** For servers that do not name the subjects. */
async function oneByOne(
  jetstream: JetStream,
  stream: StreamInfo,
  wanted: { readonly pattern: string; readonly until: number },
  signal: AbortSignal,
): Promise<StoredMessage[]> {
  const newest = new Map<string, StoredMessage>();
  for (let at = 0; at < wanted.until;) {
    // oxlint-disable-next-line no-await-in-loop -- each answer says where the next one begins
    const found = await jetstream.next(stream, wanted.pattern, at + 1, signal);
    if (found === undefined) break;
    at = found.sequence;
    newest.set(found.subject, found);
  }
  return [...newest.values()];
}
