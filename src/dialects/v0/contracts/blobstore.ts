/**
 * `wasmcloud:blobstore` and `wrpc:blobstore@0.2.0` (wasmCloud v0.82.0 `crates/compat/src/blobstore.rs`,
 * `crates/providers/blobstore-fs`; interfaces `blobstore/blobstore.smithy`).
 *
 * Objects go in one piece, as hosts of 0.82 send them, and are taken in several as well. What a provider gives in several is
 * asked for range by range: it would call the actor for the rest, and is told to stop. `RemoveContainers` is what the contract has; the
 * `DeleteContainer` of 0.82's hosts is understood and not sent, since no provider knows it. Ends of ranges are inclusive in
 * 0.82 and in WASI, and exclusive at the stores of 1.x.
 */
import type { Contract } from "./contract.ts";

import { CALLED } from "./blobstore-called.ts";
import { BLOBSTORE, servedOperations } from "./blobstore-served.ts";
import { functionName } from "./contract.ts";
import { createUploads } from "./uploads.ts";

/** `now`: milliseconds that never go back. */
export function blobstoreContract(now: () => number): Contract {
  return {
    id: "wasmcloud:blobstore",
    served: new Map(Object.entries(servedOperations(createUploads(now)))),
    called: new Map(Array.from(CALLED, ([name, run]) => [functionName(BLOBSTORE, name), run])),
  };
}
