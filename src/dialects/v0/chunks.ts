/**
 * Arguments and results that are too long for a message: they lie in an object store that has the lattice's name, under the
 * invocation's id (wasmCloud v0.82.0 `crates/core/src/chunking.rs`).
 */
import type { Bus } from "../../core/bus.ts";
import type { LatticeId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { ObjectStore } from "../../core/objects.ts";

import { LatticeError, messageOf } from "../../core/error.ts";
import { CHUNK_THRESHOLD } from "./invocation.ts";

export interface Chunks {
  /** `bytes` if a message takes them, else nothing, after they have been stored under `name`. */
  leave(name: string, bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * The whole of what a message of `length` bytes of content brought as `msg`. It stays in the store until
   * {@link Chunks.forget}.
   *
   * @throws {LatticeError} `bad-message` if the lengths differ, `not-found` if it is not in the store, `too-large`, and as
   * an object store.
   */
  take(name: string, msg: Uint8Array, length: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Deletes what was taken; a failure is logged. */
  forget(name: string, length: number, signal: AbortSignal): Promise<void>;
}

export interface ChunksParts {
  readonly rpc: Pick<Bus, "objects">;
  readonly lattice: LatticeId;
  readonly jsDomain?: string;
  /** Largest argument or result that is read. */
  readonly maxBytes: number;
  readonly log: Log;
}

/** Of a result, by the id of its invocation. */
export const resultName = (id: string): string => `${id}-r`;

const NOTHING = new Uint8Array(0);

export function createChunks(parts: ChunksParts): Chunks {
  const { rpc, lattice, jsDomain, maxBytes, log } = parts;
  let opened: Promise<ObjectStore> | undefined;
  const store = (signal: AbortSignal): Promise<ObjectStore> => {
    const domain = jsDomain === undefined ? {} : { domain: jsDomain };
    opened ??= rpc.objects(lattice, { signal, create: true, ...domain }).catch((cause: unknown) => {
      opened = undefined; // the next one asks again
      throw cause;
    });
    return opened;
  };
  return {
    async leave(name, bytes, signal) {
      if (bytes.length <= CHUNK_THRESHOLD) return bytes;
      const objects = await store(signal);
      await objects.put(name, bytes, signal);
      return NOTHING;
    },
    async take(name, msg, length, signal) {
      if (length <= CHUNK_THRESHOLD) {
        if (msg.length === length) return msg;
        throw new LatticeError("bad-message", `${length} bytes were announced, met ${msg.length}`);
      }
      // Some senders of 0.82 leave a long argument in the message when the server takes it.
      if (msg.length === length) return msg;
      if (name === "") throw new LatticeError("bad-message", "a long argument without an id");
      const objects = await store(signal);
      const bytes = await objects.get(name, { signal, maxBytes: Math.min(maxBytes, length) });
      if (bytes === undefined) {
        throw new LatticeError("not-found", `the object store has nothing under ${name}`);
      }
      if (bytes.length !== length) {
        throw new LatticeError(
          "bad-message",
          `${length} bytes were announced, met ${bytes.length} in the object store`,
        );
      }
      return bytes;
    },
    async forget(name, length, signal) {
      if (length <= CHUNK_THRESHOLD) return;
      try {
        const objects = await store(signal);
        await objects.delete(name, signal);
      } catch (cause) {
        log.warn("chunks.not-deleted", { object: name, problem: messageOf(cause) });
      }
    },
  };
}
