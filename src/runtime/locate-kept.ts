/** What a reference last led to here, for those who want nobody to be asked. A file of its own: few do. */
import type { ImageCache } from "../core/image-cache.ts";
import type { Located } from "./locate.ts";
import type { Reference } from "./reference.ts";

import { LatticeError } from "../core/error.ts";
import { COMPONENT_FILE } from "./prepared.ts";
import { keyOf } from "./reference.ts";

/** @throws {LatticeError} `image-unavailable` if it is not kept; `name` is the reference as it was given. */
export async function locateKept(
  reference: Reference,
  name: string,
  cache: ImageCache | undefined,
): Promise<Located> {
  const pin = reference.kind === "oci" ? undefined : reference.pin;
  const last = reference.kind === "lattice" ? undefined : await cache?.reference(keyOf(reference));
  const digest = pin ?? last?.digest;
  const bytes = digest && (await cache?.read(digest, COMPONENT_FILE));
  if (digest !== undefined && bytes !== undefined) return { digest, bytes };
  throw new LatticeError(
    "image-unavailable",
    `${name} is not kept on this host, and its pull policy is "never"`,
  );
}
