/**
 * What the lattice has for a provider, past calls: health and shutdown (wasmCloud v0.82.0
 * `crates/provider-sdk/src/provider.rs`).
 *
 * Hosts tell providers of link definitions too, on `linkdefs.put` and `linkdefs.del`. That is for providers which cannot
 * read what the lattice keeps: one in a page is told by its own host, which reads it, and nothing on the bus says who
 * sends it. So those two are not listened to.
 */
import type { DialectParts } from "../../core/dialect.ts";
import type { ProviderDesk } from "../../core/provider.ts";

import { writeMsgpack } from "../../wire/msgpack.ts";
import { handleDesk, shutdownHandler } from "../provider-desk.ts";

/** Takes `desk`'s messages until `signal` aborts; resolves when the server knows the subscriptions. */
export function attend(
  parts: Pick<DialectParts, "rpc" | "lattice" | "host" | "log">,
  desk: ProviderDesk,
  signal: AbortSignal,
): Promise<void> {
  const subjects = {
    prefix: `wasmbus.rpc.${parts.lattice}.${desk.id}.${desk.linkName}`,
    handlers: {
      async health() {
        const { healthy, message } = await desk.health();
        return writeMsgpack({ healthy, ...(message === undefined ? {} : { message }) });
      },
      shutdown: shutdownHandler(parts, desk),
    },
    // Nor does upstream's SDK end a provider for a request that wants no answer.
    requestsOnly: true,
  };
  return handleDesk(parts, desk, subjects, signal);
}
