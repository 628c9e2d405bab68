/**
 * A key-value bucket over JetStream, by the conventions that all clients share: stream `KV_{bucket}`, one subject per
 * key, markers for what was removed (ADR-8; async-nats 0.39 `src/jetstream/kv/mod.rs`).
 */
import { asLatticeError } from "../core/error.ts";
import type { BucketOptions, KvBucket, KvEntry, KvWriteOptions } from "../core/kv.ts";
import type { JetStream, StreamInfo } from "./jetstream.ts";
import { entryOf, isMarker, OPERATION, subjectsOf } from "./jetstream-entry.ts";
import { checkName, openStream } from "./jetstream-stream.ts";
import { readNewest } from "./jetstream-newest.ts";
import { type KvParts, watchBucket } from "./jetstream-watch.ts";

const ROLLUP = "Nats-Rollup";
const EXPECTED = "Nats-Expected-Last-Subject-Sequence";
const NONE = new Uint8Array();
const EMPTY: ReadonlyMap<string, string> = new Map();

/** @throws {LatticeError} `unsupported`, `not-found`, `denied`, `bad-input`, `disconnected`, or the signal's reason. */
export async function openBucket(
  parts: KvParts,
  name: string,
  options: BucketOptions,
): Promise<KvBucket> {
  const settings = settingsOf(name);
  const { jetstream, stream } = await openStream(parts, { kind: "KV", name, settings }, options);
  return createBucket(parts, jetstream, stream, name);
}

/** What a wasmCloud 1.x host asks for, by default (async-nats 0.39 `src/jetstream/context.rs`, `create_key_value`). */
const settingsOf = (bucket: string): object => ({
  subjects: [`$KV.${bucket}.>`],
  max_msgs_per_subject: 1,
  deny_delete: true,
  deny_purge: false,
});

function createBucket(
  parts: KvParts,
  jetstream: JetStream,
  stream: StreamInfo,
  name: string,
): KvBucket {
  const subjects = subjectsOf(jetstream, stream, name);
  const readable = (key: string): string => subjects.read + checkKey(key);

  const write = (
    key: string,
    value: Uint8Array,
    headers: ReadonlyMap<string, string>,
    { signal, revision }: KvWriteOptions,
  ): Promise<number> => {
    const told =
      revision === undefined ? headers : new Map([...headers, [EXPECTED, String(revision)]]);
    return jetstream.store(subjects.write + checkKey(key), value, told, signal);
  };
  /** As `write`; what a marker alone keeps from being new counts as new. */
  const writeNew: typeof write = async (key, value, headers, options) => {
    try {
      return await write(key, value, headers, options);
    } catch (thrown) {
      if (asLatticeError(thrown).code !== "conflict" || options.revision !== 0) throw thrown;
      const marker = await jetstream.last(stream, readable(key), options.signal);
      if (marker === undefined || !isMarker(marker)) throw thrown;
      return write(key, value, headers, { ...options, revision: marker.sequence });
    }
  };
  const snapshot = async (signal: AbortSignal): Promise<Map<string, KvEntry>> => {
    const entries = new Map<string, KvEntry>();
    const { messages } = await readNewest(jetstream, stream, `${subjects.read}>`, signal);
    for (const found of messages) {
      const entry = entryOf(found, subjects);
      if (!isMarker(found)) entries.set(entry.key, entry);
    }
    return entries;
  };

  return {
    name,
    async get(key, signal) {
      const found = await jetstream.last(stream, readable(key), signal);
      return found === undefined || isMarker(found) ? undefined : entryOf(found, subjects);
    },
    async put(key, value, options) {
      return writeNew(key, value, EMPTY, options);
    },
    async delete(key, options) {
      await writeNew(key, NONE, new Map([[OPERATION, "DEL"]]), options);
    },
    async purge(key, options) {
      const headers = new Map([
        [OPERATION, "PURGE"],
        [ROLLUP, "sub"],
      ]);
      await writeNew(key, NONE, headers, options);
    },
    keys: async (signal) => Array.from((await snapshot(signal)).keys()),
    snapshot,
    watch: (onChange, signal) =>
      watchBucket({ ...parts, jetstream, stream, subjects }, onChange, signal),
  };
}

/** Letters, digits and `-/_=.`, as async-nats has it, and no dot where it would make an empty token. */
function checkKey(key: string): string {
  const inner = /^[-/_=a-zA-Z0-9]+(\.[-/_=a-zA-Z0-9]+)*$/;
  checkName("key", key, inner, "of letters, digits and - _ = / and inner dots");
  return key;
}
