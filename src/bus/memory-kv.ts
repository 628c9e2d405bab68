/**
 * What a server of this project knows of JetStream: the streams of buckets and object stores, so that those over it are the
 * very ones that are used over NATS. Behaves as nats-server v2.9.10 does; a stream keeps one message per subject, or all.
 */
import type { BusMessage } from "../core/bus.ts";
import { asLatticeError, messageOf } from "../core/error.ts";
import type { KeptStream, StreamChange } from "../core/kept-streams.ts";
import { fieldOf, numberOf, parseJson, textOf, toJson } from "./jetstream-json.ts";
import type { MemoryServer } from "./memory.ts";
import { messageSize } from "./message-size.ts";
import { subjectMatches } from "./subject.ts";

/** Keeps the streams of a server elsewhere, so that another one can go on with them. */
export interface StreamKeep {
  /** What was kept. */
  readonly streams: readonly KeptStream[];
  /** All that the streams may have in bytes; a write above is refused. */
  readonly maxBytes: number;
  /**
   * Resolves when the change is kept: it counts, and is answered, only then.
   *
   * @throws {LatticeError} `gone` when another server has taken this one's place: it must say nothing more.
   */
  readonly write: (change: StreamChange) => Promise<void>;
  /** Before something is read: whether this is still the server that writes. Throws as `write`. */
  readonly check: () => Promise<void> | undefined;
}

interface Stream extends Omit<KeptStream, "messages" | "last"> {
  /** By their sequences, and in their order. */
  readonly messages: Map<number, BusMessage>;
  last: number;
}

type Answer = Pick<BusMessage, "data" | "headers" | "status">;

/** An answer, and what has to be kept before it is true. */
interface Outcome {
  readonly answer: Answer;
  readonly change?: StreamChange;
}

const API = "$JS.API";
/** A lattice has some ten buckets; whoever makes thousands is up to no good. */
const MOST_STREAMS = 1000;
const NONE = new Uint8Array();

export function addMemoryJetStream(server: MemoryServer, keep?: StreamKeep): void {
  const streams = new Map<string, Stream>();
  let bytes = 0;
  /** What waits for what is being kept, in order. Without a keep nothing ever waits. */
  let turns: Promise<void> | undefined;

  const apply = ({ stream: name, config, created, last, put, removed }: StreamChange): void => {
    let stream = streams.get(name);
    if (stream === undefined) {
      stream = { name, config, created, messages: new Map(), last };
      streams.set(name, stream);
      serve(stream);
    }
    stream.last = last;
    for (const sequence of removed) {
      bytes -= sizeOf(stream.messages.get(sequence));
      stream.messages.delete(sequence);
    }
    if (put === undefined) return;
    stream.messages.set(last, put);
    bytes += sizeOf(put);
  };
  /** Keeps what is to be kept, and gives what is to be answered, if anything is. */
  const settle = async (
    { answer, change }: Outcome,
    { write, check, maxBytes }: StreamKeep,
  ): Promise<Answer | undefined> => {
    if (change?.put !== undefined && bytes + sizeOf(change.put) > maxBytes) {
      return refusal(500, 10077, `maximum bytes exceeded: ${maxBytes} are kept in all`);
    }
    try {
      await (change === undefined ? check() : write(change));
    } catch (thrown) {
      const { code, message } = asLatticeError(thrown);
      return code === "gone" ? undefined : refusal(500, 10077, `not stored: ${message}`);
    }
    if (change !== undefined) apply(change);
    return answer;
  };

  const answerOn = (pattern: string, work: (message: BusMessage) => Outcome): void => {
    const answerTo = (message: BusMessage, answer: Answer): void => {
      const { reply } = message;
      if (reply !== undefined) server.post(() => server.route({ subject: reply, ...answer }));
    };
    const deliver = (message: BusMessage): void => {
      if (keep === undefined) {
        const { answer, change } = attempt(() => work(message));
        if (change !== undefined) apply(change);
        return answerTo(message, answer);
      }
      const before = turns;
      const turn = async (): Promise<void> => {
        await before;
        const answer = await settle(
          attempt(() => work(message)),
          keep,
        );
        if (answer !== undefined) answerTo(message, answer);
        if (turns === mine) turns = undefined;
      };
      const mine = turn(); // throws nothing
      turns = mine;
    };
    server.members.add({ owner: streams, subject: pattern, queue: undefined, deliver });
  };
  const onStream = (verb: string, answer: (stream: Stream, message: BusMessage) => Outcome): void =>
    answerOn(`${API}.${verb}.*`, (message) => {
      const stream = streams.get(message.subject.slice(`${API}.${verb}.`.length));
      return stream === undefined
        ? refused(404, 10059, "stream not found")
        : answer(stream, message);
    });
  const serve = (stream: Stream): void => {
    const subjects = fieldOf(stream.config, "subjects");
    for (const subject of Array.isArray(subjects) ? subjects : []) {
      answerOn(String(subject), (message) => store(stream, message));
    }
    if (fieldOf(stream.config, "allow_direct") !== true) return;
    const direct = `${API}.DIRECT.GET.${stream.name}`;
    answerOn(direct, ({ data: wanted }) => directGet(stream, parseJson(wanted)));
    answerOn(`${direct}.>`, ({ subject }) =>
      directGet(stream, { last_by_subj: subject.slice(direct.length + 1) }),
    );
  };

  for (const { messages, ...kept } of keep?.streams ?? []) {
    const stream = { ...kept, messages: new Map(messages) };
    for (const message of stream.messages.values()) bytes += sizeOf(message);
    streams.set(kept.name, stream);
    serve(stream);
  }
  onStream("STREAM.INFO", (stream) => ({ answer: infoOf(stream) }));
  onStream("STREAM.MSG.GET", (stream, { data }) => {
    const found = find(stream, parseJson(data));
    if (found === undefined) return refused(404, 10037, "no message found");
    const [seq, { subject, data: stored, headers = new Map<string, string>() }] = found;
    const block = Array.from(headers, ([name, value]) => `${name}: ${value}\r\n`).join("");
    const message = {
      subject,
      seq,
      data: btoa(Array.from(stored, (byte) => String.fromCharCode(byte)).join("")),
      hdrs: btoa(`NATS/1.0\r\n${block}\r\n`),
    };
    return { answer: json({ message }) };
  });
  onStream("STREAM.PURGE", (stream, { data }) => {
    const filter = textOf(parseJson(data), "filter", ">");
    const removed = Array.from(stream.messages).flatMap(([sequence, { subject }]) =>
      subjectMatches(filter, subject) ? [sequence] : [],
    );
    return {
      answer: json({ success: true, purged: removed.length }),
      change: changeOf(stream, { removed }),
    };
  });
  answerOn(`${API}.STREAM.CREATE.*`, ({ data }) => {
    const config = parseJson(data);
    if (typeof config !== "object" || config === null) return refused(400, 10025, "invalid JSON");
    const name = textOf(config, "name");
    const there = streams.get(name);
    if (there !== undefined) {
      const same = JSON.stringify(there.config) === JSON.stringify(config);
      return same ? { answer: infoOf(there) } : refused(400, 10058, "stream name already in use");
    }
    if (streams.size >= MOST_STREAMS)
      return refused(400, 10027, "maximum number of streams reached");
    const created = `memory ${streams.size}`;
    const made = { name, config, created, messages: new Map(), last: 0 };
    return { answer: infoOf(made), change: changeOf(made, {}) };
  });
}

/** The server outlives what it cannot read. */
function attempt(answer: () => Outcome): Outcome {
  try {
    return answer();
  } catch (thrown) {
    return refused(400, 10025, messageOf(thrown));
  }
}

/** Bytes that a stored message counts for. */
function sizeOf(message: BusMessage | undefined): number {
  return message === undefined ? 0 : messageSize(message);
}

const changeOf = (
  { name, config, created, last }: Stream,
  { put, removed = [] }: { readonly put?: BusMessage; readonly removed?: readonly number[] },
): StreamChange => ({
  stream: name,
  config,
  created,
  last: put === undefined ? last : last + 1,
  removed,
  ...(put === undefined ? {} : { put }),
});

function store(stream: Stream, message: BusMessage): Outcome {
  const { subject, data, headers } = message;
  const before = find(stream, { last_by_subj: subject })?.[0] ?? 0;
  const expected = headers?.get("Nats-Expected-Last-Subject-Sequence");
  if (expected !== undefined && Number(expected) !== before) {
    return refused(400, 10071, `wrong last sequence: ${before}`);
  }
  const one = numberOf(stream.config, "max_msgs_per_subject", -1) === 1;
  const removed =
    one || headers?.get("Nats-Rollup") === "sub"
      ? Array.from(stream.messages).flatMap(([sequence, earlier]) =>
          earlier.subject === subject ? [sequence] : [],
        )
      : [];
  const put = { subject, data, ...(headers === undefined ? {} : { headers }) };
  return {
    answer: json({ stream: stream.name, seq: stream.last + 1 }),
    change: changeOf(stream, { put, removed }),
  };
}

function directGet(stream: Stream, wanted: unknown): Outcome {
  const found = find(stream, wanted);
  if (found === undefined) return { answer: { data: NONE, status: 404 } };
  const [sequence, { subject, data, headers = new Map<string, string>() }] = found;
  const told = new Map([
    ...headers,
    ["Nats-Stream", stream.name],
    ["Nats-Subject", subject],
    ["Nats-Sequence", String(sequence)],
  ]);
  return { answer: { data, headers: told } };
}

function find(stream: Stream, wanted: unknown): readonly [number, BusMessage] | undefined {
  const last = textOf(wanted, "last_by_subj", "");
  if (last !== "")
    return Array.from(stream.messages).findLast(([, { subject }]) => subject === last);
  const from = numberOf(wanted, "seq");
  const pattern = textOf(wanted, "next_by_subj");
  return Array.from(stream.messages).find(
    ([sequence, { subject }]) => sequence >= from && subjectMatches(pattern, subject),
  );
}

const infoOf = ({ config, created, messages, last }: Stream): Answer =>
  json({ config, created, state: { messages: messages.size, last_seq: last } });

const json = (value: object): Answer => ({ data: toJson(value) });

const refused = (code: number, number: number, description: string): Outcome => ({
  answer: refusal(code, number, description),
});

const refusal = (code: number, number: number, description: string): Answer =>
  json({ error: { code, err_code: number, description } });
