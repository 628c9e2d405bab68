/** An image cache whose failing reads are misses: what cannot be read is fetched and prepared again. */
import type { ImageCache } from "../core/image-cache.ts";
import type { Log } from "../core/log.ts";

import { messageOf } from "../core/error.ts";

/** `cache`, with reads that fail logged and turned into misses. Failures of changes are the caller's to hear. */
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
    read: (digest, file) => orMissing(cache.read(digest, file)),
    reference: (address) => orMissing(cache.reference(address)),
  };
}
