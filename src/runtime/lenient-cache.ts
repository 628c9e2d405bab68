/**
 * An image cache that is not trusted: what cannot be read, and components that are no longer what they were, are misses.
 * They are fetched and prepared again.
 */
import type { ImageCache } from "../core/image-cache.ts";
import type { Log } from "../core/log.ts";

import { messageOf } from "../core/error.ts";
import { COMPONENT_FILE } from "./prepared.ts";
import { sha256 } from "./sha256.ts";

/** `cache`, with reads that fail or give damaged components logged and turned into misses. Failures of changes are the caller's to hear. */
export function lenient(cache: ImageCache, log: Log): ImageCache {
  const orMissing = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (thrown) {
      log.warn("cache.failed", { error: messageOf(thrown) });
      return undefined;
    }
  };
  return {
    ...cache,
    async read(digest, file) {
      const bytes = await orMissing(cache.read(digest, file));
      if (bytes === undefined || file !== COMPONENT_FILE) return bytes;
      const actual = await sha256(bytes);
      if (actual === digest) return bytes;
      log.warn("cache.damaged", { digest, file, error: `its SHA-256 is ${actual}` });
      return undefined;
    },
    reference: (address) => orMissing(cache.reference(address)),
  };
}
