/**
 * What a lattice in memory knows of JetStream: the streams of buckets and object stores, so that those over it are the very
 * ones that are used over NATS. Behaves as nats-server v2.9.10 does; a stream keeps one message per subject, or all.
 */
import type { BusMessage } from "../core/bus.ts";
import { messageOf } from "../core/error.ts";
import { fieldOf, numberOf, parseJson, textOf, toJson } from "./jetstream-json.ts";
import type { MemoryServer } from "./memory.ts";
import { subjectMatches } from "./subject.ts";

interface Stream {
  readonly config: object;
  readonly created: string;
  /** By their sequences, and in their order. */
  readonly messages: Map<number, BusMessage>;
  last: number;
}

type Answer = Pick<BusMessage, "data" | "headers" | "status">;

const API = "$JS.API";
const NONE = new Uint8Array();

export function addMemoryJetStream(server: MemoryServer): void {
  const streams = new Map<string, Stream>();

  const answerOn = (pattern: string, answer: (message: BusMessage) => Answer): void => {
    const deliver = (message: BusMessage): void => {
      const { reply } = message;
      const told = attempt(() => answer(message));
      if (reply === undefined) return;
      server.post(() => server.route({ subject: reply, ...told }));
    };
    server.members.add({ owner: streams, subject: pattern, queue: undefined, deliver });
  };
  const onStream = (verb: string, answer: (stream: Stream, message: BusMessage) => Answer): void =>
    answerOn(`${API}.${verb}.*`, (message) => {
      const stream = streams.get(message.subject.slice(`${API}.${verb}.`.length));
      return stream === undefined
        ? refusal(404, 10059, "stream not found")
        : answer(stream, message);
    });

  onStream("STREAM.INFO", (stream) => infoOf(stream));
  onStream("STREAM.MSG.GET", (stream, { data }) => {
    const found = find(stream, parseJson(data));
    if (found === undefined) return refusal(404, 10037, "no message found");
    const [seq, { subject, data: stored, headers = new Map<string, string>() }] = found;
    const block = Array.from(headers, ([name, value]) => `${name}: ${value}\r\n`).join("");
    const message = {
      subject,
      seq,
      data: btoa(Array.from(stored, (byte) => String.fromCharCode(byte)).join("")),
      hdrs: btoa(`NATS/1.0\r\n${block}\r\n`),
    };
    return json({ message });
  });
  onStream("STREAM.PURGE", ({ messages }, { data }) => {
    const filter = textOf(parseJson(data), "filter", ">");
    const gone = Array.from(messages).filter(([, { subject }]) => subjectMatches(filter, subject));
    for (const [sequence] of gone) messages.delete(sequence);
    return json({ success: true, purged: gone.length });
  });
  answerOn(`${API}.STREAM.CREATE.*`, ({ data }) => {
    const config = parseJson(data);
    if (typeof config !== "object" || config === null) return refusal(400, 10025, "invalid JSON");
    const name = textOf(config, "name");
    const there = streams.get(name);
    if (there !== undefined) {
      const same = JSON.stringify(there.config) === JSON.stringify(config);
      return same ? infoOf(there) : refusal(400, 10058, "stream name already in use");
    }
    const created = `memory ${streams.size}`;
    const stream: Stream = { config, created, messages: new Map(), last: 0 };
    streams.set(name, stream);
    const subjects = fieldOf(config, "subjects");
    for (const subject of Array.isArray(subjects) ? subjects : []) {
      answerOn(String(subject), (message) => store(stream, name, message));
    }
    if (fieldOf(config, "allow_direct") !== true) return infoOf(stream);
    const direct = `${API}.DIRECT.GET.${name}`;
    answerOn(direct, ({ data: wanted }) => directGet(stream, name, parseJson(wanted)));
    answerOn(`${direct}.>`, ({ subject }) =>
      directGet(stream, name, { last_by_subj: subject.slice(direct.length + 1) }),
    );
    return infoOf(stream);
  });
}

/** The server outlives what it cannot read. */
function attempt(answer: () => Answer): Answer {
  try {
    return answer();
  } catch (thrown) {
    return refusal(400, 10025, messageOf(thrown));
  }
}

function store(stream: Stream, name: string, message: BusMessage): Answer {
  const { subject, data, headers } = message;
  const before = find(stream, { last_by_subj: subject })?.[0] ?? 0;
  const expected = headers?.get("Nats-Expected-Last-Subject-Sequence");
  if (expected !== undefined && Number(expected) !== before) {
    return refusal(400, 10071, `wrong last sequence: ${before}`);
  }
  if (numberOf(stream.config, "max_msgs_per_subject", -1) === 1) stream.messages.delete(before);
  if (headers?.get("Nats-Rollup") === "sub") {
    for (const [sequence, earlier] of stream.messages) {
      if (earlier.subject === subject) stream.messages.delete(sequence);
    }
  }
  stream.messages.set(++stream.last, {
    subject,
    data,
    ...(headers === undefined ? {} : { headers }),
  });
  return json({ stream: name, seq: stream.last });
}

function directGet(stream: Stream, name: string, wanted: unknown): Answer {
  const found = find(stream, wanted);
  if (found === undefined) return { data: NONE, status: 404 };
  const [sequence, { subject, data, headers = new Map<string, string>() }] = found;
  const told = new Map([
    ...headers,
    ["Nats-Stream", name],
    ["Nats-Subject", subject],
    ["Nats-Sequence", String(sequence)],
  ]);
  return { data, headers: told };
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

const refusal = (code: number, number: number, description: string): Answer =>
  json({ error: { code, err_code: number, description } });
