/** The port to where fetched and prepared components are kept for the next start. */
import type { Digest } from "./ids.ts";

/** What a reference led to when it was last fetched. */
export interface RememberedReference {
  readonly digest: Digest;
  readonly etag?: string;
}

/** Files of components by digest. Bounded; the least recently used component goes first, as a whole. */
export interface ImageCache {
  /** A file of a component; `undefined` if it is not kept. */
  read(digest: Digest, file: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps files of a component, and marks it as used now. */
  write(digest: Digest, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** Marks a component as used now. */
  touch(digest: Digest): Promise<void>;
  /** Where `address` led last; the component itself may be gone. */
  reference(address: string): Promise<RememberedReference | undefined>;
  remember(address: string, led: RememberedReference): Promise<void>;
}
