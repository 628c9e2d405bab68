/**
 * An object store over JetStream, in the layout of ADR-20: stream `OBJ_{bucket}`, chunks and descriptions on subjects of
 * their own. Read without consumers, a few chunks at a time.
 */
import type { Bus } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import { LatticeError } from "../core/error.ts";
import { type Digest, digest } from "../core/ids.ts";
import type { BucketOptions } from "../core/kv.ts";
import type { ObjectInfo, ObjectReadOptions, ObjectStore } from "../core/objects.ts";
import type { JetStream, StoredMessage, StreamInfo } from "./jetstream.ts";
import {
  CHUNK_BYTES,
  chunkSubject,
  deletedEntryOf,
  entryOf,
  entrySubject,
  type ObjectEntry,
  readEntry,
} from "./jetstream-object.ts";
import { openStream } from "./jetstream-stream.ts";

export interface ObjectsParts {
  readonly bus: Pick<Bus, "request" | "maxPayload">;
  readonly clock: Clock;
}

/**
 * Chunks that are under way at once: one at a time, a distant server costs a round for each 128 KiB; too many, and a slow
 * line has no answer within its time.
 */
const MOST_AT_ONCE = 4;
const EMPTY: ReadonlyMap<string, string> = new Map();
/** Puts a description in the place of all earlier ones. */
const ROLLUP: ReadonlyMap<string, string> = new Map([["Nats-Rollup", "sub"]]);

/** @throws {LatticeError} `unsupported`, `not-found`, `denied`, `bad-input`, `disconnected`, or the signal's reason. */
export async function openObjects(
  parts: ObjectsParts,
  name: string,
  options: BucketOptions,
): Promise<ObjectStore> {
  const settings = settingsOf(name);
  const { jetstream, stream } = await openStream(parts, { kind: "OBJ", name, settings }, options);
  return createStore(parts, jetstream, stream, name);
}

/** What nats.go asks for by default (v1.31 `object.go`, `CreateObjectStore`). */
const settingsOf = (bucket: string): object => ({
  subjects: [`$O.${bucket}.C.>`, `$O.${bucket}.M.>`],
});

function createStore(
  { bus, clock }: ObjectsParts,
  jetstream: JetStream,
  stream: StreamInfo,
  name: string,
): ObjectStore {
  // A copy of another store has that one's subjects.
  const bucket = stream.mirror?.name.replace(/^OBJ_/, "") ?? name;

  const find = async (object: string, signal: AbortSignal): Promise<ObjectEntry | undefined> => {
    checkObjectName(object);
    const found = await jetstream.last(stream, entrySubject(bucket, object), signal);
    const entry = found && readEntry(found.data);
    if (entry === undefined || entry.name === object) return entry;
    throw new LatticeError(
      "bad-message",
      `object ${JSON.stringify(object)} is described as ${JSON.stringify(entry.name)}`,
    );
  };
  const purge = (nuid: string, signal: AbortSignal): Promise<void> =>
    jetstream.purge(stream.name, chunkSubject(bucket, nuid), signal);
  // Plain subjects, also with a domain: unlike a bucket's, those of objects have no mapping below the domain's prefix, and
  // cross leaf nodes as they are (nats-server v2.9.10 `server/jetstream_api.go`, `generateJSMappingTable`).
  const describe = async (object: string, entry: Uint8Array, signal: AbortSignal): Promise<void> =>
    void (await jetstream.store(entrySubject(bucket, object), entry, ROLLUP, signal));

  /**
   * Whether the store has what was just written. Another domain's stream of the same subjects may have acknowledged it
   * first; then it is still on its way to this one.
   */
  const arrived = async (object: string, nuid: string, signal: AbortSignal): Promise<boolean> => {
    for (let looks = 1; ; looks++) {
      // oxlint-disable-next-line no-await-in-loop -- looked for until it is there
      if ((await find(object, signal))?.nuid === nuid) return true;
      if (looks === MOST_LOOKS) return false;
      // oxlint-disable-next-line no-await-in-loop -- as above
      await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));
    }
  };

  return {
    name,
    async info(object, signal) {
      const entry = await find(object, signal);
      return entry && infoOf(entry);
    },
    async get(object, options) {
      const entry = await find(object, options.signal);
      if (entry === undefined) return undefined;
      const { sizeBytes, digest: wanted } = entry;
      if (sizeBytes > options.maxBytes) {
        throw new LatticeError(
          "too-large",
          `object ${object} has ${sizeBytes} bytes, and ${options.maxBytes} are taken`,
        );
      }
      const subject = chunkSubject(bucket, entry.nuid);
      const bytes = await readChunks(jetstream, stream, subject, entry, options);
      const actual = await sha256(bytes);
      if (actual === wanted) return bytes;
      throw new LatticeError(
        "digest-mismatch",
        `object ${object} has the SHA-256 ${actual}, but is described as ${wanted}`,
      );
    },
    async put(object, bytes, signal) {
      const before = await find(object, signal).catch(unlessMisread);
      const nuid = crypto.randomUUID().replaceAll("-", "");
      const chunkBytes = Math.min(CHUNK_BYTES, bus.maxPayload);
      const chunks = Math.ceil(bytes.length / chunkBytes);
      const hash = await sha256(bytes);
      const entry = { name: object, nuid, sizeBytes: bytes.length, chunks, digest: hash };
      try {
        await storeChunks(jetstream, chunkSubject(bucket, nuid), bytes, chunkBytes, signal);
        await describe(object, entryOf(bucket, entry, { now: clock.now(), chunkBytes }), signal);
      } catch (cause) {
        // Best effort, and on time of its own: the reason to give up is the one that is told.
        await purge(nuid, AbortSignal.timeout(PURGE_LIMIT_MS)).catch(() => undefined);
        throw cause;
      }
      if (!(await arrived(object, nuid, signal))) {
        throw new LatticeError(
          "conflict",
          `object ${object} was stored elsewhere, or at once by somebody else: ${stream.name} does not lead to it`,
        );
      }
      // The new one stands; what is left of the old one only takes space.
      if (before !== undefined) await purge(before.nuid, signal).catch(() => undefined);
      return infoOf(entry);
    },
    async delete(object, signal) {
      const entry = await find(object, signal);
      if (entry === undefined) return;
      await describe(object, deletedEntryOf(bucket, entry, clock.now()), signal);
      await purge(entry.nuid, signal);
    },
  };
}

const PURGE_LIMIT_MS = 5_000;
const MOST_LOOKS = 6;
const LOOK_AGAIN_MS = 100;

function infoOf({ name, sizeBytes, chunks, digest: hash }: ObjectEntry): ObjectInfo {
  return { name, sizeBytes, chunks, digest: hash };
}

function checkObjectName(name: string): void {
  if (name === "") throw new LatticeError("bad-input", "an object's name must not be empty");
}

/** A description that cannot be read stands in nobody's way. */
function unlessMisread(thrown: unknown): undefined {
  const codes = ["bad-message", "unsupported"];
  if (thrown instanceof LatticeError && codes.includes(thrown.code)) return undefined;
  throw thrown;
}

/**
 * All messages of `subject`. Asked from several sequences at once, which are those of the next chunks unless somebody
 * else wrote meanwhile: then the answers are the same message again, and fewer are asked.
 */
async function readChunks(
  jetstream: JetStream,
  stream: StreamInfo,
  subject: string,
  { name, sizeBytes, chunks }: ObjectEntry,
  { signal, onProgress }: ObjectReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(sizeBytes);
  const progress = { bytes: 0, chunks: 0, sequence: 0, atOnce: 1 };
  const incomplete = (why: string): LatticeError =>
    new LatticeError("incomplete", `object ${name} ${why} in ${stream.name}`);
  onProgress?.(0, sizeBytes);
  while (progress.chunks < chunks) {
    const asked = Math.min(progress.atOnce, chunks - progress.chunks);
    const from = progress.sequence + 1;
    // oxlint-disable-next-line no-await-in-loop -- each round says where the next one begins
    const answers = await Promise.all(
      Array.from({ length: asked }, (_, i) => jetstream.next(stream, subject, from + i, signal)),
    );
    const found = distinct(answers);
    if (found.length === 0) throw incomplete(`has ${progress.chunks} of ${chunks} chunks`);
    for (const { data, sequence } of found) {
      if (data.length === 0 || progress.bytes + data.length > sizeBytes) {
        throw incomplete(`has other than its ${sizeBytes} bytes`);
      }
      bytes.set(data, progress.bytes);
      progress.bytes += data.length;
      progress.chunks++;
      progress.sequence = sequence;
    }
    progress.atOnce = found.length === asked ? Math.min(asked * 2, MOST_AT_ONCE) : 1;
    onProgress?.(progress.bytes, sizeBytes);
  }
  if (progress.bytes !== sizeBytes) throw incomplete(`has ${progress.bytes} of ${sizeBytes} bytes`);
  return bytes;
}

/** In the order of their sequences. None is missing between them: each answer is the first message from its sequence on. */
function distinct(answers: readonly (StoredMessage | undefined)[]): readonly StoredMessage[] {
  const bySequence = new Map(
    answers.flatMap((message) => (message === undefined ? [] : [[message.sequence, message]])),
  );
  return Array.from(bySequence.values()).sort((a, b) => a.sequence - b.sequence);
}

async function storeChunks(
  jetstream: JetStream,
  subject: string,
  bytes: Uint8Array,
  chunkBytes: number,
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += chunkBytes * MOST_AT_ONCE) {
    const starts = Array.from({ length: MOST_AT_ONCE }, (_, i) => at + i * chunkBytes);
    // oxlint-disable-next-line no-await-in-loop -- what is under way is bounded
    await Promise.all(
      starts
        .filter((start) => start < bytes.length)
        .map((start) =>
          jetstream.store(subject, bytes.subarray(start, start + chunkBytes), EMPTY, signal),
        ),
    );
  }
}

async function sha256(bytes: Uint8Array): Promise<Digest> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
  return digest(Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""));
}
