/**
 * Tells native providers of links, as the host that carries out a link command does: a put for providers older than 1.1
 * (newer ones are told by the host they run on), a removal for all (wasmCloud `wasmbus/mod.rs` @ v1.9.2,
 * `put_backwards_compat_provider_link`, `del_provider_link`).
 */
import type { Bus } from "../../../core/bus.ts";
import type { Values } from "../../../core/facts.ts";
import type { LatticeId } from "../../../core/ids.ts";
import type { Link } from "../../../core/link.ts";
import type { Log } from "../../../core/log.ts";

import { messageOf } from "../../../core/error.ts";
import { writeJson } from "../../../wire/shape.ts";
import { linkJson } from "../link-json.ts";
import { isSecret } from "./config.ts";

export interface ProviderLinks {
  put(link: Link, sourceConfig: Values, targetConfig: Values): void;
  removed(link: Link): void;
}

const NONE: Values = new Map();

/** Providers listen on the connection for calls. A failure is logged: the link itself is kept all the same. */
export function createProviderLinks(parts: {
  readonly rpc: Bus;
  readonly lattice: LatticeId;
  readonly log: Log;
}): ProviderLinks {
  const { rpc, lattice, log } = parts;
  const tell = (verb: "put" | "del", link: Link, source: Values, target: Values): void => {
    const body = writeJson({
      ...linkJson(link),
      source_config: Object.fromEntries(source),
      target_config: Object.fromEntries(target),
      source_secrets: null,
      target_secrets: null,
    });
    for (const end of [link.source, link.target]) {
      const subject = `wasmbus.rpc.${lattice}.${end}.linkdefs.${verb}`;
      try {
        rpc.publish(subject, body);
      } catch (cause) {
        log.warn("link.untold", { subject, problem: messageOf(cause) });
      }
    }
  };
  return {
    put(link, sourceConfig, targetConfig) {
      // Older providers know no secrets, and must not get the link without them.
      if (![...link.sourceConfig, ...link.targetConfig].some(isSecret)) {
        tell("put", link, sourceConfig, targetConfig);
      }
    },
    removed: (link) => tell("del", link, NONE, NONE),
  };
}
