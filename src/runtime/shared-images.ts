/**
 * Bytes over the lattice: an object store that has components, and the manifests that lead to them, by their digests. It stands
 * in where an address cannot be reached from here.
 *
 * Whoever may write there may write anything, so that nothing counts but bytes whose digest was named by somebody else: by a
 * reference that is pinned, or by a manifest that was checked itself. Names alone, such as tags, are not looked up.
 */
import type { ErrorCode } from "../core/error.ts";
import type { Digest } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { ObjectStore } from "../core/objects.ts";
import type { LoadProgress } from "../core/workload.ts";

import { asLatticeError, LatticeError, messageOf } from "../core/error.ts";
import { imageObject } from "../core/objects.ts";
import { sha256 } from "./sha256.ts";

/** Gives the lattice's store; made if `create` says so and there is none. */
export type OpenSharedStore = (options: {
  readonly create: boolean;
  readonly signal: AbortSignal;
}) => Promise<ObjectStore>;

export interface SharedReadOptions {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

export interface SharedImages {
  /** @throws {LatticeError} `image-unavailable`, `image-too-large`, `digest-mismatch`, or the signal's reason. */
  read(digest: Digest, options: SharedReadOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** Lets the others have what was pulled, if this node is to; resolves when it is stored or cannot be, which is logged. */
  share(digest: Digest, bytes: Uint8Array): Promise<void>;
}

export interface SharedImagesParts {
  readonly open: OpenSharedStore;
  /** Whether {@link SharedImages.share} does anything. */
  readonly shares: boolean;
  readonly log: Log;
  /** Ends what is being shared. */
  readonly signal: AbortSignal;
}

/** What one node stores in its life: references come from the lattice, and a store has no bound of its own. */
const MOST_SHARED_BYTES = 512 * 1024 * 1024;

export function createSharedImages(parts: SharedImagesParts): SharedImages {
  const { open, log } = parts;
  let sharedBytes = 0;
  let last: Promise<void> = Promise.resolve();

  const store = async (digest: Digest, bytes: Uint8Array): Promise<void> => {
    const { signal } = parts;
    if (signal.aborted) return;
    try {
      const objects = await open({ create: true, signal });
      const name = imageObject(digest);
      const there = await objects.info(name, signal).catch(() => undefined);
      if (there?.digest === digest) return;
      if (sharedBytes + bytes.length > MOST_SHARED_BYTES) {
        throw new LatticeError(
          "too-large",
          `this node has shared ${sharedBytes} bytes, and shares ${MOST_SHARED_BYTES} at most`,
        );
      }
      sharedBytes += bytes.length;
      await objects.put(name, bytes, signal);
      log.info("image.shared", { digest, bytes: bytes.length });
    } catch (thrown) {
      if (!signal.aborted) log.warn("image.not-shared", { digest, error: messageOf(thrown) });
    }
  };
  return {
    async read(digest, { signal, maxBytes, onProgress }) {
      const bytes = await readObject(open, digest, {
        signal,
        maxBytes,
        onProgress: (done, totalBytes) => onProgress?.({ stage: "fetch", bytes: done, totalBytes }),
      });
      onProgress?.({ stage: "verify" });
      const actual = await sha256(bytes);
      if (actual === digest) return bytes;
      throw new LatticeError(
        "digest-mismatch",
        `what the lattice has as sha256:${digest} has the SHA-256 ${actual}`,
      );
    },
    share(digest, bytes) {
      if (parts.shares) last = last.then(() => store(digest, bytes)); // one at a time
      return last;
    },
  };
}

async function readObject(
  open: OpenSharedStore,
  digest: Digest,
  options: Parameters<ObjectStore["get"]>[1],
): Promise<Uint8Array<ArrayBuffer>> {
  const { signal } = options;
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  try {
    bytes = await (await open({ create: false, signal })).get(imageObject(digest), options);
  } catch (cause) {
    signal.throwIfAborted();
    const { code, message } = asLatticeError(cause);
    throw new LatticeError(CODES[code] ?? "image-unavailable", `from the lattice: ${message}`, {
      cause,
    });
  }
  if (bytes !== undefined) return bytes;
  throw new LatticeError("image-unavailable", `the lattice has nothing as sha256:${digest}`);
}

const CODES: Readonly<Partial<Record<ErrorCode, ErrorCode>>> = {
  "too-large": "image-too-large",
  "digest-mismatch": "digest-mismatch",
};

/** Failures of an address that mean nothing for what has the digest. */
const REPLACEABLE: readonly ErrorCode[] = [
  "image-unavailable",
  "denied",
  "digest-mismatch",
  "bad-image",
];

export interface InsteadParts extends SharedReadOptions {
  /** Absent if this node is to take nothing from the lattice. */
  readonly shared: SharedImages | undefined;
  readonly log: Log;
}

/**
 * What `fetch` gives, or else what the lattice has as `digest`.
 *
 * @throws {LatticeError} as `fetch` does, if the lattice has no better.
 */
export async function orFromLattice(
  fetch: () => Promise<Uint8Array<ArrayBuffer>>,
  digest: Digest,
  { shared, log, ...options }: InsteadParts,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await fetch();
  } catch (thrown) {
    const { code } = asLatticeError(thrown);
    if (shared === undefined || options.signal.aborted || !REPLACEABLE.includes(code)) throw thrown;
    const bytes = await shared.read(digest, options).catch((second: unknown) => {
      log.debug("image.not-in-lattice", { digest, error: messageOf(second) });
      return undefined;
    });
    options.signal.throwIfAborted();
    if (bytes === undefined) throw thrown;
    log.info("image.from-lattice", { digest, bytes: bytes.length, error: messageOf(thrown) });
    return bytes;
  }
}
