/**
 * What each host of 0.82 does when a link definition changes: it tells of it by an event, and tells the provider
 * (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`, `process_linkdef_put`). With several hosts a provider hears of each
 * change several times, and so do those who listen to events.
 */
import type { DialectParts } from "../../../core/dialect.ts";
import type { Announce } from "../announcer.ts";
import type { LinkChange } from "./facts.ts";
import type { LinkDefinition } from "./link-definition.ts";

import { messageOf } from "../../../core/error.ts";
import { linkJson, writeLinkMsgpack } from "./link-definition.ts";

export function linkReactions(
  { rpc, lattice, log }: Pick<DialectParts, "rpc" | "lattice" | "log">,
  announce: Announce,
): (change: LinkChange) => void {
  const tellProvider = (link: LinkDefinition, tail: "put" | "del"): void => {
    const { provider_id, link_name } = link;
    const tokens = [provider_id, link_name];
    if (!tokens.every((each) => /^[^\s.*>]+$/.test(each))) return; // nobody can have such a subject
    try {
      const subject = `wasmbus.rpc.${lattice}.${provider_id}.${link_name}.linkdefs.${tail}`;
      rpc.publish(subject, writeLinkMsgpack(link));
    } catch (cause) {
      log.warn("link.untold", { provider: provider_id, problem: messageOf(cause) });
    }
  };
  return ({ change, id, link }) => {
    const put = change === "put";
    announce({ name: put ? "linkdef_set" : "linkdef_deleted", data: { id, ...linkJson(link) } });
    tellProvider(link, put ? "put" : "del");
  };
}
