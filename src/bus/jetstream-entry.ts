/** How a bucket's entries lie in a stream: subjects, revisions, markers. Pure. */
import type { KvEntry } from "../core/kv.ts";
import type { JetStream, StoredMessage, StreamInfo } from "./jetstream.ts";

/** Where the keys of a bucket are. */
export interface KvSubjects {
  /** Subjects as they are stored and told of, with the last dot. */
  readonly read: string;
  /** Subjects that take writes, with the last dot. */
  readonly write: string;
  /** Whether writes can be heard as they happen. They cannot be across a leaf node or of a mirror. */
  readonly heard: boolean;
}

export const OPERATION = "KV-Operation";

/** With a domain, writes go by its API prefix, which the server maps to the plain subject; so do nats.js and async-nats. */
export function subjectsOf(
  { prefix }: JetStream,
  { mirror }: StreamInfo,
  name: string,
): KvSubjects {
  const local = prefix === "$JS.API";
  if (mirror === undefined) {
    const own = `$KV.${name}.`;
    return { read: own, write: local ? own : `${prefix}.${own}`, heard: local };
  }
  const source = `$KV.${mirror.name.replace(/^KV_/, "")}.`;
  const write = mirror.externalApi === undefined ? source : `${mirror.externalApi}.${source}`;
  return { read: source, write, heard: false };
}

export const isMarker = ({ headers }: StoredMessage): boolean => {
  const operation = headers.get(OPERATION);
  return operation === "DEL" || operation === "PURGE";
};

export function entryOf({ subject, sequence, data }: StoredMessage, { read }: KvSubjects): KvEntry {
  return { key: subject.slice(read.length), value: data, revision: sequence };
}
