/**
 * What the bus has for a provider, past calls, as both generations have it: a few subjects below one of its own, each with
 * a handler. Nothing on them says who sends it, so messages are small.
 */
import type { BusMessage } from "../core/bus.ts";
import type { DialectParts } from "../core/dialect.ts";
import type { ProviderDesk } from "../core/provider.ts";
import type { Shape } from "../wire/shape.ts";

import { flushed } from "../core/bus.ts";
import { LatticeError, messageOf } from "../core/error.ts";
import { readJson, record, text } from "../wire/shape.ts";

/** Answers a message; `undefined`: there is nothing to be said. */
export type DeskHandler = (data: Uint8Array) => Promise<Uint8Array | undefined> | undefined;

export interface DeskSubjects {
  /** What all of the provider's subjects begin with, without the last dot. */
  readonly prefix: string;
  /** By what follows {@link prefix} and a dot. */
  readonly handlers: Readonly<Record<string, DeskHandler>>;
  /** Messages that want no answer are left alone. */
  readonly requestsOnly?: boolean;
}

type DeskParts = Pick<DialectParts, "rpc" | "host" | "log">;

/** The most that a message on these subjects may have. */
const MOST_BYTES = 64 * 1024;

const shutdownRequest: Shape<{ readonly host_id: string }> = record<{ readonly host_id: string }>({
  host_id: text,
});

/** Hands `desk`'s messages to their handlers until `signal` aborts; resolves when the server knows the subscriptions. */
export async function handleDesk(
  { rpc, log }: DeskParts,
  desk: ProviderDesk,
  { prefix, handlers, requestsOnly = false }: DeskSubjects,
  signal: AbortSignal,
): Promise<void> {
  const receive = async (tail: string, { data, reply }: BusMessage): Promise<void> => {
    if (requestsOnly && reply === undefined) return;
    try {
      const answer = await handlers[tail]?.(data);
      if (answer !== undefined && reply !== undefined) rpc.publish(reply, answer);
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

/** Ends the provider, if it is the instance of this host that is meant. */
export function shutdownHandler({ host }: DeskParts, desk: ProviderDesk): DeskHandler {
  return async (data) => {
    // Other instances of the provider hear it too: the message names the host whose one is meant.
    if (readJson(small(data), shutdownRequest).host_id !== host) return undefined;
    await desk.shutdown();
    return new TextEncoder().encode("shutting down");
  };
}

/** @throws {LatticeError} `too-large` */
export function small(data: Uint8Array): Uint8Array {
  if (data.length <= MOST_BYTES) return data;
  const error = `${data.length} bytes for a provider; at most ${MOST_BYTES} are read`;
  throw new LatticeError("too-large", error);
}
