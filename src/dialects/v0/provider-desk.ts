/**
 * What the lattice has for a provider, past calls: health and shutdown (wasmCloud v0.82.0
 * `crates/provider-sdk/src/provider.rs`).
 *
 * Hosts tell providers of link definitions too, on `linkdefs.put` and `linkdefs.del`. That is for providers which cannot
 * read what the lattice keeps: one in a page is told by its own host, which reads it, and nothing on the bus says who
 * sends it. So those two are not listened to.
 */
import type { BusMessage } from "../../core/bus.ts";
import type { DialectParts } from "../../core/dialect.ts";
import type { ProviderDesk } from "../../core/provider.ts";
import type { Shape } from "../../wire/shape.ts";

import { flushed } from "../../core/bus.ts";
import { LatticeError, messageOf } from "../../core/error.ts";
import { writeMsgpack } from "../../wire/msgpack.ts";
import { readJson, record, text } from "../../wire/shape.ts";

/** The most that a message on these subjects may have. */
const MOST_BYTES = 64 * 1024;

const shutdownRequest: Shape<{ readonly host_id: string }> = record<{ readonly host_id: string }>({
  host_id: text,
});

/** Takes `desk`'s messages until `signal` aborts; resolves when the server knows the subscriptions. */
export async function attend(
  parts: Pick<DialectParts, "rpc" | "lattice" | "host" | "log">,
  desk: ProviderDesk,
  signal: AbortSignal,
): Promise<void> {
  const { rpc, log } = parts;
  const prefix = `wasmbus.rpc.${parts.lattice}.${desk.id}.${desk.linkName}`;
  /** `undefined`: no answer. */
  const handlers: Readonly<Record<string, (data: Uint8Array) => Promise<Uint8Array | undefined>>> =
    {
      async health() {
        const { healthy, message } = await desk.health();
        return writeMsgpack({ healthy, ...(message === undefined ? {} : { message }) });
      },
      async shutdown(data) {
        // Other instances of the provider hear it too: the message names the host whose one is meant.
        if (readJson(small(data), shutdownRequest).host_id !== parts.host) return undefined;
        await desk.shutdown();
        return new TextEncoder().encode("shutting down");
      },
    };
  const receive = async (tail: string, message: BusMessage): Promise<void> => {
    // Nor does upstream's SDK end a provider for a request that wants no answer.
    if (message.reply === undefined) return;
    try {
      const answer = await handlers[tail]?.(message.data);
      if (answer !== undefined) rpc.publish(message.reply, answer);
    } catch (cause) {
      log.warn("provider.message-refused", { provider: desk.id, tail, problem: messageOf(cause) });
    }
  };
  for (const tail of Object.keys(handlers)) {
    const subject = `${prefix}.${tail}`;
    rpc.subscribe(subject, (message) => void receive(tail, message), {
      signal,
      // Calls need none of these: the provider serves all the same.
      onDenied: (cause) => log.warn("provider.denied", { subject, problem: cause.message }),
    });
  }
  await flushed(rpc, signal);
}

function small(data: Uint8Array): Uint8Array {
  if (data.length <= MOST_BYTES) return data;
  const error = `${data.length} bytes for a provider; at most ${MOST_BYTES} are read`;
  throw new LatticeError("too-large", error);
}
