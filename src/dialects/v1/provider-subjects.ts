/**
 * What the bus has for a provider, past calls: health, links, configuration, shutdown, on the subjects by which hosts and
 * native providers speak to each other (wasmCloud `crates/core/src/rpc.rs`, `crates/provider-sdk/src/provider.rs` @
 * v1.9.2). An in-page provider hears of all this from its own host; here others can reach it as they reach any provider.
 *
 * Nothing on these subjects says who sends it. So links and configuration count only where the lattice keeps none of its
 * own ({@link ProviderDesk}), and messages are small.
 */
import type { DialectParts } from "../../core/dialect.ts";
import type { Values } from "../../core/facts.ts";
import type { Link } from "../../core/link.ts";
import type { ProviderDesk } from "../../core/provider.ts";
import type { Shape } from "../../wire/shape.ts";
import type { DeskSubjects } from "../provider-desk.ts";

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
import { handleDesk, shutdownHandler, small } from "../provider-desk.ts";

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

/** Takes `desk`'s messages until `signal` aborts; resolves when the server knows the subscriptions. */
export function attend(
  parts: Pick<DialectParts, "rpc" | "lattice" | "host" | "log">,
  desk: ProviderDesk,
  signal: AbortSignal,
): Promise<void> {
  const subjects: DeskSubjects = {
    prefix: `wasmbus.rpc.${parts.lattice}.${desk.id}`,
    handlers: {
      async health() {
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
      "default.shutdown": shutdownHandler(parts, desk),
    },
  };
  return handleDesk(parts, desk, subjects, signal);
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
