/**
 * What the bus has for a provider, past calls: health, links, configuration, shutdown, on the subjects by which hosts and
 * native providers speak to each other (wasmCloud `crates/core/src/rpc.rs`, `crates/provider-sdk/src/provider.rs` @
 * v1.9.2). An in-page provider hears of all this from its own host; here others can reach it as they reach any provider.
 *
 * Nothing on these subjects says who sends it. So links and configuration count only where the lattice keeps none of its
 * own ({@link ProviderDesk}), and messages are small.
 */
import type { BusMessage } from "../../core/bus.ts";
import type { DialectParts } from "../../core/dialect.ts";
import type { Values } from "../../core/facts.ts";
import type { Link } from "../../core/link.ts";
import type { ProviderDesk } from "../../core/provider.ts";
import type { Shape } from "../../wire/shape.ts";

import { flushed } from "../../core/bus.ts";
import { LatticeError, messageOf } from "../../core/error.ts";
import { entityId } from "../../core/ids.ts";
import {
  defaulting,
  dictionary,
  list,
  readJson,
  record,
  text,
  writeJson,
} from "../../wire/shape.ts";

/** The most that a link or a configuration may have. */
const MOST_BYTES = 64 * 1024;

interface WireLink {
  readonly source_id: string;
  readonly target: string;
  readonly name: string;
  readonly wit_namespace: string;
  readonly wit_package: string;
  readonly interfaces: readonly string[];
  readonly source_config: Values;
  readonly target_config: Values;
}

/** A link whose configuration is resolved to values; sealed secrets are not read. */
const wireLink: Shape<WireLink> = record<WireLink>({
  source_id: text,
  target: text,
  name: defaulting(text, "default"),
  wit_namespace: text,
  wit_package: text,
  interfaces: list(text),
  source_config: defaulting(dictionary(text), new Map()),
  target_config: defaulting(dictionary(text), new Map()),
});

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
  const prefix = `wasmbus.rpc.${parts.lattice}.${desk.id}`;
  /** `undefined`: no answer. */
  const handlers: Readonly<
    Record<string, (data: Uint8Array) => Promise<Uint8Array | undefined> | undefined>
  > = {
    health: async () => {
      const { healthy, message } = await desk.health();
      return writeJson({ healthy, message });
    },
    "linkdefs.put"(data) {
      const { link, sourceConfig, targetConfig } = linkOf(data);
      desk.linked(link, sourceConfig, targetConfig);
      return undefined;
    },
    "linkdefs.del"(data) {
      desk.unlinked(linkOf(data).link);
      return undefined;
    },
    "config.update"(data) {
      desk.configured(readJson(small(data), dictionary(text)));
      return undefined;
    },
    async "default.shutdown"(data) {
      // Other instances of the provider hear it too: the message names the host whose one is meant.
      if (readJson(small(data), shutdownRequest).host_id !== parts.host) return undefined;
      await desk.shutdown();
      return new TextEncoder().encode("shutting down");
    },
  };
  const receive = async (tail: string, message: BusMessage): Promise<void> => {
    try {
      const answer = await handlers[tail]?.(message.data);
      if (answer !== undefined && message.reply !== undefined) rpc.publish(message.reply, answer);
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

function linkOf(data: Uint8Array): {
  readonly link: Link;
  readonly sourceConfig: Values;
  readonly targetConfig: Values;
} {
  const wire = readJson(small(data), wireLink);
  return {
    link: {
      source: entityId(wire.source_id),
      target: entityId(wire.target),
      name: wire.name,
      namespace: wire.wit_namespace,
      package: wire.wit_package,
      interfaces: wire.interfaces,
      sourceConfig: [],
      targetConfig: [],
    },
    sourceConfig: wire.source_config,
    targetConfig: wire.target_config,
  };
}

function small(data: Uint8Array): Uint8Array {
  if (data.length <= MOST_BYTES) return data;
  const error = `${data.length} bytes for a provider; at most ${MOST_BYTES} are read`;
  throw new LatticeError("too-large", error);
}
